package vrrp

import (
	"fmt"
	"net/netip"
	"time"
)

// simNode is a machine with what a router, a kernel and a supervisor are to it.
type simNode struct {
	*Machine
	sim    *simulation
	index  int
	cfg    Config
	source [maxLinks]netip.Addr // by link
	ppm    int64                // how much faster its clock runs
	offset time.Duration

	alive, paused, held bool
	ending              bool           // told to stop
	well                bool           // what made it unfit is over, and it still hands over
	down                [maxLinks]bool // its links that have no carrier
	unlinked            bool           // it knows of one that is down
	unread              bool           // there is news of its links that it slept through
	refuses             bool           // its kernel refuses the addresses
	robbed              bool           // another tool has removed them
	leased              int64          // when its kernel lets go of the addresses, as long as nobody renews
	inbox               []Heard
	timer               int64 // when a timer event is queued; 0: none
	life                int   // how often it was started, which voids the events of earlier lives
	announcing          bool
	overdue             bool // an announcement fell due while it was paused
	seen                shadow
	contest             struct{ since, last time.Time } // with another master; zero: there is none
}

func (n *simNode) owner() bool { return n.cfg.Priority == Owner }

func (n *simNode) hears(p *Packet, link int) Heard {
	return Heard{Packet: *p, Member: link, Local: n.source[link]}
}

// sourceOf is a node's address on a link. Each link has another order of them.
func sourceOf(node, nodes, link int) netip.Addr {
	if link%2 == 1 {
		node = nodes - 1 - node
	}
	return netip.AddrFrom4([4]byte{192, 0, byte(2 + link), byte(10 + node)})
}

// linkOf is the link that an address is on.
func linkOf(source netip.Addr) int { return int(source.As4()[2]) - 2 }

// clock is the node's own time at an instant of the world.
func (n *simNode) clock(world int64) time.Time {
	const million = 1_000_000
	drift := world/million*n.ppm + world%million*n.ppm/million
	return epoch.Add(time.Duration(world+drift) + n.offset)
}

// world is the first instant at which the node's clock shows t.
func (n *simNode) world(t time.Time) int64 {
	local := int64(t.Sub(epoch) - n.offset)
	w := local - int64(float64(local)*float64(n.ppm)/float64(1_000_000+n.ppm)) - 2
	for n.clock(w).Before(t) {
		w++
	}
	return w
}

// start is a supervisor's: what an earlier life left behind is handed over first.
func (n *simNode) start() {
	n.well = false
	n.life++
	n.alive, n.paused, n.ending, n.inbox, n.announcing, n.overdue, n.leased = true, false, false, nil, false, false, 0
	n.Machine, n.seen, n.unlinked, n.unread = NewMachine(n.cfg), shadow{}, n.lacksLink(), false
	if n.held && !n.unlinked {
		n.step(Resign{})
	} else {
		n.begin()
	}
	if n.held && !n.Holding() {
		n.sim.fail("I21", "node %d starts as %v and holds what its earlier life held", n.index, n.State())
	}
}

// begin leaves Initialize as the router does.
func (n *simNode) begin() {
	if n.unlinked {
		n.step(Failed{"link_down"})
		return
	}
	n.step(Startup{})
}

// kill ends a process without a word. Its kernel holds the addresses until their
// lease ends.
func (n *simNode) kill() {
	n.alive, n.announcing = false, false
	n.leaseRuns()
}

func (n *simNode) pause() {
	if !n.paused {
		n.paused = true
		n.leaseRuns()
	}
}

// leaseRuns begins the end of what nobody renews. An owner's addresses are its
// node's, and go with the node.
func (n *simNode) leaseRuns() {
	switch {
	case n.owner() && !n.alive:
		n.held = false
	case n.held && !n.owner():
		n.leased = n.sim.now + int64(n.sim.lease())
		n.sim.after(n.sim.lease(), event{kind: leaseEnds, node: n.index})
	}
}

// resume wakes a node as the router does: the machine first finds out how long it
// slept, then hears what is queued, and only then that its time is over.
func (n *simNode) resume() {
	if n.paused = false; !n.alive {
		return
	}
	if n.unread {
		n.unread = false
		n.sim.after(n.sim.plan.delay, event{kind: carrier, node: n.index, life: n.life})
	}
	n.seen.stalled, n.leased = true, 0
	n.wake(Woke{})
	inbox := n.inbox
	n.inbox = nil
	for link := range n.sim.plan.links {
		var found words
		for _, h := range inbox {
			if h.Member == link {
				found = found.add(h.Packet)
			}
		}
		for _, p := range found {
			n.step(n.hears(&p, link))
		}
	}
	n.step(Timeout{})
	n.seen.stalled = false
	if n.overdue && n.announcing {
		n.sim.announce(n)
	}
	n.overdue = false
}

