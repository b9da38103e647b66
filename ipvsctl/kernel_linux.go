package ipvsctl

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// handle is the way to the kernel's table in one network namespace. It belongs
// to one goroutine.
type handle struct {
	link   *link
	syncOn map[Role]int // index of the interface that synchronises
}

// Open opens the table of the calling thread's network namespace. It tries to
// load the module ip_vs when the kernel has none, and returns ErrNoIPVS when
// that does not help.
func Open() (Kernel, error) {
	l, err := dial("IPVS")
	var loading error
	if errors.Is(err, unix.ENOENT) {
		loading = loadModule()
		l, err = dial("IPVS")
	}
	switch {
	case err == nil:
		return &handle{l, make(map[Role]int)}, nil
	case errors.Is(err, unix.ENOENT) && loading != nil:
		return nil, fmt.Errorf("%w (%w)", ErrNoIPVS, loading)
	case errors.Is(err, unix.ENOENT):
		return nil, ErrNoIPVS
	default:
		return nil, fmt.Errorf("open the IPVS table: %w", explain(err))
	}
}

// Close leaves the table as it is.
func (h *handle) Close() error { return h.link.close() }

// dumpAttempts is how often a dump is tried while others change the table.
const dumpAttempts = 3

// Read is everybody's table: one dump for the services and one for each
// service's destinations, which is all the kernel offers.
func (h *handle) Read() (Snapshot, error) {
	s := Snapshot{Traffic: make(map[DestinationKey]Traffic)}
	err := h.dump(request{command: cmdGetService}, func() { s.Services = nil }, func(b []byte) {
		for kind, v := range all(b) {
			if kind == attrService {
				service, t := decodeService(v)
				s.Services = append(s.Services, service)
				s.Traffic[DestinationKey{Service: service.Key}] = t
			}
		}
	})
	if err != nil {
		return Snapshot{}, fmt.Errorf("read services: %w", explain(err))
	}
	s.Services = sorted(s.Services, byKey)
	s.Connections = make(map[DestinationKey]Connections)
	for i := range s.Services {
		if err := h.readDestinations(&s, &s.Services[i]); err != nil {
			return Snapshot{}, fmt.Errorf("read destinations of %s: %w", s.Services[i].Key, explain(err))
		}
	}
	err = h.link.get(request{command: cmdGetConfig}, func(b []byte) { s.Timeouts = decodeTimeouts(b) })
	if err != nil {
		return Snapshot{}, fmt.Errorf("read timeouts: %w", explain(err))
	}
	if s.Sync, err = h.readSync(); err != nil {
		return Snapshot{}, fmt.Errorf("read synchronisation: %w", explain(err))
	}
	s.Sysctls = readSysctls()
	return s, nil
}

// Look asks for each of the services.
func (h *handle) Look(keys []Key) (found []Service, err error) {
	s := Snapshot{Connections: make(map[DestinationKey]Connections), Traffic: make(map[DestinationKey]Traffic)}
	for _, key := range keys {
		there := false
		err := h.link.get(request{cmdGetService, some().nest(attrService, encodeKey(key))}, func(b []byte) {
			for kind, v := range all(b) {
				if kind == attrService {
					service, _ := decodeService(v)
					found, there = append(found, service), true
				}
			}
		})
		if err == nil && there {
			err = h.readDestinations(&s, &found[len(found)-1])
		}
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return nil, fmt.Errorf("read %s: %w", key, explain(err))
		}
	}
	return found, nil
}

func (h *handle) readDestinations(s *Snapshot, of *Service) error {
	r := request{cmdGetDest, some().nest(attrService, encodeKey(of.Key))}
	err := h.dump(r, func() { of.Destinations = nil }, func(b []byte) {
		for kind, v := range all(b) {
			if kind == attrDest {
				d, c, t := decodeDestination(v, family(of.Key.Address.Addr()))
				of.Destinations = append(of.Destinations, d)
				key := DestinationKey{of.Key, d.Address}
				s.Connections[key], s.Traffic[key] = c, t
			}
		}
	})
	of.Destinations = sorted(of.Destinations, byAddress)
	return err
}

func (h *handle) dump(r request, reset func(), data func([]byte)) error {
	var err error
	for range dumpAttempts {
		reset()
		if err = h.link.dump(r, data); !errors.Is(err, errInterrupted) {
			break
		}
	}
	return err
}

