package lab

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Transport is how a program is spoken to, by its IP protocol number.
type Transport int

// The transports that IPVS balances.
const (
	TCP  Transport = unix.IPPROTO_TCP
	UDP  Transport = unix.IPPROTO_UDP
	SCTP Transport = unix.IPPROTO_SCTP
)

// socket makes one that does not block. Package net knows nothing of SCTP.
func (t Transport) socket() (int, error) {
	kind := unix.SOCK_STREAM
	if t == UDP {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(t))
	if err != nil {
		return -1, fmt.Errorf("make a socket of protocol %d: %w", int(t), err)
	}
	return fd, nil
}

// Echo is a program on a node that listens on one address of it and answers with the
// node's name whatever it is told.
func (l *Lab) Echo(node string, t Transport, at netip.AddrPort) {
	l.t.Helper()
	var fd int
	l.must(l.node(node).do(func() (err error) {
		if fd, err = t.socket(); err != nil {
			return err
		}
		if err := unix.Bind(fd, sockaddr(at)); err != nil || t == UDP {
			return err
		}
		return unix.Listen(fd, 16)
	}))
	ended := make(chan struct{})
	quit := make(chan struct{})
	go func() {
		defer close(ended)
		defer unix.Close(fd)
		for {
			select {
			case <-quit:
				return
			default:
			}
			if !await(fd, unix.POLLIN, 100*time.Millisecond) {
				continue
			}
			if t == UDP {
				heard := make([]byte, 64)
				if _, from, err := unix.Recvfrom(fd, heard, 0); err == nil {
					unix.Sendto(fd, []byte(node), 0, from)
				}
				continue
			}
			if conn, _, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC); err == nil {
				greet(conn, node)
			}
		}
	}()
	l.t.Cleanup(func() { close(quit); <-ended })
}

// greet waits for a word and answers it.
func greet(conn int, name string) {
	defer unix.Close(conn)
	heard := make([]byte, 64)
	if await(conn, unix.POLLIN, 2*time.Second) {
		if n, err := unix.Read(conn, heard); n > 0 && err == nil {
			unix.Write(conn, []byte(name))
		}
	}
}

// Greets is who answers the client at an address; nobody: empty.
func (l *Lab) Greets(t Transport, at netip.AddrPort) string {
	l.t.Helper()
	var fd int
	l.must(l.client.do(func() (err error) {
		if fd, err = t.socket(); err != nil {
			return err
		}
		if err = unix.Connect(fd, sockaddr(at)); err == unix.EINPROGRESS {
			err = nil
		}
		return err
	}))
	defer unix.Close(fd)
	answer := make([]byte, 64)
	if !await(fd, unix.POLLOUT, 2*time.Second) {
		return ""
	}
	if _, err := unix.Write(fd, []byte("who?")); err != nil || !await(fd, unix.POLLIN, 2*time.Second) {
		return ""
	}
	n, err := unix.Read(fd, answer)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(answer[:n]))
}

// await tells whether a socket becomes ready in time.
func await(fd int, events int16, within time.Duration) bool {
	set := []unix.PollFd{{Fd: int32(fd), Events: events}}
	n, err := unix.Poll(set, int(within.Milliseconds()))
	return err == nil && n > 0 && set[0].Revents&events != 0
}

func sockaddr(at netip.AddrPort) unix.Sockaddr {
	return &unix.SockaddrInet4{Addr: at.Addr().As4(), Port: int(at.Port())}
}
