package vrrp

import (
	"net/netip"
	"time"
)

// shadow is what a node's behaviour is judged by: its inputs, followed without
// the machine.
type shadow struct {
	lawful   time.Time     // when it may take over, as long as nothing more is heard
	interval time.Duration // of the master it follows
	base     time.Time     // since when that master is silent; zero: lawful does not move
	lower    time.Time     // when a master of lower priority was first heard
	standby  bool          // it yielded
	line     time.Time     // the last point of the line its adverts are on
	stalled  bool          // it is waking up
	answers  int           // adverts beside the line since then
	repeats  int           // announcements provoked since then
	resigned int           // adverts of priority 0 since it was master
	last     State         // that the last transition led to
	chained  bool          // there was one
}

// told follows an input.
func (n *simNode) told(now time.Time, ev Event) {
	switch ev := ev.(type) {
	case Yield:
		n.seen.standby = n.seen.standby || n.State() != Master
	case TakeBack:
		n.seen.standby = false
	case SetPriority:
		if n.owner() {
			return
		}
		if n.State() == Backup && !n.seen.base.IsZero() {
			n.seen.lawful = n.seen.base.Add(DownInterval(n.cfg.Version, ev.Priority, n.seen.interval))
		} else if n.State() == Backup && !n.resignedHeard() {
			n.seen.lawful = n.seen.lawful.Add(SkewTime(n.cfg.Version, ev.Priority, n.seen.interval) - SkewTime(n.cfg.Version, n.Priority(), n.seen.interval))
		}
	case Heard:
		if n.State() != Backup {
			return
		}
		switch p := ev.Packet; {
		case p.Priority == 0:
			n.seen.lawful, n.seen.base = now.Add(SkewTime(n.cfg.Version, n.Priority(), n.seen.interval)), time.Time{}
		case p.Priority >= n.Priority():
			n.follows(now, p.Interval)
			n.seen.lower = time.Time{}
		case n.cfg.NoPreempt && !n.owner() || n.seen.standby:
			n.follows(now, p.Interval)
		default:
			if n.seen.lower.IsZero() {
				n.seen.lower = now
			}
			if !n.owner() && now.Before(n.seen.lower.Add(n.cfg.PreemptDelay)) {
				n.follows(now, p.Interval)
			}
		}
	}
}

func (n *simNode) resignedHeard() bool { return n.Machine.resigned }

func (n *simNode) follows(now time.Time, interval time.Duration) {
	n.seen.interval = min(interval, MaxLearned*n.cfg.Interval)
	n.seen.base = now
	n.seen.lawful = now.Add(DownInterval(n.cfg.Version, n.Priority(), n.seen.interval))
}

// judge holds a step's actions against the invariants.
func (n *simNode) judge(now time.Time, before State, ev Event, actions []Action) {
	s := n.sim
	released, silenced, advertised, claimed := false, false, false, before == Master || before == Leaving
	for _, a := range actions {
		switch a := a.(type) {
		case Claim:
			claimed = true
		case Silence:
			silenced = true
		case Release:
			if n.announcing && !silenced {
				s.fail("I6", "node %d releases while it announces", n.index)
			}
			released, claimed = true, false
		case Advertise:
			if released || !claimed && before != Initialize {
				s.fail("I6", "node %d advertises what it does not hold: %v", n.index, actions)
			}
			advertised = true
			n.advertises(now, ev, a.Priority, claimed && before != Master)
		case Announce, Reannounce:
			if !claimed {
				s.fail("I6", "node %d announces what it does not hold: %v", n.index, actions)
			}
			if _, again := a.(Reannounce); again && ev != Event(Woke{}) {
				n.seen.repeats++
			}
		case Become:
			n.changes(now, a.Transition)
		}
	}
	if n.seen.repeats > MaxAnswers {
		s.fail("I9", "node %d was made to announce %d times between two adverts", n.index, n.seen.repeats)
	}
	if h, ok := ev.(Heard); ok && before == Master && n.State() == Master && h.Packet.Priority > 0 && h.Packet.Source != h.Local && !n.later(h) && !advertised && n.seen.answers < MaxAnswers {
		s.fail("I8", "node %d does not answer %v of priority %d", n.index, h.Packet.Source, h.Packet.Priority)
	}
	if n.State() == Backup && (n.Machine.interval != n.seen.interval || n.seen.interval > MaxLearned*n.cfg.Interval) {
		s.fail("I10", "node %d follows an interval of %v, not %v", n.index, n.Machine.interval, n.seen.interval)
	}
}

// advertises judges one advert.
func (n *simNode) advertises(now time.Time, ev Event, priority uint8, entry bool) {
	s := n.sim
	timeout := false
	if _, ok := ev.(Timeout); ok {
		timeout = true
	}
	zero := false
	if h, ok := ev.(Heard); ok {
		zero = h.Packet.Priority == 0
	}
	switch {
	case priority == 0:
		if n.seen.resigned++; n.seen.resigned > 1 {
			s.fail("I7", "node %d resigns %d times", n.index, n.seen.resigned)
		}
		return
	case n.seen.resigned > 0 && n.State() != Master:
		s.fail("I7", "node %d advertises priority %d after it resigned", n.index, priority)
	case entry, ev == Event(Woke{}): // an owner that slept begins anew
		n.seen.line, n.seen.answers, n.seen.repeats = now, 0, 0
	case timeout && !n.seen.stalled:
		if gap := now.Sub(n.seen.line); gap < n.cfg.Interval-time.Microsecond || gap > n.cfg.Interval+time.Microsecond {
			s.fail("I8", "node %d: %v between two adverts, not %v", n.index, gap, n.cfg.Interval)
		}
		n.seen.line, n.seen.answers, n.seen.repeats = now, 0, 0
	case timeout: // late by a stall: the line stays where it was
		for !n.seen.line.Add(n.cfg.Interval).After(now) {
			n.seen.line = n.seen.line.Add(n.cfg.Interval)
		}
		n.seen.answers, n.seen.repeats = 0, 0
	case zero:
		n.seen.line = now
		n.seen.answers++
	default:
		n.seen.answers++
	}
	if n.seen.answers > MaxAnswers+1 {
		s.fail("I9", "node %d was made to advertise %d times between two adverts of its own", n.index, n.seen.answers)
	}
}

