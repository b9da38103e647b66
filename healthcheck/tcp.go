package healthcheck

import (
	"context"
	"net/netip"
)

// TCP is healthy when a connection to Target can be opened.
type TCP struct {
	Target netip.AddrPort
	Way    Way

	dial dialFunc // nil: the system's
}

// Check connects and closes.
func (c *TCP) Check(ctx context.Context) error {
	open := c.Way.through(c.dial)
	if open == nil {
		open = dial
	}
	conn, err := open(ctx, "tcp", c.Target.String())
	if err != nil {
		return explain("connect", err)
	}
	conn.Close() // what it says no longer matters: the server accepted
	return nil
}
