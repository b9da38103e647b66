package ipvsctl

import (
	"net/netip"
	"slices"
	"time"
)

// Snapshot is the kernel's table at one moment: everybody's services, sorted
// by key, their destinations sorted by address.
type Snapshot struct {
	Services    []Service
	Connections map[DestinationKey]Connections
	Traffic     map[DestinationKey]Traffic // without an address: of the whole service
	Timeouts    Timeouts
	Sync        []Daemon          // what synchronises connections
	Sysctls     map[string]string // by name below net.ipv4.vs, those of interest
}

// Find is the service with a key.
func (s *Snapshot) Find(key Key) (of Service, there bool) {
	i, there := slices.BinarySearchFunc(s.Services, key, func(s Service, key Key) int { return s.Key.Compare(key) })
	if !there {
		return Service{}, false
	}
	return s.Services[i], true
}

// Destination is the destination with a key.
func (s *Snapshot) Destination(key DestinationKey) (d Destination, there bool) {
	of, _ := s.Find(key.Service)
	i, there := slices.BinarySearchFunc(of.Destinations, key.Address, func(d Destination, at netip.AddrPort) int { return d.Address.Compare(at) })
	if !there {
		return Destination{}, false
	}
	return of.Destinations[i], true
}

// DestinationKey names one destination of one service.
type DestinationKey struct {
	Service Key
	Address netip.AddrPort
}

// Connections are how many connections a destination has. A drained one may be
// deleted without breaking anything when Active and Inactive are 0.
type Connections struct {
	Active     uint32 // established
	Inactive   uint32 // all other states
	Persistent uint32 // persistence templates
}

// Timeouts are how long the kernel keeps an idle connection. All are whole
// seconds; zero in a wish means "leave it as it is".
type Timeouts struct {
	TCP, TCPFin, UDP time.Duration
}

// Over is what the kernel has after being told t.
func (t Timeouts) Over(have Timeouts) Timeouts {
	if t.TCP != 0 {
		have.TCP = t.TCP
	}
	if t.TCPFin != 0 {
		have.TCPFin = t.TCPFin
	}
	if t.UDP != 0 {
		have.UDP = t.UDP
	}
	return have
}
