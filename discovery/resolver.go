package discovery

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	perQuery   = 2 * time.Second // one name server's time for one answer
	maxTCP     = 64 << 10        // RFC 1035, 4.2.2
	maxTargets = 64              // of one SRV answer
	attempts   = 2               // each name server is asked so often
)

// Resolver asks the name servers of resolv.conf, in order, which it reads anew each
// time: they come and go with the network.
type Resolver struct {
	Conf string // path; empty: /etc/resolv.conf
}

// Resolve answers a Source of kind DNS or SRV.
func (r Resolver) Resolve(ctx context.Context, s Source) Answer {
	servers, err := r.servers()
	if err != nil {
		return Answer{Err: err}
	}
	l := lookup{ctx: ctx, servers: servers, source: s, ttl: time.Duration(1<<63 - 1)}
	found, err := l.find()
	switch {
	case err != nil:
		return Answer{Err: fmt.Errorf("%s: %w", s, err)}
	case len(found) == 0:
		return Answer{Err: fmt.Errorf("%s: it has no address that can be used", s)}
	case len(found) > MaxServers:
		return Answer{Err: fmt.Errorf("%s: %d addresses, more than %d", s, len(found), MaxServers)}
	}
	return Answer{Servers: inOrder(found), TTL: l.ttl}
}

// servers are the first three name servers of resolv.conf (resolv.conf(5)).
func (r Resolver) servers() (list []string, err error) {
	text, err := os.ReadFile(cmp.Or(r.Conf, "/etc/resolv.conf"))
	if err != nil {
		return nil, fmt.Errorf("read the name servers: %w", err)
	}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for lines.Scan() && len(list) < 3 {
		words := strings.Fields(lines.Text())
		if len(words) < 2 || words[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(words[1]); err == nil {
			list = append(list, netip.AddrPortFrom(a, 53).String())
		} else if a, err := netip.ParseAddrPort(words[1]); err == nil { // as some write it, and tests
			list = append(list, a.String())
		}
	}
	if len(list) == 0 {
		list = []string{"127.0.0.1:53"}
	}
	return list, nil
}

// lookup is one look for servers.
type lookup struct {
	ctx     context.Context
	servers []string
	source  Source
	ttl     time.Duration // the shortest so far
}

func (l *lookup) find() (found []Server, err error) {
	if l.source.Kind == DNS {
		addresses, err := l.addresses(l.source.Name)
		for _, a := range addresses {
			found = l.keep(found, Server{Address: netip.AddrPortFrom(a, 0)})
		}
		return found, err
	}
	services, err := l.ask(l.source.Name, dnsmessage.TypeSRV)
	if err != nil {
		return nil, err
	}
	services = nearest(services)
	if len(services) > maxTargets {
		return nil, fmt.Errorf("%d SRV records, more than %d", len(services), maxTargets)
	}
	weighed := slices.ContainsFunc(services, func(r record) bool { return r.weight > 0 })
	for _, s := range services {
		addresses, err := l.addresses(s.target)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.target, err)
		}
		for _, a := range addresses {
			server := Server{Address: netip.AddrPortFrom(a, s.port)}
			if weight := max(1, int(s.weight)); weighed {
				server.Weight = &weight
			}
			found = l.keep(found, server)
		}
	}
	return found, nil
}

// nearest are the records of the best priority; a target "." says that there is no
// such service (RFC 2782).
func nearest(all []record) []record {
	all = slices.DeleteFunc(all, func(r record) bool { return r.target == "." })
	if len(all) == 0 {
		return nil
	}
	best := slices.MinFunc(all, func(a, b record) int { return cmp.Compare(a.priority, b.priority) }).priority
	return slices.DeleteFunc(all, func(r record) bool { return r.priority != best })
}

// keep leaves out what no packet can be sent to.
func (l *lookup) keep(found []Server, s Server) []Server {
	if l.source.accept(s.Address) != nil {
		return found
	}
	return append(found, s)
}

// addresses are those of a name, of the families that are of use. Both must have been
// answered: half an answer would take away the other half's servers.
func (l *lookup) addresses(name string) (all []netip.Addr, err error) {
	for kind, wanted := range map[dnsmessage.Type]bool{dnsmessage.TypeA: l.source.IPv4, dnsmessage.TypeAAAA: l.source.IPv6} {
		if !wanted {
			continue
		}
		records, err := l.ask(name, kind)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if r.address.IsValid() {
				all = append(all, r.address)
			}
		}
	}
	return all, nil
}

// ask asks each name server in turn until one answers. That there is no such name is an
// answer.
func (l *lookup) ask(name string, kind dnsmessage.Type) (records []record, err error) {
	for range attempts {
		for _, server := range l.servers {
			var ttl time.Duration
			records, ttl, err = l.exchange("udp", server, name, kind)
			if errors.Is(err, errTruncated) {
				records, ttl, err = l.exchange("tcp", server, name, kind)
			}
			if err == nil {
				if len(records) > 0 {
					l.ttl = min(l.ttl, ttl)
				}
				return records, nil
			}
			err = fmt.Errorf("name server %s: %w", server, err)
			if strings.Contains(err.Error(), "NXDOMAIN") || l.ctx.Err() != nil {
				return nil, err
			}
		}
	}
	return nil, err
}

// exchange sends one question and waits for its answer; over UDP what does not
// belong to it is passed over.
func (l *lookup) exchange(network, server, name string, kind dnsmessage.Type) ([]record, time.Duration, error) {
	ctx, cancel := context.WithTimeout(l.ctx, perQuery)
	defer cancel()
	var random [2]byte
	rand.Read(random[:])
	id := binary.BigEndian.Uint16(random[:])
	message, err := question(id, name, kind)
	if err != nil {
		return nil, 0, err
	}
	c, err := new(net.Dialer).DialContext(ctx, network, server)
	if err != nil {
		return nil, 0, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if network == "tcp" {
		message = append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)
	}
	if _, err := c.Write(message); err != nil {
		return nil, 0, err
	}
	buffer := make([]byte, maxTCP)
	for {
		n, err := read(c, network, buffer)
		if err != nil {
			return nil, 0, err
		}
		records, ttl, err := answers(buffer[:n], id, name, kind)
		if network == "udp" && errors.Is(err, errForeign) {
			continue
		}
		return records, ttl, err
	}
}

func read(c net.Conn, network string, buffer []byte) (int, error) {
	if network == "udp" {
		return c.Read(buffer)
	}
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return 0, err
	}
	return io.ReadFull(c, buffer[:binary.BigEndian.Uint16(length[:])])
}

// inOrder is the servers by address, each once.
func inOrder(all []Server) []Server {
	slices.SortStableFunc(all, func(a, b Server) int { return a.Address.Compare(b.Address) })
	return slices.CompactFunc(all, func(a, b Server) bool { return a.Address == b.Address })
}
