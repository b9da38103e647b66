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
	now      time.Time
	verdicts map[checkID]healthcheck.Verdict
	weights  map[checkID]int // that checks give, 0 for none; of those that have looked
	// idle are destinations the kernel was just seen to have at weight 0 and
	// without connections. It counts for drains that had begun before.
	idle      map[ipvsctl.DestinationKey]bool
	overrides map[target]*Override
}

// step decides what is wanted now, given what was wanted before.
func step(services []service, before state, f facts) state {
	after := state{table: make(table), index: make(map[string]int), members: make(map[place]memberState)}
	for i := range services {
		s := stepper{service: &services[i], facts: f, before: before, after: &after}
		s.step()
	}
	return after
}

// stepper is the step of one service.
type stepper struct {
	*service
	facts
	before state
	after  *state
	state  serviceState
}

func (s *stepper) step() {
	before := s.before.service(s.Name)
	wishes := make([]wish, len(s.members))
	inTable := make([]bool, len(s.members))
	failed := make([]checkID, len(s.members))
	for i := range s.members {
		m := &s.members[i]
		var verdict healthcheck.Verdict
		verdict, failed[i] = m.judge(s.verdicts, s.before.members[s.placeOf(m)].verdict)
		wishes[i] = s.wishFor(m, s.override(m), verdict)
		inTable[i] = s.hadWeight(m)
	}
	s.state = serviceState{name: s.Name, guarded: s.guard(wishes, inTable)}
	s.state.quorum = s.decideQuorum(wishes, inTable, before.quorum)
	s.direct(wishes, inTable)

	weights := make([]int, len(s.members))
	for i := range s.members {
		m, w := &s.members[i], wishes[i]
		now := memberState{
			name: m.Name, address: m.at(s.first()), verdict: w.verdict, failed: failed[i], since: s.since(m, w.verdict),
			guarded: w.guarded, found: m.Find != nil, out: w.out(), leaving: w.leaving, reason: w.reason, override: w.override, said: s.said(m),
		}
		weights[i], now.ramp = s.grow(m, w)
		s.introduce(s.placeOf(m), now)
	}
	for _, key := range s.keys {
		s.after.table[key] = make(map[netip.AddrPort]entry)
		for i := range s.members {
			s.settle(key, &s.members[i], wishes[i], weights[i])
		}
		s.dismiss(key)
	}
	s.after.index[s.Name] = len(s.after.services)
	s.after.services = append(s.after.services, s.state)
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
	case s.state.quorum == held:
		sorry.action, sorry.reason = leave, poolBack
	case !usable:
	case s.state.quorum == undecided:
		sorry.action = keep
		s.state.sorry = inTable[last]
	case s.state.quorum == lost:
		s.state.sorry = true
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
	now := entry{Destination: m.destination(key, weight), place: s.placeOf(m)}
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
		e.place.service = s.Name
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
	if was := s.before.members[s.placeOf(m)]; was.verdict == verdict && !was.since.IsZero() {
		return was.since
	}
	return s.now
}

// introduce makes a server part of the service's state.
func (s *stepper) introduce(p place, m memberState) {
	s.after.members[p] = m
	s.state.places = append(s.state.places, p)
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
