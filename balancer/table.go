package balancer

import (
	"fmt"

	"github.com/hald-project/hald/ipvsctl"
)

// keysOf is what the kernel knows the service by.
func keysOf(s Service) (keys []ipvsctl.Key, err error) {
	if s.Mark != 0 {
		return []ipvsctl.Key{ipvsctl.MarkKey(s.Mark, s.IPv6)}, nil
	}
	protocol, err := ipvsctl.ParseProtocol(s.Protocol)
	if err != nil {
		return nil, err
	}
	for _, address := range s.Addresses {
		keys = append(keys, ipvsctl.Key{Protocol: protocol, Address: address})
	}
	return keys, nil
}

// Where is what clients connect to, as status shows it: addresses, or a mark.
func (s Service) Where() []string {
	if s.Mark != 0 {
		return []string{ipvsctl.MarkKey(s.Mark, s.IPv6).String()}
	}
	where := make([]string, 0, len(s.Addresses))
	for _, address := range s.Addresses {
		where = append(where, address.String())
	}
	return where
}

var flagNames = map[string]ipvsctl.Flags{
	"sh-fallback": ipvsctl.SHFallback, "sh-port": ipvsctl.SHPort,
	"mh-fallback": ipvsctl.MHFallback, "mh-port": ipvsctl.MHPort,
}

func flagsOf(s Service) (flags ipvsctl.Flags, err error) {
	for _, name := range s.SchedulerFlags {
		flag, known := flagNames[name]
		if !known {
			return 0, fmt.Errorf("unknown scheduler flag %q", name)
		}
		flags |= flag
	}
	if s.OnePacket {
		flags |= ipvsctl.OnePacket
	}
	return flags, nil
}

var tunnelKinds = map[string]ipvsctl.EncapsulationKind{"": ipvsctl.IPIP, "ipip": ipvsctl.IPIP, "gue": ipvsctl.GUE, "gre": ipvsctl.GRE}

func encapsulation(t Tunnel) (e ipvsctl.Encapsulation, err error) {
	kind, known := tunnelKinds[t.Type]
	if !known {
		return e, fmt.Errorf("unknown tunnel %q", t.Type)
	}
	e = ipvsctl.Encapsulation{Kind: kind, Port: t.Port}
	if t.Checksum {
		e.Flags = ipvsctl.Checksum
	}
	return e, nil
}

// wanted is the service behind one of its keys, still without destinations.
func (s *service) wanted(key ipvsctl.Key) ipvsctl.Service {
	return ipvsctl.Service{
		Key: key, Scheduler: s.Scheduler, Flags: s.flags,
		Persistence: s.Persistence, Netmask: s.PersistenceNetmask, Engine: s.PersistenceEngine,
	}
}
