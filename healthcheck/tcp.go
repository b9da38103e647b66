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
	probe := &tcpProbe{check: c}
	words := probe.begin()
	if words == nil {
		return nil
	}
	probe.opened()
	if _, err := conn.Write(words); err != nil {
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

// tcpProbe is done when the connection is open, or the server has said what is
// expected.
type tcpProbe struct {
	check  *TCP
	reply  reply
	during string
}

func (p *tcpProbe) target() netip.AddrPort { return p.check.Target }
func (p *tcpProbe) way() Way               { return p.check.Way }
func (p *tcpProbe) phase() string          { return p.during }
func (p *tcpProbe) opened()                { p.during = "answer" }
func (p *tcpProbe) said() Reading          { return Reading{} }

func (p *tcpProbe) begin() []byte {
	p.reply, p.during = reply{expect: p.check.Expect}, "connect"
	if p.check.Expect == nil {
		return nil
	}
	return []byte(p.check.Send)
}

func (p *tcpProbe) hear(b []byte, end bool) (bool, error) {
	done, err := p.reply.hear(b, end)
	if done {
		p.reply.kept = nil
	}
	return done, err
}
