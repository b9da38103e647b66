package healthcheck

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Plan is how targets are probed, and how often. It is one for all that are probed alike:
// ten thousand of them have one request, and no more answers in the making than are
// under way.
type Plan struct {
	monitor Monitor // of whose Checker the target does not count
	way     Way
	asks    request
	hears   func() probe // nil: an open connection is proof enough
	spare   []probe      // of a Loop, for the next that it needs
}

// maxSpare is how many probes wait to be used again.
const maxSpare = 16

// NewPlan is a plan that a Loop can carry out, if [Loops] is true of the Checker.
func NewPlan(m Monitor) (*Plan, error) {
	p := &Plan{monitor: m}
	switch c := m.Checker.(type) {
	case *TCP:
		p.way = c.Way
		if c.Expect != nil {
			p.asks, p.hears = request{head: c.Send}, func() probe { return &tcpProbe{check: c} }
		}
	case *HTTP:
		var err error
		if p.asks, err = c.wire(); err != nil {
			return nil, fmt.Errorf("build request: %w", err)
		}
		p.way, p.hears = c.Way, func() probe { return newHTTPProbe(c) }
	default:
		return nil, fmt.Errorf("no loop probes %T", c)
	}
	return p, nil
}

// Loops tells whether a Loop can do what the checker does.
func Loops(c Checker) bool {
	switch c := c.(type) {
	case *TCP:
		return c.dial == nil
	case *HTTP:
		return c.dial == nil && c.Secure == nil && !c.Follow
	}
	return false
}

// take is a probe that has heard nothing yet.
func (p *Plan) take() (next probe) {
	last := len(p.spare) - 1
	if last < 0 {
		next = p.hears()
		next.begin()
		return next
	}
	next, p.spare = p.spare[last], p.spare[:last]
	return next
}

// give takes a probe back that is needed no more.
func (p *Plan) give(used probe) {
	if len(p.spare) < maxSpare {
		used.begin()
		p.spare = append(p.spare, used)
	}
}

// request is what is said to a target, which may be named in it.
type request struct {
	head, tail string
	named      bool // the target is, between them
}

// to appends the request for a target.
func (r request) to(b []byte, target netip.AddrPort) []byte {
	b = append(b, r.head...)
	if r.named {
		b = netip.AddrPortFrom(target.Addr().WithZone(""), target.Port()).AppendTo(b)
	}
	return append(b, r.tail...)
}

// wire is the request of an HTTP check as it travels.
func (c *HTTP) wire() (request, error) {
	somebody := *c
	somebody.Target = netip.MustParseAddrPort("192.0.2.1:1")
	asked, err := somebody.request()
	if err != nil {
		return request{}, err
	}
	var text strings.Builder
	if err := asked.Write(&text); err != nil {
		return request{}, err
	}
	if c.Host != "" {
		return request{head: text.String()}, nil
	}
	const field = "\r\nHost: "
	head, tail, found := strings.Cut(text.String(), field+somebody.Target.String())
	if !found {
		return request{}, errors.New("it does not name its host")
	}
	return request{head: head + field, tail: tail, named: true}, nil
}
