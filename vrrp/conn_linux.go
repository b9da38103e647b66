package vrrp

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const (
	receiveBuffer   = 256 << 10 // bytes; more than the adverts of a long pause
	controlPriority = 7         // TC_PRIO_CONTROL (linux/pkt_sched.h)
	maxPacket       = 2048
)

// Options are what Listen needs besides the link.
type Options struct {
	Interface string
	VRID      uint8
	Checksum  Checksum // the form to send; Unknown follows what was heard last, RFC5798 until then
}

// socket is a raw socket of protocol 112, bound to one interface and filtered to
// one VRID by the kernel. It writes its own IPv4 header: so TTL and source are
// right whatever else is on the interface, and priority 0 can still be sent when
// the source address has just been taken away.
type socket struct {
	file   *os.File
	raw    syscall.RawConn
	opt    Options
	source netip.Addr
	form   Checksum
	in     []byte
	out    []byte
}

// Listen opens a Conn on a link (RFC 9568, 7.1 and 7.2). It needs CAP_NET_RAW.
func Listen(link Link, opt Options) (Conn, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, Protocol)
	if errors.Is(err, unix.EPERM) {
		return nil, fmt.Errorf("open VRRP socket: %w (it needs CAP_NET_RAW)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("open VRRP socket: %w", err)
	}
	if err := configure(fd, link, opt); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("open VRRP socket on %s: %w", opt.Interface, err)
	}
	s := &socket{
		file: os.NewFile(uintptr(fd), "vrrp"), opt: opt, source: link.Source,
		form: opt.Checksum, in: make([]byte, maxPacket),
	}
	if s.form == Unknown {
		s.form = RFC5798
	}
	if s.raw, err = s.file.SyscallConn(); err != nil {
		s.file.Close()
		return nil, fmt.Errorf("open VRRP socket: %w", err)
	}
	return s, nil
}

// configure binds before it joins, so that nothing from another interface is
// ever queued.
func configure(fd int, link Link, opt Options) error {
	filter, err := vridFilter(opt.VRID)
	if err != nil {
		return err
	}
	group := &unix.IPMreqn{Multiaddr: Group.As4(), Ifindex: int32(link.Index)}
	return errors.Join(
		unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, opt.Interface),
		unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, filter),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, controlPriority),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_HDRINCL, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, 0),
		unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, group),
		unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, group),
	)
}

// vridFilter keeps other virtual routers' packets from waking us. A packet too
// short to have a VRID passes, to be counted as what it is.
func vridFilter(vrid uint8) (*unix.SockFprog, error) {
	raw, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadMemShift{Off: 0}, // X = length of the IPv4 header, where the filter begins
		bpf.TXA{},
		bpf.ALUOpConstant{Op: bpf.ALUOpAdd, Val: 2},
		bpf.TAX{},
		bpf.LoadExtension{Num: bpf.ExtLen},
		bpf.JumpIfX{Cond: bpf.JumpLessThan, SkipTrue: 3},
		bpf.LoadMemShift{Off: 0},
		bpf.LoadIndirect{Off: 1, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(vrid), SkipTrue: 1},
		bpf.RetConstant{Val: maxPacket},
		bpf.RetConstant{Val: 0},
	})
	if err != nil {
		return nil, fmt.Errorf("assemble filter: %w", err)
	}
	program := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		program[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}, nil
}

// Send never waits: an advertisement that the queue has no room for is late
// already.
func (s *socket) Send(a Advertisement) error {
	b, err := AppendIPv4(s.out[:0], a, s.source, s.form)
	if err != nil {
		return err
	}
	s.out = b
	to := &unix.SockaddrInet4{Addr: Group.As4()}
	if e := s.raw.Control(func(fd uintptr) {
		err = unix.Sendto(int(fd), b, unix.MSG_DONTWAIT, to)
	}); e != nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("send advertisement on %s: %w", s.opt.Interface, err)
	}
	return nil
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
	var n int
	var err error
	if e := s.raw.Control(func(fd uintptr) {
		n, _, err = unix.Recvfrom(int(fd), s.in, unix.MSG_DONTWAIT)
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
	p, err := ParseIPv4(s.in[:n])
	if err == nil && p.VRID != s.opt.VRID {
		err = BadVRID
	}
	if err != nil {
		return p, err
	}
	if s.opt.Checksum == Unknown {
		s.form = p.Checksum
	}
	return p, nil
}

func (s *socket) Close() error { return s.file.Close() }
