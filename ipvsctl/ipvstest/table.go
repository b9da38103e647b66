// Package ipvstest has a Table that behaves like the kernel's IPVS table, with
// the kernel's own errors, and breaks on demand. Tests of ipvsctl and of its
// users run on it; nothing else does.
package ipvstest

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"syscall"

	"github.com/hald-project/hald/ipvsctl"
)

// Table is a kernel's table in memory. Its zero value is an empty one that
// knows every scheduler. It is safe for concurrent use: a test changes it
// behind the back of a Reconciler.
type Table struct {
	mu          sync.Mutex
	services    map[ipvsctl.Key]ipvsctl.Service
	connections map[ipvsctl.DestinationKey]ipvsctl.Connections
	traffic     map[ipvsctl.DestinationKey]ipvsctl.Traffic
	timeouts    ipvsctl.Timeouts
	daemons     []ipvsctl.Daemon
	sysctls     map[string]string
	done        []ipvsctl.Op
	faults      Faults
}

// Faults are what goes wrong while they are set.
type Faults struct {
	Open  error                  // Open fails
	Read  error                  // Read and Look fail; the handle is broken from then on
	Link  error                  // Apply does so before its first op
	Apply func(ipvsctl.Op) error // refuses ops; nil accepts
	Wait  func(call string)      // called first by Open, Read, Look and Apply
}

// Fail sets what goes wrong from now on.
func (t *Table) Fail(f Faults) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = f
}

// Open is for ipvsctl.Options.
func (t *Table) Open() (ipvsctl.Kernel, error) {
	if err := t.fault("open").Open; err != nil {
		return nil, err
	}
	return &kernel{table: t}, nil
}

// Put makes services part of the table, as another program would.
func (t *Table) Put(services ...ipvsctl.Service) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range services {
		t.store(s)
	}
}

// Clear empties the table, as `ipvsadm -C` does.
func (t *Table) Clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.services)
}

// Carry has traffic counted, of a destination or, without an address, of a
// whole service.
func (t *Table) Carry(d ipvsctl.DestinationKey, traffic ipvsctl.Traffic) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.traffic == nil {
		t.traffic = make(map[ipvsctl.DestinationKey]ipvsctl.Traffic)
	}
	t.traffic[d] = traffic
}

// Connect gives a destination connections.
func (t *Table) Connect(d ipvsctl.DestinationKey, c ipvsctl.Connections) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.connections == nil {
		t.connections = make(map[ipvsctl.DestinationKey]ipvsctl.Connections)
	}
	t.connections[d] = c
}

// Services is the whole table, sorted.
func (t *Table) Services() []ipvsctl.Service { return t.Snapshot().Services }

// Snapshot is what the kernel would tell.
func (t *Table) Snapshot() ipvsctl.Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := ipvsctl.Snapshot{
		Connections: make(map[ipvsctl.DestinationKey]ipvsctl.Connections),
		Traffic:     maps.Clone(t.traffic),
		Timeouts:    t.timeouts,
		Sync:        slices.Clone(t.daemons),
		Sysctls:     maps.Clone(t.sysctls),
	}
	for _, key := range slices.SortedFunc(maps.Keys(t.services), ipvsctl.Key.Compare) {
		service := t.services[key]
		service.Destinations = slices.Clone(service.Destinations)
		for _, d := range service.Destinations {
			k := ipvsctl.DestinationKey{Service: key, Address: d.Address}
			s.Connections[k] = t.connections[k]
		}
		s.Services = append(s.Services, service)
	}
	return s
}

// Done is every op that succeeded, in order.
func (t *Table) Done() []ipvsctl.Op {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.done)
}

func (t *Table) fault(call string) Faults {
	t.mu.Lock()
	f := t.faults
	t.mu.Unlock()
	if f.Wait != nil {
		f.Wait(call)
	}
	return f
}

func (t *Table) store(s ipvsctl.Service) {
	if t.services == nil {
		t.services = make(map[ipvsctl.Key]ipvsctl.Service)
	}
	s.Destinations = slices.SortedFunc(slices.Values(s.Destinations), func(a, b ipvsctl.Destination) int {
		return a.Address.Compare(b.Address)
	})
	t.services[s.Key] = s
}

