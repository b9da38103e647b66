//go:build linux

package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// port is where every server answers.
const port = 8099

// witness is all real servers, and knows when each was asked.
type witness struct {
	mu   sync.Mutex
	http bool
	came map[netip.Addr][]time.Time
	sick time.Time // since when servers flap; zero: they do not
	dead bool      // none says a word
}

// answer opens the servers in a network namespace.
func answer(space string) (*witness, error) {
	type opened struct {
		l   net.Listener
		err error
	}
	done := make(chan opened)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with us
		fd, err := os.Open(space)
		if err == nil {
			defer fd.Close()
			err = unix.Setns(int(fd.Fd()), unix.CLONE_NEWNET)
		}
		if err != nil {
			done <- opened{nil, fmt.Errorf("enter %s: %w", space, err)}
			return
		}
		l, err := net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", port))
		done <- opened{l, err}
	}()
	o := <-done
	if o.err != nil {
		return nil, o.err
	}
	w := &witness{came: map[netip.Addr][]time.Time{}}
	go w.serve(o.l)
	return w, nil
}

func (w *witness) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		at := c.LocalAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
		w.mu.Lock()
		ill := well
		if w.sick.IsZero() {
			w.came[at] = append(w.came[at], time.Now())
		} else {
			ill = flapping(at, time.Since(w.sick))
		}
		if w.dead {
			ill = silent
		}
		talk := w.http
		w.mu.Unlock()
		if !talk {
			c.Close()
			continue
		}
		go talked(c, ill)
	}
}

// talked answers one request, as ill as the server is.
func talked(c net.Conn, ill malady) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(2 * interval))
	if _, err := c.Read(make([]byte, 1024)); err != nil {
		return
	}
	switch ill {
	case well:
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
	case busy:
		fmt.Fprint(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
	case silent:
		c.Read(make([]byte, 1)) // until it is hung up
	case rude:
		c.(*net.TCPConn).SetLinger(0)
	}
}

// flap has the servers flap since a moment; zero: they are all well.
func (w *witness) flap(since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sick = since
	clear(w.came)
}

// silence has all servers fall silent at once, or speak again.
func (w *witness) silence(dead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = dead
}

// begin forgets everything.
func (w *witness) begin(http bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.http = http
	clear(w.came)
}

// await waits until so many servers have been checked, or for so long, and tells how many have.
func (w *witness) await(servers int, most time.Duration) (came int) {
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		w.mu.Lock()
		came = len(w.came)
		w.mu.Unlock()
		if came >= servers {
			break
		}
	}
	return came
}

// seen is how many checks came since begin, to how many servers, and how much
// later than one interval after its predecessor each was, in order.
func (w *witness) seen() (checks, servers int, late []time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, times := range w.came {
		checks += len(times)
		for i := 1; i < len(times); i++ {
			late = append(late, max(0, times[i].Sub(times[i-1])-interval))
		}
	}
	slices.Sort(late)
	return checks, len(w.came), late
}
