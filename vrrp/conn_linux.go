package vrrp

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	receiveBuffer   = 256 << 10 // bytes; more than the adverts of a long pause
	controlPriority = 7         // TC_PRIO_CONTROL (linux/pkt_sched.h)
	maxPacket       = 2048
	maxControl      = 256 // of the control messages that come with an IPv6 packet
)

// Options are what Listen needs besides the link, whose Source says the family.
type Options struct {
	Interface string
	VRID      uint8
	Format    Format       // Checksum Unknown: send what was heard last, RFC5798 until then
	Peers     []netip.Addr // unicast: where to send, and whom alone to believe; empty: multicast
	Sequence  *Sequence    // with keys: numbers what is signed; the first key signs
	Guard     *Guard       // with keys: knows recordings
}

// socket is a raw socket of protocol 112, bound to one interface and filtered to
// one VRID by the kernel. It writes its own IP header: so hop limit and source
// are right whatever else is on the interface, and priority 0 can still be sent
// when the source address has just been taken away.
type socket struct {
	file *os.File
	raw  syscall.RawConn
	opt  Options
	admission
	format Format
	to     []netip.Addr
	index  int
	via    int // as in Link
	in     []byte
	oob    []byte
	out    []byte
}

// Listen opens a Conn on a link (RFC 9568, 7.1 and 7.2). It needs CAP_NET_RAW.
func Listen(link Link, opt Options) (Conn, error) {
	family, setup := unix.AF_INET, configure4
	if link.Source.Is6() {
		family, setup = unix.AF_INET6, configure6
	}
	fd, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, Protocol)
	if errors.Is(err, unix.EPERM) {
		return nil, fmt.Errorf("open VRRP socket: %w (it needs CAP_NET_RAW)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("open VRRP socket: %w", err)
	}
	if err := errors.Join(configure(fd, opt, link.Source.Is4()), setup(fd, link.Index, len(opt.Peers) == 0)); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("open VRRP socket on %s: %w", opt.Interface, err)
	}
	s := &socket{
		file: os.NewFile(uintptr(fd), "vrrp"), opt: opt, format: opt.Format, to: opt.Peers, index: link.Index, via: link.Via,
		admission: admission{vrid: opt.VRID, local: link.Source, peers: opt.Peers},
		in:        make([]byte, maxPacket), oob: make([]byte, maxControl),
	}
	if len(s.to) == 0 {
		s.to = []netip.Addr{groupFor(link.Source)}
	}
	if s.raw, err = s.file.SyscallConn(); err != nil {
		s.file.Close()
		return nil, fmt.Errorf("open VRRP socket: %w", err)
	}
	return s, nil
}

// Send never waits: an advertisement that the queue has no room for is late
// already. In unicast every peer gets its own, and what one peer cannot be sent
// does not keep the others from theirs.
func (s *socket) Send(a Advertisement) error {
	var errs []error
	for _, to := range s.to {
		if err := s.sendTo(a, to); err != nil {
			errs = append(errs, fmt.Errorf("send advertisement on %s: %w", s.opt.Interface, err))
		}
	}
	return errors.Join(errs...)
}

func (s *socket) sendTo(a Advertisement, to netip.Addr) error {
	if keys := s.format.Keys; len(keys) > 0 {
		s.format.Seal = Seal{keys[0].id, s.opt.Sequence.Next(time.Now())}
	}
	b, err := s.format.AppendPacket(s.out[:0], a, s.local, to)
	if err != nil {
		return err
	}
	s.out = b
	if s.via == 0 || !to.IsMulticast() {
		return s.write(b, to, s.index)
	}
	err = s.write(b, to, s.via)
	if err != nil && a.Priority == 0 { // better from another MAC than not at all
		return s.write(b, to, s.index)
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
		if link != s.index {
			control = unix.PktInfo4(&unix.Inet4Pktinfo{Ifindex: int32(link)})
		}
	} else {
		dst = &unix.SockaddrInet6{Addr: to.As16(), ZoneId: uint32(link)}
		if link != s.index {
			control = unix.PktInfo6(&unix.Inet6Pktinfo{Addr: s.local.As16(), Ifindex: uint32(link)})
		}
	}
	if e := s.raw.Control(func(fd uintptr) {
		_, err = unix.SendmsgN(int(fd), b, control, dst, unix.MSG_DONTWAIT)
	}); e != nil {
		return e
	}
	return err
}

// Wait looks before it sleeps: the poller reports a change once, and one that
// came between two calls must not be lost.
func (s *socket) Wait() error {
	var one [1]byte
	return s.raw.Read(func(fd uintptr) bool {
		_, _, err := unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR)
	})
}

// Next goes past the poller, whose lock a waiting Wait holds.
func (s *socket) Next() (Packet, error) {
	var n, control int
	var from unix.Sockaddr
	var err error
	if e := s.raw.Control(func(fd uintptr) {
		n, control, _, from, err = unix.Recvmsg(int(fd), s.in, s.oob, unix.MSG_DONTWAIT)
	}); e != nil {
		err = e
	}
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return Packet{}, ErrEmpty
	case errors.Is(err, unix.ENETDOWN):
		return Packet{}, ErrEmpty // the link's state says the same, and more
	case err != nil:
		return Packet{}, fmt.Errorf("receive on %s: %w", s.opt.Interface, err)
	}
	p, err := s.parse(s.in[:n], s.oob[:control], from)
	if err == nil {
		err = s.admit(p)
	}
	if err == nil {
		p.Trust, err = s.trust(p)
	}
	if err != nil {
		return p, err
	}
	if s.opt.Format.Checksum == Unknown {
		s.format.Checksum = p.Checksum
	}
	return p, nil
}

// trust comes last: only what is in order in every other way may move the
// guard's memory.
func (s *socket) trust(p Packet) (Trust, error) {
	switch signed, keys := p.Seal.KeyID != 0, len(s.format.Keys) > 0; {
	case signed != keys:
		return OneSided, nil
	case !signed:
		return Unchecked, nil
	}
	now := time.Now()
	return s.opt.Guard.admit(p.Source, s.local, p.Seal.Sequence, now, now)
}

func (s *socket) parse(b, control []byte, from unix.Sockaddr) (Packet, error) {
	if s.local.Is4() {
		return s.format.ParseIPv4(b)
	}
	source, ok := from.(*unix.SockaddrInet6)
	if !ok {
		return Packet{}, BadSource
	}
	dst, hopLimit := header6(control)
	p, err := s.format.ParseIPv6(b, netip.AddrFrom16(source.Addr), dst, hopLimit)
	return p, err
}

func (s *socket) Close() error { return s.file.Close() }