// do is one op with the kernel's errors.
func (t *Table) do(op ipvsctl.Op) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	have, exists := t.services[op.Service.Key]
	switch {
	case op.Kind == ipvsctl.SetTimeouts:
		t.timeouts = op.Timeouts.Over(t.timeouts)
	case op.Kind == ipvsctl.StartSync && t.runs(op.Sync.Role):
		return syscall.EEXIST
	case op.Kind == ipvsctl.StopSync && !t.runs(op.Sync.Role):
		return syscall.ESRCH
	case op.Kind == ipvsctl.StartSync:
		t.daemons = append(t.daemons, op.Sync)
	case op.Kind == ipvsctl.StopSync:
		t.daemons = slices.DeleteFunc(t.daemons, func(d ipvsctl.Daemon) bool { return d.Role == op.Sync.Role })
	case op.Kind == ipvsctl.SetSysctl:
		t.sysctls[op.Sysctl.Name] = op.Sysctl.Value
	case op.Kind == ipvsctl.AddService && exists:
		return syscall.EEXIST
	case op.Kind != ipvsctl.AddService && !exists:
		return syscall.ESRCH
	case op.Kind == ipvsctl.DeleteService:
		delete(t.services, op.Service.Key)
	case op.Kind == ipvsctl.AddService, op.Kind == ipvsctl.UpdateService:
		want := op.Service
		want.Destinations = have.Destinations
		t.store(want)
	default:
		servers, err := changed(have.Destinations, op)
		if err != nil {
			return err
		}
		have.Destinations = servers
		t.store(have)
	}
	t.done = append(t.done, op)
	return nil
}

func (t *Table) runs(role ipvsctl.Role) bool {
	return slices.ContainsFunc(t.daemons, func(d ipvsctl.Daemon) bool { return d.Role == role })
}

// Sysctl gives a setting the value it has before anybody wants another.
func (t *Table) Sysctl(name, value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sysctls == nil {
		t.sysctls = make(map[string]string)
	}
	t.sysctls[name] = value
}

// Synchronise has these daemons run.
func (t *Table) Synchronise(daemons ...ipvsctl.Daemon) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.daemons = daemons
}

// changed is a service's destinations after op.
func changed(have []ipvsctl.Destination, op ipvsctl.Op) ([]ipvsctl.Destination, error) {
	d := op.Destination
	others := slices.DeleteFunc(slices.Clone(have), func(o ipvsctl.Destination) bool { return o.Address == d.Address })
	exists := len(others) < len(have)
	switch {
	case op.Kind == ipvsctl.DeleteDestination && exists:
		return others, nil
	case op.Kind == ipvsctl.AddDestination && exists:
		return nil, syscall.EEXIST
	case op.Kind != ipvsctl.AddDestination && !exists:
		return nil, syscall.ENOENT
	case d.Weight < 0 || d.Lower > d.Upper:
		return nil, syscall.ERANGE
	}
	return append(others, d), nil
}

// kernel is the way to a Table. Once broken it stays broken, as a socket that
// is out of step does.
type kernel struct {
	table  *Table
	broken error
}

func (k *kernel) Read() (ipvsctl.Snapshot, error) {
	f := k.table.fault("read")
	if k.broken = cmp.Or(k.broken, f.Read); k.broken != nil {
		return ipvsctl.Snapshot{}, k.broken
	}
	return k.table.Snapshot(), nil
}

func (k *kernel) Look(keys []ipvsctl.Key) ([]ipvsctl.Service, error) {
	f := k.table.fault("look")
	if k.broken = cmp.Or(k.broken, f.Read); k.broken != nil {
		return nil, k.broken
	}
	all := k.table.Services()
	return slices.DeleteFunc(all, func(s ipvsctl.Service) bool { return !slices.Contains(keys, s.Key) }), nil
}

func (k *kernel) Apply(ops []ipvsctl.Op) (failed []ipvsctl.Failed, err error) {
	f := k.table.fault("apply")
	if k.broken = cmp.Or(k.broken, f.Link); k.broken != nil {
		return nil, k.broken
	}
	for _, op := range ops {
		var err error
		if f.Apply != nil {
			err = f.Apply(op)
		}
		if err == nil {
			err = k.table.do(op)
		}
		if err != nil {
			failed = append(failed, ipvsctl.Failed{Op: op, Err: err})
		}
	}
	return failed, nil
}

func (k *kernel) Close() error {
	k.broken = errors.New("closed")
	return nil
}