// changes judges a transition by its reason.
func (n *simNode) changes(now time.Time, t Transition) {
	s := n.sim
	s.transitions++
	if t.From == Master {
		n.contest.since, n.contest.last = time.Time{}, time.Time{}
	}
	s.calm.judge(n, t)
	if n.seen.chained && n.seen.last != t.From || !n.seen.chained && t.From != Initialize {
		s.fail("I23", "node %d was in %v, says %v", n.index, n.seen.last, t.From)
	}
	n.seen.last, n.seen.chained = t.To, true
	switch {
	case t.To == Master && t.From == Leaving && n.owner(): // which refused to begin
		n.seen.standby = false
	case t.To == Master && t.From == Leaving:
		n.seen.line, n.seen.answers, n.seen.repeats, n.seen.resigned, n.seen.standby = now, 0, 0, 0, false
	case t.To == Master && t.From != Backup:
		if !n.owner() {
			s.fail("I2", "node %d is master without having been backup", n.index)
		}
		n.seen.standby, n.seen.resigned = false, 0
	case t.To == Master:
		if now.Before(n.seen.lawful) {
			s.fail("I2", "node %d takes over %v too early (%s)", n.index, n.seen.lawful.Sub(now), t.Reason)
		}
		if t.Reason == ReasonPreempt && !n.owner() && now.Before(n.seen.lower.Add(n.cfg.PreemptDelay)) {
			s.fail("I2", "node %d preempts %v before its delay is over", n.index, n.seen.lower.Add(n.cfg.PreemptDelay).Sub(now))
		}
		n.seen.standby, n.seen.resigned = false, 0
	case t.To == Backup:
		if t.From == Master && t.Reason != ReasonStalled && !n.loses(t.Peer, t.PeerPriority) {
			if n.owner() {
				s.fail("I4", "the owner yields to %v of priority %d", t.Peer, t.PeerPriority)
			}
			s.fail("I3", "node %d yields to %v of priority %d", n.index, t.Peer, t.PeerPriority)
		}
		n.entersBackup(now, t)
	case t.From == Master && t.To == Leaving:
		n.seen.standby = t.Reason == ReasonHandover || t.Reason == ReasonSplit
	case t.From == Master && t.To != Fault:
		s.fail("I3", "node %d goes from master to %v", n.index, t.To)
	}
	if t.To == Fault {
		n.seen.resigned = 0
	}
}

func (n *simNode) loses(peer netip.Addr, priority uint8) bool {
	return priority > n.Priority() || priority == n.Priority() && peer.Compare(n.source[linkOf(peer)]) > 0
}

// later tells whether an advert may have to wait for the word of an earlier link:
// an equal's, where addresses decide.
func (n *simNode) later(h Heard) bool { return h.Member > 0 && h.Packet.Priority == n.Priority() }

func (n *simNode) entersBackup(now time.Time, t Transition) {
	n.seen.interval, n.seen.lower = n.cfg.Interval, time.Time{}
	n.follows(now, n.cfg.Interval)
	switch t.Reason {
	case ReasonStalled:
		if n.owner() {
			n.sim.fail("I4", "the owner gives up its own addresses")
		}
		n.seen.base, n.seen.lawful = time.Time{}, now.Add(SkewTime(n.cfg.Version, n.Priority(), n.cfg.Interval))
	case ReasonHigherPriority, ReasonHigherAddress, ReasonHandover, ReasonSplit:
		n.seen.interval = n.Machine.interval // that of the advert, which judge compares next time
		n.seen.lawful = now.Add(DownInterval(n.cfg.Version, n.Priority(), n.seen.interval))
	}
}

// settled holds what a node has against what it is.
func (n *simNode) settled() {
	lost := n.robbed || n.State() == Leaving && n.seen.stalled // to another tool, or with the lease
	if n.held != n.Holding() && !(n.Holding() && lost) {
		n.sim.fail("I5", "node %d in %v holds: %v", n.index, n.State(), n.held)
	}
	if n.unlinked && (n.held || n.State() == Master) {
		n.sim.fail("I19", "node %d is %v with a link down, holds: %v", n.index, n.State(), n.held)
	}
	if len(n.Machine.masters) > n.sim.plan.links || len(n.Machine.words) > n.sim.plan.links {
		n.sim.fail("I24", "node %d remembers %d masters on %d links", n.index, len(n.Machine.masters), n.sim.plan.links)
	}
	if n.announcing && !n.Holding() {
		n.sim.fail("I6", "node %d announces in %v", n.index, n.State())
	}
}
