package healthcheck

import (
	"context"
	"net/netip"
)

// Ping is healthy when Target answers an ICMP or ICMPv6 echo request with what was
// sent (RFC 792; RFC 4443, 4.1). All pings of a family and a way that are under way
// share one socket (needs CAP_NET_RAW).
type Ping struct {
	Target netip.Addr
	Way    Way
	Size   int // of the data, in bytes, 16 to 65507
}

// Check sends one request.
func (c *Ping) Check(ctx context.Context) error {
	e, err := enter(c.Target, c.Way)
	if err != nil {
		return explain("send", err)
	}
	defer e.leave()
	answered, done, err := e.ask(c.Target, max(c.Size, tokenSize))
	if err != nil {
		return explain("send", err)
	}
	defer done()
	select {
	case <-answered:
		return nil
	case <-ctx.Done():
		return explain("no reply", ctx.Err())
	}
}
