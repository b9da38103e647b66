package garp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const (
	listenBuffer = 64 << 10 // bytes; what a flood exceeds is lost
	longestClaim = 256      // bytes of a frame or message that are looked at

	// maxFiltered is how many addresses the kernel tells apart: a filter of more
	// may not fit what it grants a socket for such things (net.core.optmem_max).
	// Where there are more, it passes what is of the right kind.
	maxFiltered = 500
)

// Listener hears what others claim on one link, of one family. The kernel lets
// through only what is about the addresses, and forwarded traffic never comes
// near the sockets. One goroutine calls Next.
type Listener struct {
	file *os.File
	raw  syscall.RawConn
	in   []byte
	oob  []byte
	read func(message, control []byte) Claim
}

// ListenARP hears ARP messages about IPv4 addresses. It needs CAP_NET_RAW.
func ListenARP(linkIndex int, addrs []netip.Addr) (*Listener, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0) // of no protocol until bound
	if err != nil {
		return nil, fmt.Errorf("open ARP listener: %w", err)
	}
	err = errors.Join(
		filterClaims(fd, 28, addrs), // sender's address, in the frame
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: binary.NativeEndian.Uint16([]byte{etherTypeARP >> 8, etherTypeARP & 0xff}), Ifindex: linkIndex}),
	)
	return newListener(fd, err, func(frame, _ []byte) Claim { return ParseARP(frame) })
}

// ListenND hears neighbour advertisements of IPv6 addresses. It needs CAP_NET_RAW.
func ListenND(linkIndex int, addrs []netip.Addr) (*Listener, error) {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protoICMPv6)
	if err != nil {
		return nil, fmt.Errorf("open listener for neighbour advertisements: %w", err)
	}
	var blocked unix.ICMPv6Filter
	for i := range blocked.Data {
		blocked.Data[i] = ^uint32(0)
	}
	blocked.Data[neighbourAdvertisement>>5] &^= 1 << (neighbourAdvertisement & 31)
	err = errors.Join(
		filterClaims(fd, 20, addrs), // end of the target, in the message
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX, linkIndex),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVHOPLIMIT, 1),
		unix.SetsockoptICMPv6Filter(fd, unix.IPPROTO_ICMPV6, unix.ICMPV6_FILTER, &blocked),
	)
	return newListener(fd, err, func(message, control []byte) Claim {
		return ParseAdvertisement(message, hopLimit(control))
	})
}

func newListener(fd int, err error, read func(message, control []byte) Claim) (*Listener, error) {
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, listenBuffer)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("listen for claims: %w", err)
	}
	l := &Listener{file: os.NewFile(uintptr(fd), "claims"), in: make([]byte, longestClaim), oob: make([]byte, 64), read: read}
	if l.raw, err = l.file.SyscallConn(); err != nil {
		l.file.Close()
		return nil, fmt.Errorf("listen for claims: %w", err)
	}
	return l, nil
}

// Next waits for the next message, and returns what it claims: maybe nothing. It
// fails when the listener is closed, or the kernel fails it.
func (l *Listener) Next() (Claim, error) {
	var n, control int
	var failed error
	err := l.raw.Read(func(fd uintptr) bool {
		n, control, _, _, failed = unix.Recvmsg(int(fd), l.in, l.oob, 0)
		return !errors.Is(failed, unix.EAGAIN) && !errors.Is(failed, unix.EINTR)
	})
	if err = errors.Join(err, failed); err != nil {
		if errors.Is(err, unix.ENETDOWN) { // said once; the socket works again when the link does
			return Claim{}, nil
		}
		return Claim{}, fmt.Errorf("listen for claims: %w", err)
	}
	return l.read(l.in[:n], l.oob[:control]), nil
}

// Close ends a Next that waits. The kernel may take tens of milliseconds for it.
func (l *Listener) Close() error { return l.file.Close() }

// hopLimit is what came with a message (RFC 3542, 6.3).
func hopLimit(control []byte) int {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		if m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_HOPLIMIT && len(m.Data) >= 4 {
			return int(binary.NativeEndian.Uint32(m.Data))
		}
	}
	return 0
}

// filterClaims passes messages that have the last four bytes of one of the
// addresses at an offset. It goes before the socket hears anything.
func filterClaims(fd int, offset uint32, addrs []netip.Addr) error {
	program := []bpf.Instruction{bpf.LoadAbsolute{Off: offset, Size: 4}}
	pass := bpf.RetConstant{Val: longestClaim}
	if len(addrs) > maxFiltered {
		program = []bpf.Instruction{pass}
	} else {
		for _, a := range addrs {
			b := a.AsSlice()
			program = append(program, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: binary.BigEndian.Uint32(b[len(b)-4:]), SkipTrue: 1}, pass)
		}
		program = append(program, bpf.RetConstant{Val: 0})
	}
	raw, err := bpf.Assemble(program)
	if err != nil {
		return fmt.Errorf("assemble filter: %w", err)
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
}
