package lab

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

// errUnanswered is the fate of a ping without a reply.
var errUnanswered = errors.New("no reply")

// Pings starts a client that pings an address every 5 ms. The reply comes from
// whoever has the address, without IPVS: this measures the address alone.
func (l *Lab) Pings(to netip.Addr) *Probe {
	l.t.Helper()
	vip, control := l.newPinger(to), l.newPinger(controlServer.Address.Addr())
	return l.newProbe(l.client, PingEvery, PingTimeout, vip.send, control.send)
}

func (l *Lab) newPinger(to netip.Addr) *pinger {
	l.t.Helper()
	p := &pinger{to: &net.IPAddr{IP: to.AsSlice()}, id: int(pingers.Add(1) & 0xffff), waiting: map[int]chan struct{}{}}
	l.must(l.client.do(func() (err error) {
		p.conn, err = icmp.ListenPacket("ip4:icmp", "0.0.0.0")
		return err
	}))
	ended := make(chan struct{})
	go func() { p.read(); close(ended) }()
	l.t.Cleanup(func() { p.conn.Close(); <-ended })
	return p
}

var pingers atomic.Int64 // their ids

// pinger matches replies to requests by their sequence number.
type pinger struct {
	conn *icmp.PacketConn
	to   net.Addr
	id   int

	mu       sync.Mutex
	sequence int
	waiting  map[int]chan struct{}
}

func (p *pinger) send(deadline time.Time) func() (string, error) {
	reply := make(chan struct{})
	p.mu.Lock()
	p.sequence = (p.sequence + 1) & 0xffff
	sequence := p.sequence
	p.waiting[sequence] = reply
	p.mu.Unlock()
	message := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: p.id, Seq: sequence}}
	packet, err := message.Marshal(nil)
	if err == nil {
		_, err = p.conn.WriteTo(packet, p.to)
	}
	return func() (string, error) {
		defer p.forget(sequence)
		if err != nil {
			return "", err
		}
		patience := time.NewTimer(time.Until(deadline))
		defer patience.Stop()
		select {
		case <-reply:
			return "", nil
		case <-patience.C:
			return "", errUnanswered
		}
	}
}

func (p *pinger) forget(sequence int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, sequence)
}

func (p *pinger) read() {
	buffer := make([]byte, 1500)
	for {
		n, _, err := p.conn.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		message, err := icmp.ParseMessage(1, buffer[:n])
		if err != nil || message.Type != ipv4.ICMPTypeEchoReply {
			continue
		}
		echo, ok := message.Body.(*icmp.Echo)
		if !ok || echo.ID != p.id {
			continue
		}
		p.mu.Lock()
		if reply := p.waiting[echo.Seq]; reply != nil {
			delete(p.waiting, echo.Seq)
			close(reply)
		}
		p.mu.Unlock()
	}
}
