package balancer

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl"
)

// state is everything the core remembers of one virtual server from one step to the
// next. A step makes a new one and leaves the old as it was.
type state struct {
	table   table
	members members // real servers, the sorry server, then those that are leaving
	quorum  quorum
	sorry   bool      // the sorry server is in use
	guarded int       // failed servers that the outlier guard keeps in
	wake    time.Time // when the next drain time is over or a weight grows; zero: never
}

// place is a server's identity in its service across configurations: its address as
// configured. Its name may change.
type place struct {
	address netip.AddrPort
	sorry   bool
}

// quorum is whether the up servers suffice.
type quorum int

const (
	undecided quorum = iota // verdicts are missing
	held
	lost
)

// memberState is one server after a step. There are ten thousand of them.
type memberState struct {
	name     string // empty: nothing is known but that the table has it
	place    place
	verdict  healthcheck.Verdict
	failed   checkID   // the check that makes it down
	since    time.Time // of the verdict
	guarded  bool      // down, and kept in by the outlier guard
	out      bool      // it was taken out, for another reason than that nothing is known
	ramp     time.Time // when its weight began to grow; zero: it does not
	override *Override // in force; nil: none
	leaving  bool      // disabled, drained by an operator, or gone from the configuration
	present  bool      // in the table of at least one service address
	draining bool      // on its way out of it
	found    bool      // its address was found under a name, or in a file
	weight   int       // the highest it has there
	said     weight    // that its checks give it
	reason   string    // why it is not fully in
}

// members are servers by their number. Most keep theirs from step to step.
type members []memberState

// among is a search for places among members: at first where they would be by number, then by a list of all, which
// is made when it is needed.
type among struct {
	members members
	numbers map[place]int32
}

// number is that of the member at a place, below 0 where there is none; it is likely to be the one given.
func (a *among) number(p place, likely int) int {
	if likely < len(a.members) && a.members[likely].place == p {
		return likely
	}
	if a.numbers == nil {
		a.numbers = make(map[place]int32, len(a.members))
		for i := range a.members {
			a.numbers[a.members[i].place] = int32(i)
		}
	}
	if n, there := a.numbers[p]; there {
		return int(n)
	}
	return -1
}

// unknown is a member of whom nothing is known.
var unknown memberState

// at is the member at a place.
func (a *among) at(p place, likely int) *memberState {
	if n := a.number(p, likely); n >= 0 {
		return &a.members[n]
	}
	return &unknown
}

// adopt makes what the kernel has the starting point for the addresses of a service that
// this state knows nothing about yet.
func (s *state) adopt(service *service, kernel ipvsctl.Snapshot) {
	for _, key := range service.keys {
		if _, known := s.table[key]; known {
			continue
		}
		have, there := kernel.Find(key)
		if !there {
			continue
		}
		places := make(map[netip.AddrPort]place, len(service.members))
		for i := range service.members {
			m := &service.members[i]
			places[m.at(key)] = m.place()
		}
		at := make([]place, len(have.Destinations))
		for i, d := range have.Destinations {
			p, configured := places[d.Address]
			if !configured {
				p = place{address: d.Address}
			}
			at[i] = p
		}
		s.inherit(key, row{destinations: have.Destinations}, func(i int) place { return at[i] })
	}
}

// inherit begins with a row that is there already, and says which place each of its destinations is at.
func (s *state) inherit(key ipvsctl.Key, r row, at func(i int) place) {
	s.table, s.members = maps.Clone(s.table), slices.Clone(s.members)
	if s.table == nil {
		s.table = make(table)
	}
	mine := among{members: s.members}
	r.members = make([]int32, len(r.destinations))
	for i := range r.destinations {
		p := at(i)
		n := mine.number(p, i)
		if n < 0 {
			n = len(s.members)
			s.members = append(s.members, memberState{place: p})
			mine.members, mine.numbers[p] = s.members, int32(n)
		}
		s.members[n].present = true
		r.members[i] = int32(n)
	}
	s.table[key] = r
}

// want is the table as ipvsctl takes it; equal tables give equal values.
func (s *state) want(of *service) []ipvsctl.Service {
	want := make([]ipvsctl.Service, 0, len(of.keys))
	for _, key := range of.keys {
		w := of.wanted(key)
		w.Destinations = s.table[key].destinations
		want = append(want, w)
	}
	return want
}
