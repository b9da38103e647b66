package garp

import (
	"hash/fnv"
	"net/netip"
	"slices"
	"time"
)

// The budget. It holds whatever peers do, because a peer that provokes
// announcements must not turn this node into a reflector. What exceeds
// it is postponed, never dropped, so the last word stays ours.
const (
	// Rounds: after 2×Count+10 at once one every two seconds, so at most
	// 2×Count+40 announcements of an address in any minute. Only a Refresh of
	// less than four seconds raises this, to twice what it asks for.
	roundPeriod  = 2 * time.Second
	roundReserve = 10 // of these only the first round of a takeover may use
	// Repeats are rounds too; on top of that, they come at least a second apart
	// and after five in a row every four seconds.
	repeatGap    = time.Second
	repeatPeriod = 4 * time.Second
	repeatBurst  = 5
)

// Plan says how often a held address is announced.
type Plan struct {
	Count    int           // rounds in a burst, 1 or more; a round announces every address once
	Interval time.Duration // pause between two announcements; 0: a round at a time without pause
	Delay    time.Duration // second burst this long after the first; 0: none
	Refresh  time.Duration // then a round at least this often; 0: never
}

// Schedule decides when the addresses of one holder are announced. It works in
// rounds: every address once before any twice. It has no clock and no
// goroutine: the owner calls Due whenever Deadline has passed and announces
// what it gets.
type Schedule struct {
	plan   Plan
	addrs  []netip.Addr
	rounds limit
	again  limit

	on       bool
	first    bool      // the takeover's first round is still to come
	left     int       // rounds left in the burst
	second   time.Time // start of the second burst; zero: none
	refresh  time.Time // zero: none
	repeat   time.Time // zero: none
	provoked time.Time // last call of Repeat
	repeated time.Time // last repeat sent

	position int       // of the round going on: addresses announced
	pace     time.Time // nothing before this
}

// NewSchedule returns a schedule that announces nothing until Start.
func NewSchedule(plan Plan, addrs []netip.Addr) *Schedule {
	period := roundPeriod
	if plan.Refresh > 0 {
		period = min(period, plan.Refresh/2) // what the operator asked for is within the budget
	}
	return &Schedule{
		plan:   plan,
		addrs:  slices.Clone(addrs),
		rounds: limit{burst: 2*plan.Count + roundReserve, period: period},
		again:  limit{burst: repeatBurst, period: repeatPeriod},
	}
}

// Start begins anew, as the node has taken the addresses: a burst at once, a
// second one after Delay, then refreshes.
func (s *Schedule) Start(now time.Time) {
	s.Stop()
	if len(s.addrs) == 0 {
		return
	}
	s.on, s.first = true, true
	s.left, s.pace = s.plan.Count, now
	if s.plan.Delay > 0 {
		s.second = now.Add(s.plan.Delay)
	}
	s.refreshAfter(now)
}

// Change goes over to another plan and to other addresses, one or more, without a word
// about those that stay, except where some are new: these are announced, with the
// others, as by Start.
func (s *Schedule) Change(plan Plan, addrs []netip.Addr, now time.Time) {
	added := slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !slices.Contains(s.addrs, a) })
	next := NewSchedule(plan, addrs)
	s.plan, s.addrs, s.position = plan, next.addrs, 0
	s.rounds.burst, s.rounds.period = next.rounds.burst, next.rounds.period
	switch {
	case !s.on:
	case added:
		s.Start(now)
	default:
		s.refresh = time.Time{}
		s.refreshAfter(now)
	}
}

// Repeat asks for one more round, as another node that claimed the addresses
// was heard and may have announced them: now, and once more a second
// after the last call, so that ours is the last word on the wire. It may be
// called as often as a peer likes; the budget holds. Before Start it
// does nothing.
func (s *Schedule) Repeat(now time.Time) {
	if !s.on {
		return
	}
	s.provoked = now
	if s.repeat.IsZero() {
		s.repeatAt(now)
	}
}

// Again is a Repeat for a reason of this node's own, which no peer provokes: only the
// budget of rounds may delay the first.
func (s *Schedule) Again(now time.Time) {
	if s.on {
		s.left = max(s.left, 1)
		s.Repeat(now)
	}
}

// Stop cancels everything. The budget is not refilled by it.
func (s *Schedule) Stop() {
	s.on, s.first, s.left, s.position = false, false, 0, 0
	s.second, s.refresh, s.repeat = time.Time{}, time.Time{}, time.Time{}
}

// Deadline returns when Due has something to announce; zero if never.
func (s *Schedule) Deadline() time.Time {
	if s.position > 0 {
		return s.pace
	}
	at := earliest(s.second, s.refresh, s.repeat)
	if s.left > 0 {
		at = s.pace
	}
	if at.IsZero() {
		return at
	}
	return latest(latest(at, s.pace), s.rounds.ready(s.reserve()))
}

// Due returns the addresses to announce now, in order, and nil if Deadline has
// not passed. Without an Interval that is one round, with it one address.
func (s *Schedule) Due(now time.Time) []netip.Addr {
	deadline := s.Deadline()
	if deadline.IsZero() || now.Before(deadline) {
		return nil
	}
	if s.position == 0 {
		s.begin(now)
	}
	s.pace = now.Add(s.plan.Interval)
	if s.plan.Interval == 0 {
		return slices.Clone(s.addrs)
	}
	at := s.position
	s.position = (at + 1) % len(s.addrs)
	return []netip.Addr{s.addrs[at]}
}

// begin starts a round, which serves every reason for one that is due.
func (s *Schedule) begin(now time.Time) {
	s.rounds.take(now)
	s.first = false
	if due(s.second, now) {
		s.left, s.second = s.left+s.plan.Count, time.Time{}
	}
	s.left = max(s.left-1, 0)
	if due(s.repeat, now) {
		s.again.take(now)
		s.repeated, s.repeat = now, time.Time{}
		if now.Sub(s.provoked) < repeatGap {
			s.repeatAt(s.provoked.Add(repeatGap))
		}
	}
	s.refreshAfter(now)
}

func (s *Schedule) repeatAt(at time.Time) {
	at = latest(at, s.again.ready(0))
	if !s.repeated.IsZero() {
		at = latest(at, s.repeated.Add(repeatGap))
	}
	s.repeat = at
}

// refreshAfter plans the next refresh up to a tenth early, by an amount that
// depends on the addresses, so that many holders do not all send together.
func (s *Schedule) refreshAfter(now time.Time) {
	if s.plan.Refresh <= 0 {
		return
	}
	h := fnv.New32a()
	for _, a := range s.addrs {
		_, _ = h.Write(a.AsSlice())
	}
	early := s.plan.Refresh / 10 * time.Duration(h.Sum32()%1000) / 1000
	s.refresh = now.Add(s.plan.Refresh - early)
}

// reserve is what the coming round must leave for the first of a takeover.
func (s *Schedule) reserve() int {
	if s.first {
		return 0
	}
	return roundReserve
}

func due(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// earliest returns the earliest of the times that are set.
func earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
