package vrrp

import (
	"slices"
	"time"
)

// settle is the longest that an election takes once nothing fails any more: a
// resigned master's wait and the successor's, the down interval of the slowest
// clock, a preemption that is put off, and ten times as much where an interval
// was learned from a forger.
func (s *simulation) settle() time.Duration {
	d := s.calmDown()
	if !s.clean {
		d += 5 * MaxLearned * s.plan.longest()
	}
	return d
}

// quiet lets the election settle and audits the cluster.
func (s *simulation) quiet() {
	s.run(s.settle())
	s.one(^uint64(0))
	if s.failed != nil {
		return
	}
	h := s.holders()[0]
	before, intervals := s.adverts, s.plan.quiet
	s.run(time.Duration(intervals) * h.cfg.Interval)
	if n := s.adverts - before; n < intervals-1-intervals/50 || n > intervals+1+intervals/50 {
		s.fail("I8", "%d adverts in %d quiet intervals", n, intervals)
	}
	if !s.missed {
		s.reached(^uint64(0))
	}
	for _, hosts := range s.cache { // those that missed an announcement ask again
		for host := range hosts {
			hosts[host] = h.index
		}
	}
	// Who stands by, after a concession that came when the faults were over, will come back.
	standby := slices.ContainsFunc(s.nodes, func(n *simNode) bool { return n.seen.standby })
	s.clean, s.missed, s.calm = true, false, calm{on: !standby}
}

// one asks a side of the network for exactly one holder, whom nobody of that side
// would preempt.
func (s *simulation) one(side uint64) {
	var holder *simNode
	for _, n := range s.holders() {
		if side>>n.index&1 == 0 {
			continue
		}
		if holder != nil {
			s.fail("I11", "nodes %d and %d hold", holder.index, n.index)
			return
		}
		holder = n
	}
	if holder == nil {
		s.fail("I13", "nobody holds")
		return
	}
	for _, n := range s.nodes {
		if side>>n.index&1 == 1 && n.alive && !n.ending && !n.cfg.NoPreempt && !n.seen.standby && n.Priority() > holder.Priority() {
			s.fail("I12", "node %d of priority %d holds, not node %d of %d", holder.index, holder.Priority(), n.index, n.Priority())
		}
	}
}

// reached asks whether every host of a side sends to the holder.
func (s *simulation) reached(side uint64) {
	for _, h := range s.holders() {
		for link, hosts := range s.cache {
			for host, to := range hosts {
				if side>>h.index&1 == 1 && side>>host&1 == 1 && to != h.index {
					s.fail("I17", "host %d on link %d sends to node %d, node %d holds", host, link, to, h.index)
				}
			}
		}
	}
}

// best is the node of a side whose down timer fires first, among those that live:
// of equals the clocks decide.
func (s *simulation) first(side uint64) (b *simNode) {
	for _, n := range s.nodes {
		if n.alive && !n.ending && side>>n.index&1 == 1 && (b == nil || n.Priority() > b.Priority()) {
			b = n
		}
	}
	return b
}

// slack is what clocks may differ by in a time.
func slack(d time.Duration) time.Duration { return d/100 + time.Microsecond }

// finish ends a history with one fault whose bounds are known.
func (s *simulation) finish() {
	if s.failed != nil {
		return
	}
	h := s.holders()[0]
	s.run(time.Duration(s.rng.Int64N(int64(h.cfg.Interval))))
	for s.flying() { // one overtaken by the last word would take it back
		s.run(s.plan.delay)
	}
	s.calm.on = s.plan.finale == "link" || s.plan.finale == "member"
	switch s.plan.finale {
	case "crash":
		s.crash(h)
	case "stop":
		s.stop(h)
	case "partition":
		s.parted()
	case "pause":
		s.slept(h)
	case "yield":
		s.yielded(h)
	case "link":
		s.oneLink(h)
	case "member":
		s.memberDown(h)
	}
}

// flying tells whether a packet is on its way.
func (s *simulation) flying() bool {
	return slices.ContainsFunc(s.queue, func(e event) bool { return e.kind == arrives })
}

// crash: a new master within the down interval of the first of the others, and not
// before two intervals and its skew have passed.
func (s *simulation) crash(h *simNode) {
	a, died := h.cfg.Interval, s.now
	h.kill()
	b := s.first(^uint64(0))
	skew := SkewTime(s.plan.version, b.Priority(), a)
	earliest := 2*a + skew - s.plan.delay
	earliest -= slack(4*a + skew) // both clocks count: the dead one's last interval, and the wait
	s.run(earliest)
	if len(s.holders()) != 0 {
		s.fail("I13", "a new master %v after the old one died, before %v", time.Duration(s.now-died), earliest)
	}
	latest := 3*a + skew + s.plan.delay
	s.run(latest + slack(latest) - time.Duration(s.now-died))
	if len(s.holders()) == 0 {
		s.fail("I13", "no master within the down interval, %v", latest)
	}
	s.run(s.lease() + s.settle())
	if h.held {
		s.fail("I5", "the kernel of a dead node holds the addresses after the lease")
	}
	s.one(^uint64(0))
}

