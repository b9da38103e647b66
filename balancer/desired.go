package balancer

import (
	"net/netip"
	"slices"
	"time"

	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl"
)

// facts are what a step decides on besides the configuration.
type facts struct {
	now  time.Time
	said func(checkID) opinion
	// idle are destinations the kernel was just seen to have at weight 0 and
	// without connections. It counts for drains that had begun before.
	idle      map[ipvsctl.DestinationKey]bool
	overrides map[target]*Override
	desk      *desk // nil: a new one
}

// desk is what a step works on, and the next one again: a thousand services are megabytes.
type desk struct {
	wishes  []wish
	inTable []bool
	failed  []checkID
	weights []int
	row     []entry // of the service address in hand
}

// clear makes room for n members.
func (d *desk) clear(n int) {
	d.wishes, d.inTable, d.failed, d.weights = zeroed(d.wishes, n), zeroed(d.inTable, n), zeroed(d.failed, n), zeroed(d.weights, n)
	d.row = zeroed(d.row, n)[:0]
}

func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// opinion is what a check says.
type opinion struct {
	verdict healthcheck.Verdict
	weighs  bool // it gives weights, and has looked
	weight  weight
}

// step decides what is wanted of a service now, given what was wanted before. What it
// wants of one service never depends on another.
func step(of *service, before state, f facts) state {
	s := stepper{service: of, facts: f, before: before, was: among{members: before.members}, after: state{
		table:   make(table, len(of.keys)),
		members: make(members, 0, len(of.members)),
	}}
	if s.desk == nil {
		s.desk = new(desk)
	}
	s.desk.clear(len(of.members))
	s.step()
	return s.after
}

// stepper is one step of one service.
type stepper struct {
	*service
	facts
	before state
	was    among // the members before
	after  state
	left   among // the members after, once something is dismissed
}

func (s *stepper) step() {
	wishes, inTable, failed, weights := s.desk.wishes, s.desk.inTable, s.desk.failed, s.desk.weights
	for i := range s.service.members {
		m := &s.service.members[i]
		var verdict healthcheck.Verdict
		verdict, failed[i] = m.judge(s.said, s.had(i).verdict)
		wishes[i] = s.wishFor(i, s.override(m), verdict)
		inTable[i] = s.hadWeight(m)
	}
	s.after.guarded = s.guard(wishes, inTable)
	s.after.quorum = s.decideQuorum(wishes, inTable, s.before.quorum)
	s.direct(wishes, inTable)

	for i := range s.service.members {
		m, w := &s.service.members[i], wishes[i]
		now := memberState{
			name: m.name, place: m.place(), verdict: w.verdict, failed: failed[i], since: s.since(i, w.verdict),
			guarded: w.guarded, found: m.found, out: w.out(), leaving: w.leaving, reason: w.reason, override: w.override, said: s.weightSaid(i),
		}
		weights[i], now.ramp = s.grow(i, w)
		s.after.members = append(s.after.members, now)
	}
	for _, key := range s.keys {
		for i := range s.service.members {
			s.settle(key, i, wishes[i], weights[i])
		}
		s.dismiss(key)
		s.seal(key)
	}
}

// had is what a member was before.
func (s *stepper) had(i int) *memberState { return s.was.at(s.service.members[i].place(), i) }

// direct sends the traffic to the sorry server or to the real ones. Before the
// quorum is decided a sorry server stays as the kernel has it.
func (s *stepper) direct(wishes []wish, inTable []bool) {
	last := len(s.service.members) - 1
	if last < 0 || !s.service.members[last].sorry {
		return
	}
	sorry := &wishes[last]
	usable := sorry.action == serve || sorry.action == keep && inTable[last]
	switch {
	case s.after.quorum == held:
		sorry.action, sorry.reason = leave, poolBack
	case !usable:
	case s.after.quorum == undecided:
		sorry.action = keep
		s.after.sorry = inTable[last]
	case s.after.quorum == lost:
		s.after.sorry = true
		for i := range wishes[:last] {
			if w := &wishes[i]; w.action == serve || w.action == keep {
				w.action, w.reason = s.failed, belowQuorum
			}
		}
	}
}

