package netif

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// ErrPermission says that the process may not change or watch the network.
var ErrPermission = errors.New("not permitted: the CAP_NET_ADMIN capability is missing")

// ErrNoIPv6 says that IPv6 is switched off, on the link or in the kernel.
var ErrNoIPv6 = errors.New("IPv6 is disabled")

// ErrLinkGone says that the link does not exist (any more).
var ErrLinkGone = errors.New("link is gone")

const (
	// answerTimeout bounds the wait for a kernel that has done what it was asked
	// and answers at once or never.
	answerTimeout = 5 * time.Second
	// batchSize keeps the answers to one send well inside the receive buffer.
	batchSize = 128
	// dumpAttempts bounds how often a listing is repeated that the kernel
	// marked as torn by a change (NLM_F_DUMP_INTR).
	dumpAttempts = 5
)

// conn is one rtnetlink socket in the network namespace of the thread that
// opened it. One goroutine uses it, except that any may close it.
type conn struct {
	file *os.File
	raw  syscall.RawConn
	buf  *buffer // nil between two requests
	seq  uint32
}

// buffer has room for whatever the kernel sends at a time. They are lent for a
// request: hundreds of holders have a socket each, and few are busy at once.
type buffer [1 << 16]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// rest gives the buffer back, and with it what was received.
func (c *conn) rest() {
	if c.buf != nil {
		buffers.Put(c.buf)
		c.buf = nil
	}
}

// dial opens a socket that hears the given multicast groups.
func dial(receiveBuffer int, groups ...uint) (*conn, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open rtnetlink socket: %w", err)
	}
	c := &conn{file: os.NewFile(uintptr(fd), "rtnetlink")}
	addr := &unix.SockaddrNetlink{Family: unix.AF_NETLINK}
	for _, g := range groups {
		addr.Groups |= 1 << (g - 1)
	}
	// None of the options is needed for correctness: old kernels and processes
	// without the capability work with smaller buffers, longer answers and more
	// announcements.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1)
	_ = unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK, 1)
	if len(groups) > 0 {
		_ = ignoreForeignRoutes(fd)
	}
	if err := unix.Bind(fd, addr); err != nil {
		return nil, errors.Join(fmt.Errorf("bind rtnetlink socket: %w", err), c.file.Close())
	}
	if c.raw, err = c.file.SyscallConn(); err != nil {
		return nil, errors.Join(err, c.file.Close())
	}
	return c, nil
}

func (c *conn) close() error { return c.file.Close() }

// receive waits for messages. They are valid until the next call, or rest.
func (c *conn) receive() ([]syscall.NetlinkMessage, error) {
	if c.buf == nil {
		c.buf = buffers.Get().(*buffer)
	}
	var n int
	var failed error
	err := c.raw.Read(func(fd uintptr) bool {
		n, _, failed = unix.Recvfrom(int(fd), c.buf[:], 0)
		return failed != unix.EAGAIN
	})
	if err := errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("receive from rtnetlink: %w", err)
	}
	return syscall.ParseNetlinkMessage(c.buf[:n])
}

