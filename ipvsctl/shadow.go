package ipvsctl

import (
	"maps"
	"slices"
)

// shadow is a Kernel that is none: a table in memory, empty at first, on which a
// plan shows what would be done.
type shadow struct {
	services map[Key]Service // their destinations sorted by address; what was read of them stays as it was
	timeouts Timeouts
	sync     []Daemon
	sysctls  map[string]string
}

// OpenShadow is for Options, where the kernel's table must stay as it is or there
// is none. It never fails.
func OpenShadow() (Kernel, error) {
	return &shadow{services: make(map[Key]Service), sysctls: make(map[string]string)}, nil
}

func (s *shadow) Read() (Snapshot, error) {
	now := Snapshot{Timeouts: s.timeouts, Connections: make(map[DestinationKey]Connections), Sync: slices.Clone(s.sync), Sysctls: maps.Clone(s.sysctls)}
	now.Services, _ = s.Look(slices.SortedFunc(maps.Keys(s.services), Key.Compare))
	return now, nil
}

func (s *shadow) Look(keys []Key) (all []Service, err error) {
	for _, key := range keys {
		if service, there := s.services[key]; there {
			all = append(all, service)
		}
	}
	return all, nil
}

func (s *shadow) Apply(ops []Op) ([]Failed, error) {
	ours := make(map[Key]bool) // services whose destinations nobody has read yet
	for _, op := range ops {
		key := op.Service.Key
		switch op.Kind {
		case AddService, UpdateService:
			next := op.Service
			next.Destinations = s.services[key].Destinations
			s.services[key] = next
		case DeleteService:
			delete(s.services, key)
		case AddDestination, UpdateDestination, DeleteDestination:
			of := s.services[key]
			if !ours[key] {
				of.Destinations, ours[key] = slices.Clone(of.Destinations), true
			}
			of.Destinations = changed(of.Destinations, op)
			s.services[key] = of
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

// changed is sorted destinations after an op on one of them.
func changed(all []Destination, op Op) []Destination {
	i, there := slices.BinarySearchFunc(all, op.Destination, byAddress)
	switch {
	case op.Kind == DeleteDestination && there:
		return slices.Delete(all, i, i+1)
	case op.Kind == DeleteDestination:
		return all
	case there:
		all[i] = op.Destination
		return all
	}
	return slices.Insert(all, i, op.Destination)
}

func (s *shadow) Close() error { return nil }