// settle gives one member its place behind one service address.
func (s *stepper) settle(key ipvsctl.Key, i int, w wish, weight int) {
	m := &s.service.members[i]
	now := entry{Destination: m.destination(key, weight), member: int32(i)}
	had, existed := s.before.table[key].find(now.Address)
	switch w.action {
	case serve:
		s.put(now)
	case keep:
		if now.Weight = had.Weight; existed {
			s.put(now)
		}
	case quiesce:
		now.Weight = 0
		s.put(now)
	case leave:
		if now.expires = had.expires; existed {
			s.drain(key, now)
		}
	}
}

// dismiss drains what the service had and no member claims any more. While servers
// have never been found, it may be theirs, and stays.
func (s *stepper) dismiss(key ipvsctl.Key) {
	var claimed map[netip.AddrPort]bool // made when it is needed
	for e := range s.before.table[key].all() {
		if i := int(e.member); i < len(s.service.members) && s.service.members[i].at(key) == e.Address {
			continue
		}
		if claimed == nil {
			claimed = make(map[netip.AddrPort]bool, len(s.service.members))
			for i := range s.service.members {
				claimed[s.service.members[i].at(key)] = true
			}
		}
		if claimed[e.Address] {
			continue
		}
		e.member = int32(s.leaver(e))
		if s.waits && e.expires.IsZero() {
			s.put(e)
			continue
		}
		s.drain(key, e)
	}
}

// leaver is the number of the member of an entry that nobody claims; it is made part of the state, if it is not.
func (s *stepper) leaver(e entry) int {
	was := s.before.members[e.member]
	if s.left.members = s.after.members; s.left.number(was.place, len(s.service.members)) < 0 {
		if was.name == "" {
			was.name = e.Address.String()
		}
		reason := gone
		if was.found {
			reason = notFound
		}
		s.left.numbers[was.place] = int32(len(s.after.members))
		s.after.members = append(s.after.members, memberState{name: was.name, place: was.place, found: was.found, leaving: !s.waits, reason: reason})
		s.left.members = s.after.members
	}
	return s.left.number(was.place, len(s.service.members))
}

// drain keeps an entry at weight 0 until its time is over or nobody uses it.
func (s *stepper) drain(key ipvsctl.Key, e entry) {
	member := &s.after.members[e.member]
	if !e.expires.IsZero() && s.idle[ipvsctl.DestinationKey{Service: key, Address: e.Address}] {
		member.reason = drained
		return
	}
	if e.expires.IsZero() {
		e.expires = s.now.Add(s.Drain)
	}
	if s.now.Before(e.expires) {
		e.Weight = 0
		s.put(e)
		return
	}
	member.reason = drainOver
}

// put makes an entry wanted behind the address in hand.
func (s *stepper) put(e entry) { s.desk.row = append(s.desk.row, e) }

// seal makes what was put the row of a service address.
func (s *stepper) seal(key ipvsctl.Key) {
	r := newRow(s.desk.row)
	s.desk.row = s.desk.row[:0]
	if was := s.before.table[key].destinations; slices.Equal(was, r.destinations) {
		r.destinations = was // others have it, too
	}
	s.after.table[key] = r
	for e := range r.all() {
		member := &s.after.members[e.member]
		member.present = true
		member.weight = max(member.weight, e.Weight)
		if !e.expires.IsZero() {
			member.draining = true
			s.wakeAt(e.expires)
		}
	}
}

// wakeAt has the next step taken at an instant at the latest.
func (s *stepper) wakeAt(t time.Time) {
	if s.after.wake.IsZero() || t.Before(s.after.wake) {
		s.after.wake = t
	}
}

// since is when a member got its verdict.
func (s *stepper) since(i int, verdict healthcheck.Verdict) time.Time {
	if was := s.had(i); was.verdict == verdict && !was.since.IsZero() {
		return was.since
	}
	return s.now
}

// hadWeight tells whether a member had traffic so far.
func (s *stepper) hadWeight(m *member) bool {
	for _, key := range s.keys {
		if e, _ := s.before.table[key].find(m.at(key)); e.Weight > 0 {
			return true
		}
	}
	return false
}
