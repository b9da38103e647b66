package vrrp

import (
	"slices"
	"time"
)

// lacksLink tells whether a link of the node is down.
func (n *simNode) lacksLink() bool { return n.down != [maxLinks]bool{} }

// unplug takes a member's link from one node, plug gives it back. The node is told
// of either a little later.
func (s *simulation) unplug(n *simNode, link int) {
	n.down[link] = true
	s.after(s.transit(), event{kind: carrier, node: n.index, life: n.life})
}

func (s *simulation) plug(n *simNode, link int) {
	n.down[link] = false
	s.after(s.transit(), event{kind: carrier, node: n.index, life: n.life})
}

// carrier is the news of the links, as they are by now. A new life looks for
// itself, and who sleeps reads them a little after it woke.
func (n *simNode) carrier(e event) {
	switch {
	case n.life != e.life || !n.alive:
	case n.paused:
		n.unread = true
	case n.lacksLink():
		n.unlinked, n.well = true, false
		n.wake(Failed{"link_down"})
	case n.unlinked:
		n.unlinked = false
		n.recover()
	}
}

// calm judges a settled cluster to which nothing happens but to its links, in a way
// that leaves every two nodes without a fault one link that loses nothing. As long as
// no link is taken from a node or given back, nobody changes state. After that
// everybody becomes master once at most, and when it has settled nobody does; a
// resignation on several links must reach everybody before the first of them takes
// over, or its last copy speaks against the new master.
type calm struct {
	on      bool
	since   int64 // the last time that a link was taken or given back; 0: never
	masters [8]int
}

// harmless are the faults that move nobody in a settled cluster, as long as it is
// joined.
var harmless = []string{"loss", "one-way loss", "partition", "deaf", "mute", "clog", "double", "resume", "start", "recover", "rob", "take back", "spoil", "reload", "link down", "link up"}

// disturb follows a fault that begins.
func (s *simulation) disturb(t *trouble) {
	s.calm.on = s.calm.on && slices.Contains(harmless, t.what)
	if t.what == "link down" || t.what == "link up" {
		s.calm.since, s.calm.masters = s.now, [8]int{}
	}
}

// joined tells whether every two nodes whose links are all there have one that loses
// nothing, in both directions.
func (s *simulation) joined() bool {
	for _, a := range s.nodes {
		for _, b := range s.nodes {
			if a != b && !a.lacksLink() && !b.lacksLink() && !slices.ContainsFunc(s.plan.all(), func(link int) bool {
				way := 8*a.index + b.index
				return (s.cut[link]|s.clog[link])>>way&1 == 0 && s.loss[link][way] == 0
			}) {
				return false
			}
		}
	}
	return true
}

func (c *calm) judge(n *simNode, t Transition) {
	if !c.on {
		return
	}
	s := n.sim
	if over := time.Duration(s.now - c.since); c.since == 0 || over > s.calmDown() {
		s.fail("I19", "node %d goes from %v to %v (%s) while every two nodes have a link", n.index, t.From, t.To, t.Reason)
	}
	if t.To == Master && s.prompt() {
		if c.masters[n.index]++; c.masters[n.index] > 1 {
			s.fail("I19", "node %d is master for the second time after one change of a link", n.index)
		}
	}
}

// prompt tells whether a packet is faster than any skew.
func (s *simulation) prompt() bool {
	return !slices.ContainsFunc(s.nodes, func(n *simNode) bool {
		skew := SkewTime(s.plan.version, n.cfg.Priority, n.cfg.Interval)
		return s.plan.delay+slack(skew) > skew
	})
}

// calmDown is the longest that an election takes after a link changed.
func (s *simulation) calmDown() time.Duration {
	d := 8*s.plan.longest() + 4*s.plan.delay
	if p := s.plan.patience(); p > 0 {
		d += p + 5*s.plan.longest()
	}
	return d + d/50
}

// oneLink: whatever is the matter with one link of several, the others carry the
// election, and nobody changes state.
func (s *simulation) oneLink(h *simNode) {
	if s.plan.links == 1 {
		return
	}
	link, n := s.rng.IntN(s.plan.links), s.nodes[s.rng.IntN(len(s.nodes))]
	switch s.rng.IntN(3) {
	case 0:
		s.deafen(n, link)
	case 1:
		s.cut[link] |= 0xff << (8 * n.index)
	case 2:
		s.part(s.rng.Uint64(), link)
	}
	before := s.transitions
	s.run(10 * s.plan.longest())
	if s.transitions != before || len(s.holders()) != 1 || !h.held {
		s.fail("I19", "%d transitions for one link of %d", s.transitions-before, s.plan.links)
	}
	s.heal()
	s.run(2 * s.plan.longest())
	if s.transitions != before {
		s.fail("I19", "%d transitions as the link came back", s.transitions-before)
	}
}

// memberDown: a master that loses one link of several lets go of everything, and is
// followed within the successor's skew; when the link is back nobody is master twice.
func (s *simulation) memberDown(h *simNode) {
	if s.plan.links == 1 {
		return
	}
	b, link := s.successor(h), s.rng.IntN(s.plan.links)
	within := SkewTime(s.plan.version, b.Priority(), b.seen.interval) + 2*s.plan.delay
	s.begin(&trouble{what: "link down", node: h.index, side: uint64(link) << 33})
	h.carrier(event{life: h.life}) // at once: an advert on its way would take back the last word
	if h.held {
		s.fail("I19", "node %d holds with link %d down", h.index, link)
	}
	s.run(within + slack(within))
	if len(s.holders()) == 0 {
		s.fail("I19", "nobody takes over from node %d within %v", h.index, within)
	}
	s.run(s.settle())
	s.one(^(uint64(1) << h.index))
	s.begin(&trouble{what: "link up", node: h.index, side: uint64(link) << 33})
	s.run(s.settle())
	s.one(^uint64(0))
}
