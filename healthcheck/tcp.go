package healthcheck

import (
	"context"
	"net/netip"
	"regexp"
)

// TCP is healthy when a connection to Target can be opened and, with Expect, what the
// server says in its first 16 KiB matches.
type TCP struct {
	Target netip.AddrPort
	Way    Way
	Send   string         // once the connection is open; needs Expect
	Expect *regexp.Regexp // nil: whatever the server says does not matter

	dial dialFunc // nil: the system's
}

// Check connects, talks and closes.
func (c *TCP) Check(ctx context.Context) error {
	conn, hangUp, err := c.Way.through(c.dial).connect(ctx, c.Target)
	if err != nil {
		return err
	}
	defer hangUp()
	if c.Expect == nil {
		return nil
	}
	probe := &tcpProbe{check: c}
	probe.begin()
	if _, err := conn.Write([]byte(c.Send)); err != nil {
		return explain("send", err)
	}
	for buffer := make([]byte, maxReply); ; {
		n, err := conn.Read(buffer)
		if n == 0 && err != nil && explain("", err).Error() != ": connection closed" {
			return explain(probe.phase(), err)
		}
		if done, wrong := probe.hear(buffer[:n], err != nil); done {
			return wrong
		}
	}
}

// tcpProbe is done when the server has said what is expected.
type tcpProbe struct {
	check *TCP
	reply reply
}

func (p *tcpProbe) begin()        { p.reply = reply{expect: p.check.Expect} }
func (p *tcpProbe) said() Reading { return Reading{} }
func (p *tcpProbe) phase() string { return "answer" }

func (p *tcpProbe) hear(b []byte, end bool) (bool, error) {
	done, err := p.reply.hear(b, end)
	if done {
		p.reply.kept = nil
	}
	return done, err
}
