package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Listener is a program of Listen.
type Listener struct {
	mu       sync.Mutex
	arrivals []time.Time
}

// Arrivals are when somebody connected, until now.
func (l *Listener) Arrivals() []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.arrivals)
}

// Listen is a program on a node that listens on all its addresses, of both
// families, and tells its name to all who connect.
func (l *Lab) Listen(node string, port int) *Listener {
	l.t.Helper()
	heard, listener := &Listener{}, l.listen(node, port)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			heard.mu.Lock()
			heard.arrivals = append(heard.arrivals, time.Now())
			heard.mu.Unlock()
			io.WriteString(conn, "HTTP/1.0 200 OK\r\n\r\n"+node+"\n")
			conn.Close()
		}
	}()
	return heard
}

// Serve is a web server on a node, on all its addresses, that answers as the handler does.
func (l *Lab) Serve(node string, port int, handler http.Handler) {
	l.t.Helper()
	go http.Serve(l.listen(node, port), handler)
}

// listen listens on a node until the test ends.
func (l *Lab) listen(node string, port int) net.Listener {
	l.t.Helper()
	var listener net.Listener
	l.must(l.node(node).do(func() (err error) {
		listener, err = new(net.ListenConfig).Listen(context.Background(), "tcp", fmt.Sprintf(":%d", port))
		return err
	}))
	l.t.Cleanup(func() { listener.Close() })
	return listener
}

// Answers tells who answers the client's HTTP request to a port of an address;
// nobody: empty.
func (l *Lab) Answers(address netip.Addr, port int) string {
	l.t.Helper()
	to := netip.AddrPortFrom(address, uint16(port))
	return strings.TrimSpace(l.Run("client", "sh", "-c", fmt.Sprintf("curl -s -g -m 2 'http://%s/' || true", to)))
}
