//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// visibleGap is the shortest gap worth a line: requests go out every 20 ms, and
// a busy machine may delay one.
const visibleGap = 80 * time.Millisecond

// news tells on the screen what has happened since it last looked.
type news struct {
	screen    *screen
	client    *lab.Probe
	owners    *lab.Watch
	directors []*lab.Hald

	answered time.Time            // the last answer that was told
	tenures  int                  // how many of the owners' were told
	read     map[*lab.Process]int // lines of each daemon's log that were read
	rated    time.Time            // when the rate was last shown
}

// item is one thing to tell.
type item struct {
	time      time.Time
	who, what string
}

// tell looks and tells, in the order in which it happened.
func (n *news) tell() {
	items := slices.Concat(n.gaps(), n.ownership(), n.events())
	slices.SortStableFunc(items, func(a, b item) int { return a.time.Compare(b.time) })
	for _, i := range items {
		n.screen.at(i.time, i.who, "%s", i.what)
	}
	n.rate()
}

func (n *news) gaps() (items []item) {
	if n.client == nil {
		return nil
	}
	for _, g := range n.client.Since(n.answered.Add(-2 * n.client.Timeout)).Gaps(0) {
		if g.Open || g.From.Before(n.answered) {
			continue
		}
		n.answered = g.To
		if g.Length() >= visibleGap {
			items = append(items, item{g.To, "client", fmt.Sprintf("%sno answer for %s%s", yellow, millis(g.Length()), plain)})
		}
	}
	return items
}

func (n *news) ownership() (items []item) {
	history := n.owners.Ownership()
	for _, t := range history[min(n.tenures, len(history)):] {
		what := lab.VIP.Addr().String() + " is with " + red + "nobody" + plain
		if len(t.Owners) > 0 {
			what = fmt.Sprintf("%s is with %s%s%s", lab.VIP.Addr(), cyan, strings.Join(t.Owners, " and "), plain)
		}
		items = append(items, item{t.From, "kernel", what})
	}
	n.tenures = len(history)
	return items
}

func (n *news) events() (items []item) {
	for _, d := range n.directors {
		p := d.Process()
		if p == nil {
			continue
		}
		lines := p.Output(n.read[p])
		n.read[p] += len(lines)
		for _, line := range lines {
			if e, ok := lab.ParseEvent(line); ok {
				if what := describe(e); what != "" {
					items = append(items, item{e.Read, d.Name(), what})
				}
			}
		}
	}
	return items
}

// describe puts the events that an operator waits for into words.
func describe(e lab.Event) string {
	switch e.Name {
	case "vrrp.transition":
		what := fmt.Sprintf("%s → %s%s%s", e.From, bold, e.To, plain)
		if e.Reason != "" {
			what += " (" + e.Reason + ")"
		}
		return what
	case "real_server.up":
		return fmt.Sprintf("%s %sup%s", e.Server, green, plain)
	case "real_server.down":
		return fmt.Sprintf("%s %sdown%s: %s", e.Server, red, plain, e.Error)
	case "vrrp.fault", "vrrp.fault_cleared", "address.restored", "daemon.recovered", "ipvs.error", "quorum.lost", "quorum.gained":
		return strings.TrimSpace(e.Name + " " + e.Reason + " " + e.Error)
	}
	return ""
}

// rate shows how the client fares: always on a terminal, now and then in text.
func (n *news) rate() {
	if n.client == nil {
		return
	}
	now := time.Now()
	last := n.client.Since(now.Add(-time.Second))
	served := last.Servers()
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(served)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, served[name]))
	}
	line := fmt.Sprintf("%d requests/s  %s", len(last)-last.Failed(), strings.Join(parts, "  "))
	if f := last.Failed(); f > 0 {
		line += fmt.Sprintf("  %sfailed %d%s", red, f, plain)
	}
	line = n.screen.line(now, "client", line)
	n.screen.now(line)
	if now.Sub(n.rated) > 5*time.Second {
		n.rated = now
		n.screen.passing(line)
	}
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
}
