package healthcheck

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"regexp"
	"syscall"
)

// UDP sends one datagram. With Expect the server's first answer must match; without, it
// is unhealthy only when its machine says that nobody listens there (an ICMP port
// unreachable), and silence until the timeout is a pass.
type UDP struct {
	Target netip.AddrPort
	Way    Way
	Send   string         // may be empty: an empty datagram
	Expect *regexp.Regexp // on the first 16 KiB; nil: any answer or none

	dial dialFunc // nil: the system's
}

// Check asks once, from a port of its own.
func (c *UDP) Check(ctx context.Context) error {
	conn, hangUp, err := c.Way.through(c.dial).to(ctx, "udp", c.Target)
	if err != nil {
		return err
	}
	defer hangUp()
	if _, err := conn.Write([]byte(c.Send)); err != nil {
		return unreachable("send", err)
	}
	buffer := make([]byte, maxReply)
	n, err := conn.Read(buffer)
	var timeout net.Error
	switch {
	case err != nil && c.Expect == nil && errors.As(err, &timeout) && timeout.Timeout():
		return nil
	case err != nil:
		return unreachable("answer", err)
	case c.Expect == nil:
		return nil
	}
	_, err = (&reply{expect: c.Expect}).hear(buffer[:n], true)
	return err
}

// unreachable explains an error of a UDP socket: a refusal is what the target's
// machine says of a port where nobody listens.
func unreachable(phase string, err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return errors.New("port unreachable: nobody listens there")
	}
	return explain(phase, err)
}
