package healthcheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// Checker probes once. Nil is healthy; the error is the reason it is not, in
// one short line. Check returns soon after ctx ends.
type Checker interface {
	Check(ctx context.Context) error
}

// dialFunc opens a connection, as net.Dialer.DialContext does.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// dial is the system's dialer. Keep-alive probes are off: no connection lives
// long enough to send one.
var dial dialFunc = (&net.Dialer{KeepAlive: -1}).DialContext

// explain shortens what the network stack says to the words an operator looks
// for: "connect: connection refused" instead of the call, both addresses and
// the reason. The system's error number stays within reach of errors.As.
func explain(phase string, err error) error {
	var timeout net.Error
	var system *os.SyscallError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%s: timeout", phase)
	case alert(err) != "":
		return fmt.Errorf("%s: the server refuses: %s", phase, alert(err))
	case errors.As(err, &system):
		return fmt.Errorf("%s: %w", phase, system.Err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe):
		return fmt.Errorf("%s: connection closed", phase)
	}
	return fmt.Errorf("%s: %s", phase, clip(err.Error()))
}

// clip bounds text that may quote the server.
func clip(text string) string {
	const longest = 160
	if len(text) > longest {
		return text[:longest] + "…"
	}
	return text
}
