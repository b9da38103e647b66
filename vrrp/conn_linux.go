package vrrp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Options are what Stations.Listen needs besides the link, whose Source says the family.
type Options struct {
	Interface string
	VRID      uint8
	Format    Format       // Checksum Unknown: send what was heard last, RFC5798 until then
	Peers     []netip.Addr // unicast: where to send, and whom alone to believe; empty: multicast
	Sequence  *Sequence    // with keys: numbers what is signed; the first key signs
	Guard     *Guard       // with keys: knows recordings
}

// socket is one virtual router's part of a station. It writes its own IP header:
// so hop limit and source are right whatever else is on the interface, and priority
// 0 can still be sent when the source address has just been taken away.
type socket struct {
	station *station
	opt     Options
	admission
	format Format
	to     []netip.Addr
	via    int // as in Link
	out    []byte

	// Under the lock of the stations.
	queue   []heard
	ready   chan struct{} // a token when the queue is not empty
	closed  chan struct{}
	below   uint8 // packets of a lower priority are minor
	minor   int   // of those, kept since the last drain began
	surplus int   // and left out
}

func newSocket(st *station, link Link, opt Options) *socket {
	s := &socket{
		station: st, opt: opt, format: opt.Format, to: opt.Peers, via: link.Via,
		admission: admission{vrid: opt.VRID, local: link.Source, peers: opt.Peers},
		ready:     make(chan struct{}, 1), closed: make(chan struct{}),
	}
	if len(s.to) == 0 {
		s.to = []netip.Addr{groupFor(link.Source)}
	}
	return s
}

// Send never waits: an advertisement that the queue has no room for is late
// already. In unicast every peer gets a copy, with one number if it is signed,
// and what one peer cannot be sent does not keep the others from theirs.
func (s *socket) Send(a Advertisement) error {
	if keys := s.format.Keys; len(keys) > 0 {
		s.format.Seal = Seal{keys[0].id, s.opt.Sequence.Next(time.Now())}
	}
	var errs []error
	for _, to := range s.to {
		if err := s.sendTo(a, to); err != nil {
			errs = append(errs, fmt.Errorf("send advertisement on %s: %w", s.opt.Interface, err))
		}
	}
	return errors.Join(errs...)
}

func (s *socket) sendTo(a Advertisement, to netip.Addr) error {
	b, err := s.format.AppendPacket(s.out[:0], a, s.local, to)
	if err != nil {
		return err
	}
	s.out = b
	if s.via == 0 || !to.IsMulticast() {
		return s.write(b, to, s.station.index)
	}
	err = s.write(b, to, s.via)
	if err != nil && a.Priority == 0 { // better from another MAC than not at all
		return s.write(b, to, s.station.index)
	}
	return err
}

// write sends a packet by the given link. The one the socket is bound to is where
// it receives; a control message may send another way (ip(7), IP_PKTINFO; RFC
// 3542, 6.1). For IPv6 it names the source as well, for the kernel would look
// for one on that link; it demands that IPV6_FREEBIND is set.
func (s *socket) write(b []byte, to netip.Addr, link int) (err error) {
	var control []byte
	var dst unix.Sockaddr
	if to.Is4() {
		dst = &unix.SockaddrInet4{Addr: to.As4()}
		if link != s.station.index {
			control = unix.PktInfo4(&unix.Inet4Pktinfo{Ifindex: int32(link)})
		}
	} else {
		dst = &unix.SockaddrInet6{Addr: to.As16(), ZoneId: uint32(link)}
		if link != s.station.index {
			control = unix.PktInfo6(&unix.Inet6Pktinfo{Addr: s.local.As16(), Ifindex: uint32(link)})
		}
	}
	if e := s.station.raw.Control(func(fd uintptr) {
		_, err = unix.SendmsgN(int(fd), b, control, dst, unix.MSG_DONTWAIT)
	}); e != nil {
		return e
	}
	return err
}

// Wait blocks until something is queued.
func (s *socket) Wait() error {
	select {
	case <-s.ready:
		return nil
	case <-s.closed:
		return net.ErrClosed
	}
}

// Begin sets what is minor from now on.
func (s *socket) Begin(minor uint8) (surplus int) {
	s.station.home.mu.Lock()
	defer s.station.home.mu.Unlock()
	surplus = s.surplus
	s.below, s.minor, s.surplus = minor, 0, 0
	return surplus
}

// Next takes what was heard for this virtual router, looking into the kernel's
// queue when there is nothing in its own.
func (s *socket) Next() (Packet, error) {
	h, err := s.station.next(s)
	if err != nil {
		return Packet{}, err
	}
	p, err := s.examine(h, time.Now())
	if err == nil && s.opt.Format.Checksum == Unknown {
		s.format.Checksum = p.Checksum
	}
	return p, err
}

// examine is every check of a packet, at an instant. The error is a Discard.
func (s *socket) examine(h heard, now time.Time) (Packet, error) {
	p, err := s.parse(h)
	if err == nil {
		err = s.admit(p)
	}
	if err == nil {
		p.Trust, err = s.trust(p, now)
	}
	return p, err
}

// trust comes last: only what is in order in every other way may move the
// guard's memory.
func (s *socket) trust(p Packet, now time.Time) (Trust, error) {
	switch signed, keys := p.Seal.KeyID != 0, len(s.format.Keys) > 0; {
	case signed != keys:
		return OneSided, nil
	case !signed:
		return Unchecked, nil
	}
	return s.opt.Guard.admit(p.Source, s.local, p.Seal.Sequence, now, now)
}

func (s *socket) parse(h heard) (Packet, error) {
	if s.local.Is4() {
		return s.format.ParseIPv4(h.message)
	}
	if !h.source.IsValid() {
		return Packet{}, BadSource
	}
	return s.format.ParseIPv6(h.message, h.source, h.destination, h.hopLimit)
}

// Authenticate keeps the numbers given out, and what the guard knows of others.
func (s *socket) Authenticate(a Authentication) {
	s.format, s.opt.Format = s.format.With(a), s.opt.Format.With(a)
	s.format.Seal = Seal{} // by one of the keys that were; Send has it by the first
}

// Close takes the virtual router off the station.
func (s *socket) Close() error { return s.station.leave(s) }