// stop: the successor holds within its skew, and somebody holds all the time.
func (s *simulation) stop(h *simNode) {
	b := s.successor(h)
	skew := SkewTime(s.plan.version, b.Priority(), b.seen.interval) + 2*s.plan.delay
	h.ending = true
	h.step(Shutdown{})
	s.unbroken(h, h.cfg.Interval, skew+slack(skew))
	s.run(s.settle())
	if h.State() != Initialize || h.seen.resigned != 1 {
		s.fail("I7", "node %d in %v after it stopped, %d adverts of priority 0", h.index, h.State(), h.seen.resigned)
	}
	s.one(^uint64(0))
}

// successor is the first of the others.
func (s *simulation) successor(h *simNode) *simNode {
	return s.first(^(uint64(1) << h.index))
}

// unbroken waits for another holder than h, and wants one at every instant, unless
// h cannot be expected to wait for so long.
func (s *simulation) unbroken(h *simNode, patience, within time.Duration) {
	patient := patience-slack(patience) > within
	for end := s.now + int64(within); s.now < end && s.failed == nil; {
		s.run(within / 100)
		now := s.holders()
		if len(now) == 0 && patient {
			s.fail("I14", "nobody holds while node %d hands over", h.index)
			return
		}
		for _, n := range now {
			if n != h {
				return
			}
		}
	}
	s.fail("I14", "nobody takes over from node %d within %v", h.index, within)
}

// yielded: a hand-over that is asked for is one that is seen by nobody, and lasts
// until it is taken back.
func (s *simulation) yielded(h *simNode) {
	if h.owner() { // which refuses
		h.step(Yield{})
		s.run(s.settle())
		s.one(^uint64(0))
		return
	}
	b := s.successor(h)
	skew := SkewTime(s.plan.version, b.Priority(), b.seen.interval) + 2*s.plan.delay
	h.step(Yield{})
	s.unbroken(h, yieldIntervals*h.cfg.Interval, skew+slack(skew))
	s.run(s.settle())
	s.one(^uint64(0))
	if h.held {
		s.fail("I3", "node %d holds again before it is told to", h.index)
	}
	h.step(TakeBack{})
	s.run(s.settle())
	s.one(^uint64(0))
	s.reached(^uint64(0))
}

// parted: one master on each side, and one interval after the healing only one.
func (s *simulation) parted() {
	side := s.rng.Uint64()
	s.part(side, s.plan.all()...)
	s.run(s.settle())
	for _, half := range []uint64{side, ^side} {
		if s.first(half) != nil && s.first(half).index < len(s.nodes) {
			s.one(half)
			s.reached(half)
		}
	}
	if s.failed != nil {
		return
	}
	s.cut = [maxLinks]uint64{}
	bound := s.plan.longest() + s.plan.delay
	s.run(bound + slack(bound))
	if h := s.holders(); len(h) != 1 {
		s.fail("I15", "%d masters %v after the healing", len(h), bound)
		return
	}
	again := 2*s.plan.delay + s.plan.longest()/10
	s.run(again)
	s.reached(^uint64(0))
	s.run(s.settle())
	s.one(^uint64(0))
}

// slept: a master that slept through its peers' down timers lets go before it does
// anything else; one that slept less answers who is lesser, says a last word to who
// is not, and is at peace with who took over two packets later.
func (s *simulation) slept(h *simNode) {
	down := DownInterval(s.plan.version, h.Priority(), h.cfg.Interval)
	asleep := time.Duration(s.rng.Int64N(int64(8 * h.cfg.Interval)))
	h.pause()
	s.run(asleep)
	adverts, most := s.adverts, 1
	for _, q := range h.inbox {
		if compare(q, h.Priority()) < 0 {
			most++
		}
	}
	if asleep > down+slack(down) && !h.owner() {
		most = 0
	}
	h.resume()
	if h.State() != Master && s.adverts-adverts > most {
		s.fail("I16", "node %d sent %d adverts on waking up, not %d at most", h.index, s.adverts-adverts, most)
	}
	if h.State() == Master {
		s.run(2*s.plan.delay + time.Microsecond)
	}
	if held := s.holders(); h.held && len(held) > 1 {
		s.fail("I16", "%d masters after node %d woke", len(held), h.index)
	}
	s.run(s.settle())
	s.one(^uint64(0))
	s.reached(^uint64(0))
}
