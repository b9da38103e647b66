package lab

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The rhythm and patience of the probes.
const (
	RequestEvery   = 20 * time.Millisecond
	RequestTimeout = 500 * time.Millisecond
	PingEvery      = 5 * time.Millisecond
	PingTimeout    = 200 * time.Millisecond
)

// controlServer is the real server that the controls go to. While it is down
// there is no control, and every delay is the directors'.
var controlServer = RealServers[2]

// Requests starts a client of a port of the VIP: one small HTTP request, each
// on a connection of its own, every 20 ms.
func (l *Lab) Requests(port int) *Probe {
	l.t.Helper()
	return l.RequestsEvery(RequestEvery, port)
}

// RequestsEvery is Requests with a rhythm of one's own: a slower client leaves
// the machine to others.
func (l *Lab) RequestsEvery(every time.Duration, port int) *Probe {
	l.t.Helper()
	return l.RequestsTo(every, VIP.Addr(), port)
}

// RequestsTo is RequestsEvery of another virtual address.
func (l *Lab) RequestsTo(every time.Duration, address netip.Addr, port int) *Probe {
	l.t.Helper()
	return l.newProbe(l.client, every, RequestTimeout,
		request(netip.AddrPortFrom(address, uint16(port))),
		request(netip.AddrPortFrom(controlServer.Address.Addr(), uint16(port))))
}

// request opens the connection without waiting for it: the socket must be made
// on the namespace's thread, the waiting must not be done there.
func request(to netip.AddrPort) attempt {
	return func(deadline time.Time) func() (string, error) {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return func() (string, error) { return "", fmt.Errorf("open a connection: %w", err) }
		}
		err = unix.Connect(fd, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())})
		conn := os.NewFile(uintptr(fd), to.String()) // non-blocking: the poller waits for it
		return func() (string, error) {
			defer conn.Close()
			if err != nil && !errors.Is(err, unix.EINPROGRESS) {
				return "", fmt.Errorf("connect: %w", err)
			}
			if err := conn.SetDeadline(deadline); err != nil {
				return "", err
			}
			// Blocks until the connection is made: a socket that is
			// connecting is not writable.
			if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
				return "", err
			}
			answer, err := io.ReadAll(conn)
			if err != nil {
				return "", err
			}
			return serverOf(string(answer))
		}
	}
}

// serverOf is the name in the body of an answer.
func serverOf(answer string) (string, error) {
	head, body, _ := strings.Cut(answer, "\r\n\r\n")
	status, _, _ := strings.Cut(head, "\r\n")
	if !strings.Contains(status, " 200 ") {
		return "", fmt.Errorf("answered %q", status)
	}
	return strings.TrimSpace(body), nil
}
