package healthcheck

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// maxLine is how many bytes a connection of a goroutine's probe takes in, TLS and
// HTTP/2 framing included: more than any answer that is looked at whole.
const maxLine = 2 << 20

var errTooMuch = errors.New("the server sent more than 2 MiB")

// line is a connection that takes in a bounded number of bytes.
type line struct {
	net.Conn
	left int
}

func (l *line) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooMuch
	}
	n, err := l.Conn.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// connect opens a connection to a target, to nobody else, that ends with ctx. Hang
// up closes it.
func (open dialFunc) connect(ctx context.Context, target netip.AddrPort) (conn *line, hangUp func(), err error) {
	return open.to(ctx, "tcp", target)
}

// to is connect for any network.
func (open dialFunc) to(ctx context.Context, network string, target netip.AddrPort) (conn *line, hangUp func(), err error) {
	if open == nil {
		open = dial
	}
	raw, err := open(ctx, network, target.String())
	if err != nil {
		return nil, nil, explain("connect", err)
	}
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	return &line{raw, maxLine}, func() { stop(); raw.Close() }, nil
}
