package balancer

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl"
)

// state is everything the core remembers from one step to the next. A step
// makes a new one and leaves the old as it was.
type state struct {
	table    table
	services []serviceState // in the configuration's order
	index    map[string]int // from a service's name to its place in services
	members  map[place]memberState
	wake     time.Time // when the next drain time is over or a weight grows; zero: never
}

// table is the destinations that are wanted, by service.
type table map[ipvsctl.Key]map[netip.AddrPort]entry

// entry is one wanted destination.
type entry struct {
	ipvsctl.Destination
	place   place
	expires time.Time // draining until then; zero: not draining
}

// place is a server's identity across configurations: whose server it is and
// its address as configured. Its name may change.
type place struct {
	service string
	address netip.AddrPort
	sorry   bool
}

// serviceState is one virtual server after a step.
type serviceState struct {
	name    string
	quorum  quorum
	sorry   bool    // the sorry server is in use
	guarded int     // failed servers that the outlier guard keeps in
	places  []place // real servers, the sorry server, then those that are leaving
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
	said     int       // the weight that its checks give it; 0: none
	reason   string    // why it is not fully in
}

// service is a virtual server by name; one that is not there has only its name.
func (s *state) service(name string) serviceState {
	if i, known := s.index[name]; known {
		return s.services[i]
	}
	return serviceState{name: name}
}

// adopt makes what the kernel has the starting point for services this state
// knows nothing about yet.
func (s *state) adopt(services []service, kernel ipvsctl.Snapshot) {
	have := make(map[ipvsctl.Key][]ipvsctl.Destination, len(kernel.Services))
	for _, k := range kernel.Services {
		have[k.Key] = k.Destinations
	}
	if s.table == nil {
		s.table = make(table)
	}
	if s.members == nil {
		s.members = make(map[place]memberState)
	}
	for i := range services {
		for _, key := range services[i].keys {
			if _, known := s.table[key]; !known && have[key] != nil {
				s.adoptService(&services[i], key, have[key])
			}
		}
	}
}

func (s *state) adoptService(service *service, key ipvsctl.Key, destinations []ipvsctl.Destination) {
	places := make(map[netip.AddrPort]place)
	for i := range service.members {
		m := &service.members[i]
		places[m.at(key)] = service.placeOf(m)
	}
	entries := make(map[netip.AddrPort]entry, len(destinations))
	for _, d := range destinations {
		p, configured := places[d.Address]
		if !configured {
			p = place{service: service.Name, address: d.Address}
		}
		member := s.members[p]
		member.present = true
		s.members[p] = member
		entries[d.Address] = entry{Destination: d, place: p}
	}
	s.table[key] = entries
}

// want is the table as ipvsctl takes it; equal tables give equal values.
func (s *state) want(services []service) []ipvsctl.Service {
	want := make([]ipvsctl.Service, 0, len(services))
	for i := range services {
		for _, key := range services[i].keys {
			w := services[i].wanted(key)
			entries := s.table[key]
			w.Destinations = make([]ipvsctl.Destination, 0, len(entries))
			for _, address := range slices.SortedFunc(maps.Keys(entries), netip.AddrPort.Compare) {
				w.Destinations = append(w.Destinations, entries[address].Destination)
			}
			want = append(want, w)
		}
	}
	return want
}
