package ipvsctl

import (
	"maps"
	"net/netip"
	"slices"
)

// shadow is a Kernel that is none: a table in memory, empty at first, on which a
// plan shows what would be done.
type shadow struct {
	services map[Key]Service // without destinations
	servers  map[Key]map[netip.AddrPort]Destination
	timeouts Timeouts
	sync     []Daemon
	sysctls  map[string]string
}

// OpenShadow is for Options, where the kernel's table must stay as it is or there
// is none. It never fails.
func OpenShadow() (Kernel, error) {
	return &shadow{services: make(map[Key]Service), servers: make(map[Key]map[netip.AddrPort]Destination), sysctls: make(map[string]string)}, nil
}

func (s *shadow) Read() (Snapshot, error) {
	now := Snapshot{Timeouts: s.timeouts, Connections: make(map[DestinationKey]Connections), Sync: slices.Clone(s.sync), Sysctls: maps.Clone(s.sysctls)}
	now.Services, _ = s.Look(slices.SortedFunc(maps.Keys(s.services), Key.Compare))
	return now, nil
}

func (s *shadow) Look(keys []Key) (all []Service, err error) {
	for _, key := range keys {
		if service, there := s.services[key]; there {
			service.Destinations = slices.AppendSeq(make([]Destination, 0, len(s.servers[key])), maps.Values(s.servers[key]))
			slices.SortFunc(service.Destinations, byAddress)
			all = append(all, service)
		}
	}
	return all, nil
}

func (s *shadow) Apply(ops []Op) ([]Failed, error) {
	for _, op := range ops {
		key := op.Service.Key
		switch op.Kind {
		case AddService, UpdateService:
			s.services[key] = op.Service
			if s.servers[key] == nil {
				s.servers[key] = make(map[netip.AddrPort]Destination)
			}
		case DeleteService:
			delete(s.services, key)
			delete(s.servers, key)
		case AddDestination, UpdateDestination:
			s.servers[key][op.Destination.Address] = op.Destination
		case DeleteDestination:
			delete(s.servers[key], op.Destination.Address)
		case SetTimeouts:
			s.timeouts = op.Timeouts.Over(s.timeouts)
		case StartSync:
			s.sync = append(s.sync, op.Sync)
		case StopSync:
			s.sync = slices.DeleteFunc(s.sync, func(d Daemon) bool { return d.Role == op.Sync.Role })
		case SetSysctl:
			s.sysctls[op.Sysctl.Name] = op.Sysctl.Value
		}
	}
	return nil, nil
}

func (s *shadow) Close() error { return nil }
