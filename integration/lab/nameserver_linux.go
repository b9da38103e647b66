package lab

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"
)

// NameServer is one on a node, for all names the same.
type NameServer struct {
	mu        sync.Mutex
	addresses []netip.Addr
	failing   bool
}

// NameServer starts one on port 53 of a node. Until it is told any, it has no address
// for anybody.
func (l *Lab) NameServer(node string) *NameServer {
	l.t.Helper()
	s := &NameServer{}
	var socket net.PacketConn
	l.must(l.node(node).do(func() (err error) {
		socket, err = net.ListenPacket("udp", ":53")
		return err
	}))
	l.t.Cleanup(func() { socket.Close() })
	go func() {
		question := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(question)
			if err != nil {
				return
			}
			if answer, err := s.answer(question[:n]); err == nil {
				socket.WriteTo(answer, from)
			}
		}
	}()
	return s
}

// Say has it answer with these addresses from now on, which are true for a second.
func (s *NameServer) Say(addresses ...netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing, s.addresses = false, nil
	for _, a := range addresses {
		s.addresses = append(s.addresses, a.Addr())
	}
}

// Fail has it answer SERVFAIL.
func (s *NameServer) Fail() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = true
}

func (s *NameServer) answer(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil || len(m.Questions) != 1 {
		return nil, fmt.Errorf("no question: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Response, m.Additionals = true, nil
	if s.failing {
		m.RCode = dnsmessage.RCodeServerFailure
		return m.Pack()
	}
	for _, a := range s.addresses {
		if m.Questions[0].Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET, TTL: 1},
				Body:   &dnsmessage.AResource{A: a.As4()},
			})
		}
	}
	return m.Pack()
}

// Asking has hald ask the name server at an address, in a view of its own of
// /etc/resolv.conf. It returns h.
func (h *Hald) Asking(server netip.Prefix) *Hald {
	conf := h.lab.WriteFile(h.name+".resolv.conf", "nameserver "+server.Addr().String()+"\n")
	script := strings.Join([]string{"mount --bind", conf, `/etc/resolv.conf && exec "$@"`}, " ")
	return h.Through("unshare", "--mount", "sh", "-c", script, "sh")
}
