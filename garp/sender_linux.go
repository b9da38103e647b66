package garp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"unsafe"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// What the kernel says when a link cannot send. None of them gets better by
// trying again at once.
var (
	ErrPermission = errors.New("not permitted: the CAP_NET_RAW capability is missing")
	ErrLinkGone   = errors.New("link is gone")
	ErrLinkDown   = errors.New("link is down")
	ErrNoCarrier  = errors.New("link takes no frames: it has no carrier or its queue is full") // ENOBUFS
	ErrCongested  = errors.New("socket is full of frames that the link has not sent yet")      // EAGAIN
)

const (
	// sendBuffer takes the frames of more than two thousand addresses while
	// none has left the link yet.
	sendBuffer = 4 << 20
	// perCall is how many frames go to the kernel in one call; more gain nothing.
	perCall = 256
)

// Sender sends announcements on any link through one socket that receives
// nothing. It may be used by several goroutines: a lock keeps their frames
// apart, and is held no longer than the kernel takes to queue them.
type Sender struct {
	conn *packet.Conn
	raw  syscall.RawConn

	mu       sync.Mutex
	messages []message
	vectors  []unix.Iovec
	targets  []unix.RawSockaddrLinklayer
}

// message is struct mmsghdr of sendmmsg(2).
type message struct {
	header unix.Msghdr
	sent   uint32
}

// OpenSender opens the socket in the network namespace of the calling thread.
func OpenSender() (*Sender, error) {
	// Protocol 0 receives nothing, index 0 binds to no link: a link that goes
	// does not break the socket for the others.
	conn, err := packet.Listen(&net.Interface{}, packet.Raw, 0, nil)
	if errors.Is(err, unix.EPERM) {
		err = fmt.Errorf("%w (%w)", ErrPermission, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open announcement socket: %w", err)
	}
	s := &Sender{
		conn:     conn,
		messages: make([]message, perCall),
		vectors:  make([]unix.Iovec, perCall),
		targets:  make([]unix.RawSockaddrLinklayer, perCall),
	}
	if s.raw, err = conn.SyscallConn(); err == nil {
		err = s.raw.Control(func(fd uintptr) {
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuffer) != nil {
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
			}
		})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open announcement socket: %w", err), conn.Close())
	}
	return s, nil
}

// Close closes the socket.
func (s *Sender) Close() error { return s.conn.Close() }

// Announce sends the frames of every address, in order, out of the link with
// the given index and MAC: two of ARP for IPv4, one neighbour advertisement for
// IPv6, which says whether the node is a router (see [Advertisement]). It does
// not wait and does not retry: an error wraps [ErrLinkGone], [ErrLinkDown], [ErrNoCarrier] or [ErrCongested],
// and frames before it may have left. Success is no proof of sending: most
// of the time the kernel drops silently what a link without carrier is given.
func (s *Sender) Announce(linkIndex int, mac net.HardwareAddr, router bool, addrs []netip.Addr) error {
	frames := make([][]byte, 0, 2*len(addrs))
	for _, a := range addrs {
		if a.Is6() {
			advertisement, err := Advertisement(a, mac, router)
			if err != nil {
				return err
			}
			frames = append(frames, advertisement)
			continue
		}
		request, reply, err := Frames(a, mac)
		if err != nil {
			return err
		}
		frames = append(frames, request, reply)
	}
	if err := s.send(linkIndex, frames); err != nil {
		return fmt.Errorf("announce on link %d: %w", linkIndex, err)
	}
	return nil
}

// Probe sends a [Probe] for every address out of the link. Errors are those of
// Announce.
func (s *Sender) Probe(linkIndex int, mac net.HardwareAddr, addrs []netip.Addr) error {
	return s.each(linkIndex, addrs, func(a netip.Addr) ([]byte, error) { return Probe(a, mac) })
}

// Request sends a [Request] from a source for every address, all of its family, out of
// the link. Errors are those of Announce.
func (s *Sender) Request(linkIndex int, mac net.HardwareAddr, source netip.Addr, addrs []netip.Addr) error {
	return s.each(linkIndex, addrs, func(a netip.Addr) ([]byte, error) { return Request(a, mac, source) })
}

// Defend announces every address by a single frame (RFC 5227, 2.4). Errors are
// those of Announce.
func (s *Sender) Defend(linkIndex int, mac net.HardwareAddr, router bool, addrs []netip.Addr) error {
	return s.each(linkIndex, addrs, func(a netip.Addr) ([]byte, error) {
		if a.Is6() {
			return Advertisement(a, mac, router)
		}
		request, _, err := Frames(a, mac)
		return request, err
	})
}

func (s *Sender) each(linkIndex int, addrs []netip.Addr, build func(netip.Addr) ([]byte, error)) error {
	frames := make([][]byte, len(addrs))
	for i, a := range addrs {
		var err error
		if frames[i], err = build(a); err != nil {
			return err
		}
	}
	if err := s.send(linkIndex, frames); err != nil {
		return fmt.Errorf("send on link %d: %w", linkIndex, err)
	}
	return nil
}

func (s *Sender) send(linkIndex int, frames [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(frames) > 0 {
		n := min(len(frames), perCall)
		for i, f := range frames[:n] {
			s.vectors[i].Base = &f[0]
			s.vectors[i].SetLen(len(f))
			s.targets[i] = target(linkIndex, f)
			s.messages[i].header = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&s.targets[i])), Namelen: unix.SizeofSockaddrLinklayer, Iov: &s.vectors[i]}
			s.messages[i].header.SetIovlen(1)
		}
		sent, err := s.sendmmsg(n)
		if err != nil {
			return err
		}
		frames = frames[sent:]
	}
	return nil
}

// target is the link, and the protocol as the frame has it: filters on the way
// out go by it. The destination is read from the frame alone.
func target(linkIndex int, frame []byte) unix.RawSockaddrLinklayer {
	return unix.RawSockaddrLinklayer{
		Family:   unix.AF_PACKET,
		Protocol: binary.NativeEndian.Uint16(frame[12:14]),
		Ifindex:  int32(linkIndex),
	}
}

// sendmmsg hands the first n messages to the kernel and returns how many it
// took before one failed, or why the first failed.
func (s *Sender) sendmmsg(n int) (sent int, err error) {
	var errno unix.Errno
	err = s.raw.Write(func(fd uintptr) bool {
		var r uintptr
		r, _, errno = unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&s.messages[0])), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
		sent = int(r)
		return true // never wait for room
	})
	if err == nil {
		err = sendError(errno)
	}
	if err != nil {
		return 0, err
	}
	return sent, nil
}

func sendError(errno unix.Errno) error {
	var meaning error
	switch errno {
	case 0:
		return nil
	case unix.ENXIO, unix.ENODEV:
		meaning = ErrLinkGone
	case unix.ENETDOWN:
		meaning = ErrLinkDown
	case unix.ENOBUFS:
		meaning = ErrNoCarrier
	case unix.EAGAIN:
		meaning = ErrCongested
	default:
		return errno
	}
	return fmt.Errorf("%w (%w)", meaning, errno)
}
