package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
)

// Listen is a program on a node that listens on all its addresses, of both
// families, and tells its name to all who connect.
func (l *Lab) Listen(node string, port int) {
	l.t.Helper()
	var listener net.Listener
	l.must(l.node(node).do(func() (err error) {
		listener, err = new(net.ListenConfig).Listen(context.Background(), "tcp", fmt.Sprintf(":%d", port))
		return err
	}))
	l.t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			io.WriteString(conn, "HTTP/1.0 200 OK\r\n\r\n"+node+"\n")
			conn.Close()
		}
	}()
}

// Answers tells who answers the client's HTTP request to a port of an address;
// nobody: empty.
func (l *Lab) Answers(address netip.Addr, port int) string {
	l.t.Helper()
	to := netip.AddrPortFrom(address, uint16(port))
	return strings.TrimSpace(l.Run("client", "sh", "-c", fmt.Sprintf("curl -s -g -m 2 'http://%s/' || true", to)))
}