func (c *conn) send(b []byte) error {
	var failed error
	err := c.raw.Write(func(fd uintptr) bool {
		failed = unix.Sendto(int(fd), b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
		return failed != unix.EAGAIN
	})
	if err := errors.Join(err, failed); err != nil {
		return fmt.Errorf("send to rtnetlink: %w", err)
	}
	return nil
}

// ask sends and bounds the wait for the answer. The kernel does the work within the
// send, and waits there for its one lock on all networks for as long as somebody
// else needs it: that is not the answer's time.
func (c *conn) ask(b []byte) error {
	if err := c.file.SetWriteDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	if err := c.send(b); err != nil {
		return err
	}
	return c.file.SetReadDeadline(time.Now().Add(answerTimeout))
}

// change carries out the requests in their order, many in one send, and
// returns one error for each. The kernel goes on after a failed one. Only the
// last of a send asks for an acknowledgement; failures are answered anyway.
func (c *conn) change(requests []*nl.NetlinkRequest) []error {
	errs := make([]error, len(requests))
	for start := 0; start < len(requests); start += batchSize {
		end := min(start+batchSize, len(requests))
		if err := c.changeBatch(requests[start:end], errs[start:end]); err != nil {
			for i := start; i < len(requests); i++ {
				if errs[i] == nil {
					errs[i] = err
				}
			}
			return errs
		}
	}
	return errs
}

func (c *conn) changeBatch(requests []*nl.NetlinkRequest, errs []error) error {
	defer c.rest()
	first := c.seq + 1
	var b []byte
	for i, r := range requests {
		c.seq++
		r.Seq = c.seq
		if i == len(requests)-1 {
			r.Flags |= unix.NLM_F_ACK
		}
		b = append(b, r.Serialize()...)
	}
	if err := c.ask(b); err != nil {
		return err
	}
	for {
		messages, err := c.receive()
		if err != nil {
			return err
		}
		for _, m := range messages {
			i := m.Header.Seq - first
			if m.Header.Type != unix.NLMSG_ERROR || i >= uint32(len(requests)) {
				continue // left from a call that was given up
			}
			errs[i] = kernelError(m.Data)
			if m.Header.Seq == c.seq {
				return nil
			}
		}
	}
}

// dump calls each with every message that answers the listing, anew from the
// start after reset when the kernel says that a change tore it.
func (c *conn) dump(request *nl.NetlinkRequest, reset func(), each func(syscall.NetlinkMessage) error) error {
	for range dumpAttempts {
		reset()
		torn, err := c.dumpOnce(request, each)
		if err != nil || !torn {
			return err
		}
	}
	return errors.New("listing was interrupted by changes every time")
}

func (c *conn) dumpOnce(request *nl.NetlinkRequest, each func(syscall.NetlinkMessage) error) (torn bool, err error) {
	defer c.rest()
	c.seq++
	request.Seq = c.seq
	request.Flags |= unix.NLM_F_DUMP
	if err := c.ask(request.Serialize()); err != nil {
		return false, err
	}
	for {
		messages, err := c.receive()
		if err != nil {
			return false, err
		}
		for _, m := range messages {
			if m.Header.Seq != c.seq {
				continue
			}
			torn = torn || m.Header.Flags&unix.NLM_F_DUMP_INTR != 0
			switch m.Header.Type {
			case unix.NLMSG_DONE, unix.NLMSG_ERROR:
				return torn, kernelError(m.Data)
			default:
				if err := each(m); err != nil {
					return false, err
				}
			}
		}
	}
}

// get asks for one object. The answer is valid until the next call.
func (c *conn) get(request *nl.NetlinkRequest) (syscall.NetlinkMessage, error) {
	c.seq++
	request.Seq = c.seq
	if err := c.ask(request.Serialize()); err != nil {
		return syscall.NetlinkMessage{}, err
	}
	for {
		messages, err := c.receive()
		if err != nil {
			return syscall.NetlinkMessage{}, err
		}
		for _, m := range messages {
			if m.Header.Seq != c.seq {
				continue
			}
			if m.Header.Type == unix.NLMSG_ERROR {
				return m, kernelError(m.Data)
			}
			return m, nil
		}
	}
}

// kernelError reads the number that starts an NLMSG_ERROR or NLMSG_DONE.
func kernelError(data []byte) error {
	if len(data) < 4 {
		return nil
	}
	switch errno := unix.Errno(-int32(binary.NativeEndian.Uint32(data))); errno {
	case 0:
		return nil
	case unix.EPERM:
		return fmt.Errorf("%w (%w)", ErrPermission, errno)
	case unix.EACCES, unix.EOPNOTSUPP: // by disable_ipv6 (addrconf_add_dev of net/ipv6/addrconf.c); by ipv6.disable=1
		return fmt.Errorf("%w (%w)", ErrNoIPv6, errno)
	case unix.ENODEV, unix.ENXIO:
		return fmt.Errorf("%w (%w)", ErrLinkGone, errno)
	default:
		return errno
	}
}
