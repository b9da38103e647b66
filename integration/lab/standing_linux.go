package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Standing are connections of the client through IPVS that stay open, with now
// and then a request on each, as those of a database's or a chat's clients do.
type Standing struct {
	to    netip.AddrPort
	conns []*standing
}

// standing is one of them.
type standing struct {
	file *os.File
	in   *bufio.Reader
	err  error // what ended it
}

// Fates is what became of connections.
type Fates struct {
	Answered int
	Reset    int // by whoever the address sent it to
	Silent   int // nobody answered in time
	Other    int
}

// String is one line.
func (f Fates) String() string {
	return fmt.Sprintf("%d answered, %d reset, %d silent, %d ended otherwise", f.Answered, f.Reset, f.Silent, f.Other)
}

// Stand opens so many connections to a port of the VIP, and asks once on each.
func (l *Lab) Stand(port, connections int) *Standing {
	l.t.Helper()
	s := &Standing{to: netip.AddrPortFrom(VIP.Addr(), uint16(port))}
	l.t.Cleanup(s.Close)
	for range connections {
		var fd int
		l.must(l.client.do(func() (err error) {
			if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
				return err
			}
			if err = unix.Connect(fd, &unix.SockaddrInet4{Addr: s.to.Addr().As4(), Port: port}); errors.Is(err, unix.EINPROGRESS) {
				return nil
			}
			return err
		}))
		file := os.NewFile(uintptr(fd), s.to.String())
		s.conns = append(s.conns, &standing{file: file, in: bufio.NewReader(file)})
	}
	if fates := s.Ask(10 * time.Second); fates.Answered != connections {
		l.t.Fatalf("open %d connections to %v: %v", connections, s.to, fates)
	}
	return s
}

// Ask sends a request on every connection at once, and waits so long for each
// answer. One that ended stays ended.
func (s *Standing) Ask(patience time.Duration) (fates Fates) {
	var group sync.WaitGroup
	for _, c := range s.conns {
		group.Go(func() {
			if c.err == nil {
				c.err = c.ask(patience)
			}
		})
	}
	group.Wait()
	for _, c := range s.conns {
		switch {
		case c.err == nil:
			fates.Answered++
		case errors.Is(c.err, unix.ECONNRESET):
			fates.Reset++
		case errors.Is(c.err, os.ErrDeadlineExceeded):
			fates.Silent++
		default:
			fates.Other++
		}
	}
	return fates
}

func (c *standing) ask(patience time.Duration) error {
	if err := c.file.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.WriteString(c.file, "GET / HTTP/1.1\r\nHost: lab\r\n\r\n"); err != nil {
		return err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// Close ends them all, as a client does that has what it wanted.
func (s *Standing) Close() {
	for _, c := range s.conns {
		c.file.Close()
	}
}

// Established is how many connections to a port of the VIP a director's kernel
// knows as established, its own and those it was told of.
func (l *Lab) Established(director string, port int) (n int) {
	l.t.Helper()
	var text []byte
	l.must(l.director(director).do(func() (err error) {
		text, err = os.ReadFile("/proc/thread-self/net/ip_vs_conn")
		return err
	}))
	to := fmt.Sprintf(" %X %04X ", VIP.Addr().As4(), port)
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, to) && strings.Contains(line, " ESTABLISHED ") {
			n++
		}
	}
	return n
}
