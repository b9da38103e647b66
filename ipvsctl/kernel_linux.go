package ipvsctl

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// handle is the way to the kernel's table in one network namespace. It belongs
// to one goroutine.
type handle struct{ link *link }

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
		return &handle{l}, nil
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
	var s Snapshot
	err := h.dump(request{command: cmdGetService}, func() { s.Services = nil }, func(b []byte) {
		for kind, v := range all(b) {
			if kind == attrService {
				s.Services = append(s.Services, decodeService(v))
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
	return s, nil
}

func (h *handle) readDestinations(s *Snapshot, of *Service) error {
	r := request{cmdGetDest, attrs(nil).nest(attrService, encodeKey(of.Key))}
	err := h.dump(r, func() { of.Destinations = nil }, func(b []byte) {
		for kind, v := range all(b) {
			if kind == attrDest {
				d, c := decodeDestination(v, family(of.Key.Address.Addr()))
				of.Destinations = append(of.Destinations, d)
				s.Connections[DestinationKey{of.Key, d.Address}] = c
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

// Apply sends the ops in large batches.
func (h *handle) Apply(ops []Op) ([]Failed, error) {
	requests := make([]request, len(ops))
	for i, op := range ops {
		requests[i] = encodeOp(op)
	}
	var failed []Failed
	err := h.link.do(requests, func(i int, err error) {
		failed = append(failed, Failed{Op: ops[i], Err: explainOp(ops[i], err)})
	})
	if err != nil {
		return failed, fmt.Errorf("write the IPVS table: %w", explain(err))
	}
	return failed, nil
}

func encodeOp(op Op) request {
	switch op.Kind {
	case AddService:
		return request{cmdNewService, attrs(nil).nest(attrService, encodeService(op.Service))}
	case UpdateService:
		return request{cmdSetService, attrs(nil).nest(attrService, encodeService(op.Service))}
	case DeleteService:
		return request{cmdDelService, attrs(nil).nest(attrService, encodeKey(op.Service.Key))}
	case SetTimeouts:
		return request{cmdSetConfig, encodeTimeouts(op.Timeouts)}
	}
	in := attrs(nil).nest(attrService, encodeKey(op.Service.Key))
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
		return fmt.Errorf("not a unicast address, or no interface is up here, or another family than the service's without a tunnel: %w", err)
	case errors.Is(err, unix.ERANGE):
		return fmt.Errorf("weight or thresholds are out of range: %w", err)
	}
	return explain(err)
}
