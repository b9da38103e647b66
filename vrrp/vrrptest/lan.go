// Package vrrptest is an in-memory link for tests of package vrrp: Conns that
// hear one another, with loss, delay and cuts. It lives in synctest bubbles.
package vrrptest

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/hald-project/hald/vrrp"
)

// LAN joins Conns.
type LAN struct {
	mu    sync.Mutex
	ports map[*Port]bool
	lost  func(from, to netip.Addr) bool
	delay time.Duration
}

// NewLAN returns an empty link without loss or delay.
func NewLAN() *LAN { return &LAN{ports: map[*Port]bool{}} }

// Lose sets who loses packets from whom from now on; nil: nobody.
func (l *LAN) Lose(lost func(from, to netip.Addr) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = lost
}

// Delay sets how long packets take from now on.
func (l *LAN) Delay(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = d
}

// Port is one Conn on a LAN. Its queue holds 64 packets and drops what comes
// when it is full, as a socket buffer does.
type Port struct {
	lan    *LAN
	vrid   uint8
	source netip.Addr
	queue  chan vrrp.Packet
	peeked chan struct{} // a token for each wake-up owed to Wait
	closed chan struct{}
	once   sync.Once
	signed vrrp.Authentication
}

// Dial adds a port that hears one VRID.
func (l *LAN) Dial(vrid uint8, source netip.Addr) *Port {
	p := &Port{
		lan: l, vrid: vrid, source: source, queue: make(chan vrrp.Packet, 64),
		peeked: make(chan struct{}, 1), closed: make(chan struct{}),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ports[p] = true
	return p
}

// Send delivers to every other port that does not lose the packet.
func (p *Port) Send(a vrrp.Advertisement) error {
	p.lan.mu.Lock()
	defer p.lan.mu.Unlock()
	select {
	case <-p.closed:
		return net.ErrClosed
	default:
	}
	for to := range p.lan.ports {
		if to == p || to.vrid != a.VRID || p.lan.lost != nil && p.lan.lost(p.source, to.source) {
			continue
		}
		packet := vrrp.Packet{Advertisement: a, Source: p.source, Checksum: vrrp.RFC5798}
		if p.lan.delay == 0 {
			to.Deliver(packet)
			continue
		}
		time.AfterFunc(p.lan.delay, func() { to.Deliver(packet) })
	}
	return nil
}

// Deliver queues a packet, as if it had come off the wire.
func (p *Port) Deliver(packet vrrp.Packet) {
	p.Queue(packet)
	select {
	case p.peeked <- struct{}{}:
	default:
	}
}

// Queue adds a packet without waking the receiver: it is what a router finds
// that was not scheduled when the packet came.
func (p *Port) Queue(packet vrrp.Packet) {
	select {
	case p.queue <- packet:
	default:
	}
}

// Wait blocks until something was delivered.
func (p *Port) Wait() error {
	select {
	case <-p.closed:
		return net.ErrClosed
	case <-p.peeked:
		return nil
	}
}

// Begin leaves nothing out.
func (p *Port) Begin(uint8) int { return 0 }

// Authenticate is for Signed to tell: here everybody is believed.
func (p *Port) Authenticate(a vrrp.Authentication) {
	p.lan.mu.Lock()
	defer p.lan.mu.Unlock()
	p.signed = a
}

// Signed is what the port was told last.
func (p *Port) Signed() vrrp.Authentication {
	p.lan.mu.Lock()
	defer p.lan.mu.Unlock()
	return p.signed
}

// Next takes the oldest packet.
func (p *Port) Next() (vrrp.Packet, error) {
	select {
	case packet := <-p.queue:
		return packet, nil
	default:
		return vrrp.Packet{}, vrrp.ErrEmpty
	}
}

// Close takes the port off the link.
func (p *Port) Close() error {
	p.once.Do(func() {
		p.lan.mu.Lock()
		defer p.lan.mu.Unlock()
		delete(p.lan.ports, p)
		close(p.closed)
	})
	return nil
}
