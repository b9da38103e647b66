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
	members map[place]memberState
	places  []place // real servers, the sorry server, then those that are leaving
	quorum  quorum
	sorry   bool      // the sorry server is in use
	guarded int       // failed servers that the outlier guard keeps in
	wake    time.Time // when the next drain time is over or a weight grows; zero: never
}

// table is the destinations that are wanted, by service address.
type table map[ipvsctl.Key]map[netip.AddrPort]entry

// entry is one wanted destination.
type entry struct {
	ipvsctl.Destination
	place   place
	expires time.Time // draining until then; zero: not draining
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

// memberState is one server after a step.
type memberState struct {
	name     string
	address  netip.AddrPort // behind the first service address
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
		places := make(map[netip.AddrPort]place)
		for i := range service.members {
			m := &service.members[i]
			places[m.at(key)] = m.place()
		}
		entries := make(map[netip.AddrPort]entry, len(have.Destinations))
		for _, d := range have.Destinations {
			p, configured := places[d.Address]
			if !configured {
				p = place{address: d.Address}
			}
			entries[d.Address] = entry{Destination: d, place: p}
		}
		s.inherit(key, entries)
	}
}

// inherit begins with entries that are there already.
func (s *state) inherit(key ipvsctl.Key, entries map[netip.AddrPort]entry) {
	s.table, s.members = maps.Clone(s.table), maps.Clone(s.members)
	if s.table == nil {
		s.table = make(table)
	}
	if s.members == nil {
		s.members = make(map[place]memberState)
	}
	for _, e := range entries {
		member := s.members[e.place]
		member.present = true
		s.members[e.place] = member
	}
	s.table[key] = entries
}

// want is the table as ipvsctl takes it; equal tables give equal values.
func (s *state) want(of *service) []ipvsctl.Service {
	want := make([]ipvsctl.Service, 0, len(of.keys))
	for _, key := range of.keys {
		w := of.wanted(key)
		entries := s.table[key]
		w.Destinations = make([]ipvsctl.Destination, 0, len(entries))
		for _, e := range entries {
			w.Destinations = append(w.Destinations, e.Destination)
		}
		slices.SortFunc(w.Destinations, func(a, b ipvsctl.Destination) int { return a.Address.Compare(b.Address) })
		want = append(want, w)
	}
	return want
}