// wake is a step as the router takes it.
func (n *simNode) wake(ev Event) {
	n.step(ev)
	if n.alive && n.State() == Initialize && !n.ending {
		n.begin()
	}
}

// reload tells the machine what it is configured to do already.
func (n *simNode) reload() {
	n.unmoved("I20", "a reload that changes nothing", func() {
		n.step(SetPriority{n.Priority()})
		n.step(SetPreempt{n.cfg.NoPreempt, n.cfg.PreemptDelay})
	})
}

// unmoved wants the machine to be afterwards what it was before, to the last timer,
// and to have said nothing.
func (n *simNode) unmoved(id, what string, do func()) {
	n.step(Woke{}) // as any news of a router does
	before, adverts := fmt.Sprintf("%+v", *n.Machine), n.sim.adverts
	do()
	if after := fmt.Sprintf("%+v", *n.Machine); after != before || n.sim.adverts != adverts {
		n.sim.fail(id, "node %d: %s makes %s of %s", n.index, what, after, before)
	}
}

// recover is the end of a fault, which may not even have begun: then a master that
// hands over comes back when it has.
func (n *simNode) recover() {
	if n.unlinked {
		return
	}
	n.well = n.State() == Leaving
	if n.State() == Fault {
		n.step(Recovered{})
	}
}

// step feeds the machine and does what it answers, as the router does.
func (n *simNode) step(ev Event) {
	defer func() {
		if n.well && n.State() == Fault {
			n.well = false
			n.step(Recovered{})
		}
		if n.concedes() {
			n.step(Yield{Reason: ReasonSplit})
		}
	}()
	for ev != nil && n.sim.failed == nil {
		now := n.clock(n.sim.now)
		n.told(now, ev)
		before := n.State()
		actions := n.Step(now, ev)
		n.judge(now, before, ev, actions)
		ev = n.perform(actions)
	}
	n.settled()
	n.arm()
}

func (n *simNode) perform(actions []Action) (next Event) {
	for _, a := range actions {
		switch a := a.(type) {
		case Claim:
			if n.refuses {
				next = Failed{ReasonClaim}
				n.sim.after(n.sim.plan.longest()*4, event{kind: retries, node: n.index, life: n.life})
				continue
			}
			n.held, n.robbed = true, false
		case Release:
			n.held, n.robbed = false, false
		case Advertise:
			if next == nil {
				n.sim.send(n, a.Priority)
			}
		case Announce, Reannounce:
			if next == nil {
				n.announcing = true
				n.sim.announce(n)
				n.sim.after(n.cfg.Interval, event{kind: announces, node: n.index, life: n.life})
			}
		case Silence:
			n.announcing = false
		case Contested:
			n.contested(n.clock(n.sim.now), a.Packet)
		}
	}
	return next
}

// contested notes another master, and concedes as a router does.
func (n *simNode) contested(now time.Time, p Packet) {
	if now.Sub(n.contest.last) > DownInterval(n.cfg.Version, n.cfg.Priority, max(p.Interval, n.cfg.Interval)) {
		n.contest.since = now
	}
	n.contest.last = now
}

func (n *simNode) concedes() bool {
	if !n.sim.plan.concedes || n.State() != Master || n.owner() || n.contest.last.Sub(n.contest.since) < ConcedeAfter(n.cfg.Interval) {
		return false
	}
	n.contest.since, n.contest.last = time.Time{}, time.Time{}
	n.sim.conceded++
	return true
}

// arm queues a timer event, unless an earlier one is queued already, which will
// find that the deadline has moved.
func (n *simNode) arm() {
	d := n.Deadline()
	if d.IsZero() || !n.alive || n.paused {
		return
	}
	at := max(n.world(d), n.sim.now)
	if n.timer != 0 && n.timer >= n.sim.now && n.timer <= at {
		return
	}
	n.timer = at
	n.sim.seq++
	n.sim.queue.push(event{at: at, seq: n.sim.seq, kind: timerDue, node: n.index})
}
