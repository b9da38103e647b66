package healthcheck

import (
	"context"
	"crypto/tls"
	"net/netip"
)

// TLS is healthy when a TLS handshake with Target succeeds and its certificate is
// good.
type TLS struct {
	Target netip.AddrPort
	Secure Secure

	Way  Way
	dial dialFunc // nil: the system's
}

// Check shakes hands and takes leave.
func (c *TLS) Check(ctx context.Context) error {
	conn, hangUp, err := c.Way.through(c.dial).connect(ctx, c.Target)
	if err != nil {
		return err
	}
	defer hangUp()
	met, err := c.Secure.handshake(ctx, conn, c.Target)
	if err != nil {
		return err
	}
	if !met.asked || met.ConnectionState().Version < tls.VersionTLS13 {
		return nil
	}
	// In TLS 1.3 a server that wants a client certificate says only after the
	// handshake what it thinks of ours (RFC 8446, 4.4.2.4). One that says nothing is
	// content.
	met.CloseWrite() // a server that waits for more has no reason to
	if _, err = met.Read(make([]byte, 1)); alert(err) != "" {
		return met.refused(&c.Secure, alert(err))
	}
	return nil
}