// Apply sends the ops in large batches. Settings are files, and come last.
func (h *handle) Apply(ops []Op) ([]Failed, error) {
	sent := ops
	if setting := func(op Op) bool { return op.Kind == SetSysctl }; slices.ContainsFunc(ops, setting) {
		sent = slices.DeleteFunc(slices.Clone(ops), setting)
	}
	n := len(sent)
	if n > 0 && sent[n-1].Kind == StopSync {
		// The kernel does not answer for a thread that is stopped before it ever
		// ran (-EINTR, netlink_rcv_skb); to this, which changes nothing, it does.
		n++
	}
	encode := func(i int) request {
		if i == len(sent) {
			return request{command: cmdSetConfig}
		}
		return encodeOp(sent[i])
	}
	var failed []Failed
	err := h.link.do(n, encode, func(i int, err error) {
		if i == len(sent) {
			return
		}
		failed = append(failed, Failed{Op: sent[i], Err: explainOp(sent[i], err)})
	})
	if err != nil {
		return failed, fmt.Errorf("write the IPVS table: %w", explain(err))
	}
	for _, op := range ops {
		switch op.Kind {
		case StartSync:
			h.syncStarted(op.Sync)
		case SetSysctl:
			if err := writeSysctl(op.Sysctl); err != nil {
				failed = append(failed, Failed{Op: op, Err: err})
			}
		}
	}
	return failed, nil
}

func encodeOp(op Op) request {
	switch op.Kind {
	case AddService:
		return request{cmdNewService, some().nest(attrService, encodeService(op.Service))}
	case UpdateService:
		return request{cmdSetService, some().nest(attrService, encodeService(op.Service))}
	case DeleteService:
		return request{cmdDelService, some().nest(attrService, encodeKey(op.Service.Key))}
	case StartSync:
		return request{cmdNewDaemon, encodeDaemon(op.Sync)}
	case StopSync:
		return request{cmdDelDaemon, encodeDaemon(op.Sync)}
	case SetTimeouts:
		return request{cmdSetConfig, encodeTimeouts(op.Timeouts)}
	}
	in := some().nest(attrService, encodeKey(op.Service.Key))
	switch op.Kind {
	case AddDestination:
		return request{cmdNewDest, in.nest(attrDest, encodeDestination(op.Destination))}
	case UpdateDestination:
		return request{cmdSetDest, in.nest(attrDest, encodeDestination(op.Destination))}
	case DeleteDestination:
		return request{cmdDelDest, in.nest(attrDest, encodeDestinationKey(op.Destination))}
	}
	panic(fmt.Sprintf("ipvsctl: %s", op))
}

// explain says what is missing where the kernel's word does not.
func explain(err error) error {
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("CAP_NET_ADMIN is needed: %w", err)
	}
	return err
}

// explainOp knows what the kernel means by its error for one op. Its own
// reason goes to the kernel log only.
func explainOp(op Op, err error) error {
	if op.Kind == StartSync || op.Kind == StopSync {
		return explainSync(op.Sync, err)
	}
	switch service := op.Kind == AddService || op.Kind == UpdateService; {
	case service && errors.Is(err, unix.ENOENT) && op.Service.Engine != "":
		return fmt.Errorf("the kernel has no scheduler %q (module ip_vs_%[1]s) or no persistence engine %q (module ip_vs_pe_%[2]s): %w",
			op.Service.Scheduler, op.Service.Engine, err)
	case service && errors.Is(err, unix.ENOENT):
		return fmt.Errorf("the kernel has no scheduler %q: `modprobe ip_vs_%[1]s` must find a module: %w", op.Service.Scheduler, err)
	case errors.Is(err, unix.EEXIST):
		return fmt.Errorf("it is there already: %w", err)
	case errors.Is(err, unix.ESRCH):
		return fmt.Errorf("no such service: %w", err)
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("no such destination: %w", err)
	case op.Kind == AddDestination && errors.Is(err, unix.EINVAL):
		return fmt.Errorf("not a unicast address, or no interface is up here, or another family than the service's without a tunnel, or beside a synchronisation daemon: %w", err)
	case errors.Is(err, unix.ERANGE):
		return fmt.Errorf("weight or thresholds are out of range: %w", err)
	}
	return explain(err)
}
