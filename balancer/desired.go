package balancer

import (
	"maps"
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
	s := stepper{service: of, facts: f, before: before, after: state{
		table:   make(table, len(of.keys)),
		members: make(map[place]memberState, len(of.members)),
		places:  make([]place, 0, len(of.members)),
	}}
	s.step()
	return s.after
}

// stepper is one step of one service.
type stepper struct {
	*service
	facts
	before state
	after  state
}

func (s *stepper) step() {
	wishes := make([]wish, len(s.members))
	inTable := make([]bool, len(s.members))
	failed := make([]checkID, len(s.members))
	for i := range s.members {
		m := &s.members[i]
		var verdict healthcheck.Verdict
		verdict, failed[i] = m.judge(s.said, s.before.members[m.place()].verdict)
		wishes[i] = s.wishFor(m, s.override(m), verdict)
		inTable[i] = s.hadWeight(m)
	}
	s.after.guarded = s.guard(wishes, inTable)
	s.after.quorum = s.decideQuorum(wishes, inTable, s.before.quorum)
	s.direct(wishes, inTable)

	weights := make([]int, len(s.members))
	for i := range s.members {
		m, w := &s.members[i], wishes[i]
		now := memberState{
			name: m.Name, address: m.at(s.first()), verdict: w.verdict, failed: failed[i], since: s.since(m, w.verdict),
			guarded: w.guarded, found: m.Find != nil, out: w.out(), leaving: w.leaving, reason: w.reason, override: w.override, said: s.weightSaid(m),
		}
		weights[i], now.ramp = s.grow(m, w)
		s.introduce(m.place(), now)
	}
	for _, key := range s.keys {
		s.after.table[key] = make(map[netip.AddrPort]entry, len(s.members))
		for i := range s.members {
			s.settle(key, &s.members[i], wishes[i], weights[i])
		}
		s.dismiss(key)
	}
}

// direct sends the traffic to the sorry server or to the real ones. Before the
// quorum is decided a sorry server stays as the kernel has it.
func (s *stepper) direct(wishes []wish, inTable []bool) {
	last := len(s.members) - 1
	if last < 0 || !s.members[last].sorry {
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
func (s *stepper) settle(key ipvsctl.Key, m *member, w wish, weight int) {
	address := m.at(key)
	had, existed := s.before.table[key][address]
	now := entry{Destination: m.destination(key, weight), place: m.place()}
	switch w.action {
	case serve:
		s.put(key, now)
	case keep:
		if now.Weight = had.Weight; existed {
			s.put(key, now)
		}
	case quiesce:
		now.Weight = 0
		s.put(key, now)
	case leave:
		if now.expires = had.expires; existed {
			s.drain(key, now)
		}
	}
}

// dismiss drains what the service had and no member claims any more. While servers
// have never been found, it may be theirs, and stays.
func (s *stepper) dismiss(key ipvsctl.Key) {
	claimed := make(map[netip.AddrPort]bool, len(s.members))
	for i := range s.members {
		claimed[s.members[i].at(key)] = true
	}
	had := s.before.table[key]
	for _, address := range slices.SortedFunc(maps.Keys(had), netip.AddrPort.Compare) {
		if claimed[address] {
			continue
		}
		e := had[address]
		if _, known := s.after.members[e.place]; !known {
			name := s.before.members[e.place].name
			if name == "" {
				name = address.String()
			}
			found, reason := s.before.members[e.place].found, gone
			if found {
				reason = notFound
			}
			s.introduce(e.place, memberState{name: name, address: address, found: found, leaving: !s.waits, reason: reason})
		}
		if s.waits && e.expires.IsZero() {
			s.put(key, e)
			continue
		}
		s.drain(key, e)
	}
}

// drain keeps an entry at weight 0 until its time is over or nobody uses it.
func (s *stepper) drain(key ipvsctl.Key, e entry) {
	member := s.after.members[e.place]
	if !e.expires.IsZero() && s.idle[ipvsctl.DestinationKey{Service: key, Address: e.Address}] {
		member.reason = drained
	} else {
		if e.expires.IsZero() {
			e.expires = s.now.Add(s.Drain)
		}
		if s.now.Before(e.expires) {
			e.Weight = 0
			s.put(key, e)
			return
		}
		member.reason = drainOver
	}
	s.after.members[e.place] = member
}

// put makes an entry wanted. Of two members with one address the first counts.
func (s *stepper) put(key ipvsctl.Key, e entry) {
	if _, taken := s.after.table[key][e.Address]; taken {
		return
	}
	s.after.table[key][e.Address] = e
	member := s.after.members[e.place]
	member.present = true
	member.weight = max(member.weight, e.Weight)
	if !e.expires.IsZero() {
		member.draining = true
		s.wakeAt(e.expires)
	}
	s.after.members[e.place] = member
}

// wakeAt has the next step taken at an instant at the latest.
func (s *stepper) wakeAt(t time.Time) {
	if s.after.wake.IsZero() || t.Before(s.after.wake) {
		s.after.wake = t
	}
}

// since is when a member got its verdict.
func (s *stepper) since(m *member, verdict healthcheck.Verdict) time.Time {
	if was := s.before.members[m.place()]; was.verdict == verdict && !was.since.IsZero() {
		return was.since
	}
	return s.now
}

// introduce makes a server part of the service's state.
func (s *stepper) introduce(p place, m memberState) {
	s.after.members[p] = m
	s.after.places = append(s.after.places, p)
}

// hadWeight tells whether a member had traffic so far.
func (s *stepper) hadWeight(m *member) bool {
	for _, key := range s.keys {
		if s.before.table[key][m.at(key)].Weight > 0 {
			return true
		}
	}
	return false
}
