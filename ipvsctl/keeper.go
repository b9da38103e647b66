package ipvsctl

import (
	"errors"
	"maps"
	"time"
)

// keeper is the state of one Run.
type keeper struct {
	Options
	kernel   Kernel // nil: not open
	record   *record
	want     []Service
	settings Settings
	asked    bool            // want was set
	fresh    bool            // want or settings have not been applied yet
	refused  map[string]bool // ops the kernel refused in the last round
	known    map[string]bool // failures of the last round
	attempts int             // failed rounds in a row
	warm     bool            // the services stay as they are
	all      bool            // the whole table is to be looked at
	done     []Service       // what the last round made of the services; nil: nobody knows
	looked   time.Time       // when the whole table was read last
}

// round makes the kernel equal to what is wanted and returns when to look
// again.
func (k *keeper) round() time.Duration {
	if k.asked && k.fresh && k.Begin != nil {
		k.Begin()
		defer k.End()
	}
	failures := k.reconcile()
	known := make(map[string]bool)
	for _, f := range failures {
		line := f.Error()
		if !k.known[line] && !known[line] {
			k.Report(f)
		}
		known[line] = true
	}
	if len(known) == 0 && len(k.known) > 0 {
		k.Report(Recovered{})
	}
	k.known = known
	if len(failures) == 0 {
		k.attempts = 0
		return max(0, k.Resync-time.Since(k.looked))
	}
	k.all = true
	k.attempts++
	return min(firstRetry<<min(k.attempts-1, 10), k.Resync)
}

func (k *keeper) reconcile() (failures []Failed) {
	if k.kernel == nil {
		kernel, err := k.Open()
		if err != nil {
			return []Failed{{Err: err}}
		}
		k.kernel = kernel
	}
	if services, keys, ok := k.part(); ok {
		have, err := k.kernel.Look(keys)
		if err != nil {
			k.disconnect()
			return []Failed{{Err: err}}
		}
		return k.write(Plan(have, services, k.record.keys), KeysOf(k.want))
	}
	k.looked = time.Now()
	have, err := k.kernel.Read()
	if err != nil {
		k.disconnect()
		return []Failed{{Err: err}}
	}
	k.Report(Observed{have})
	if !k.asked {
		return nil
	}
	wanted, services := k.planServices(have)
	k.record.note(k.claim(have))
	if failures = k.write(k.planWhole(have, services), wanted); len(failures) == 0 {
		k.all = false
	}
	return failures
}

// part is the services that are wanted otherwise than the last round made them, and their
// keys. It is not ok when the whole table is to be looked at, or might as well be.
func (k *keeper) part() (services []Service, keys []Key, ok bool) {
	if k.all || k.done == nil || k.warm || time.Since(k.looked) >= k.Resync {
		return nil, nil, false
	}
	services, keys = different(k.done, k.want)
	return services, keys, 2*len(keys) <= len(k.want)
}

// write carries ops out. The record names what is ours before the kernel has it, and until
// the kernel has it no more.
func (k *keeper) write(ops []Op, wanted Keys) (failures []Failed) {
	k.done = nil
	owned := maps.Clone(k.record.keys)
	maps.Copy(owned, wanted)
	if err := k.record.set(owned); err != nil {
		failures = append(failures, Failed{Err: err})
	}
	start := time.Now()
	refused, err := k.kernel.Apply(ops)
	if err != nil {
		k.disconnect()
		return append(failures, Failed{Err: err})
	}
	k.account(ops, refused, time.Since(start))
	k.record.note(k.keep(refused))
	if err := k.record.set(stillOwned(wanted, refused)); err != nil && len(failures) == 0 {
		failures = append(failures, Failed{Err: err})
	}
	failures = append(failures, causes(refused)...)
	if len(failures) == 0 && !k.warm {
		k.done = k.want
	}
	return failures
}

// account tells what was done. It is drift when nobody asked for anything new
// and it is not the rest of an earlier round.
func (k *keeper) account(ops []Op, failed []Failed, took time.Duration) {
	refused := make(map[string]bool, len(failed))
	for _, f := range failed {
		refused[f.Op.String()] = true
	}
	var repaired []Op
	applied := Applied{Took: took}
	for _, op := range ops {
		line := ""
		if len(refused)+len(k.refused) > 0 {
			line = op.String()
		}
		switch {
		case refused[line]:
			continue
		case k.fresh || k.refused[line]:
			applied.count(op)
		default:
			repaired = append(repaired, op)
		}
		if op.Kind == StartSync || op.Kind == StopSync {
			k.Report(Synchronising{op.Sync, op.Kind == StopSync})
		}
	}
	if len(repaired) > 0 {
		k.Report(Drift{repaired})
	}
	if k.fresh || applied.Adds+applied.Updates+applied.Deletes > 0 {
		k.Report(applied)
	}
	k.fresh, k.refused = false, refused
}

func (a *Applied) count(op Op) {
	switch op.Kind {
	case AddService, AddDestination:
		a.Adds++
	case DeleteService, DeleteDestination:
		a.Deletes++
	default:
		a.Updates++
	}
}

// stillOwned is the wanted services and those that could not be deleted.
func stillOwned(wanted Keys, refused []Failed) Keys {
	for _, f := range refused {
		if f.Op.Kind == DeleteService {
			wanted[f.Op.Service.Key] = true
		}
	}
	return wanted
}

// causes leaves out the destinations that failed because their service did.
func causes(refused []Failed) []Failed {
	services := make(Keys)
	for _, f := range refused {
		if f.Op.Kind == AddService {
			services[f.Op.Service.Key] = true
		}
	}
	var c []Failed
	for _, f := range refused {
		if f.Op.Kind != AddDestination || !services[f.Op.Service.Key] {
			c = append(c, f)
		}
	}
	return c
}

// stop puts back what was changed beside services, and clears the table if that
// is wanted.
func (k *keeper) stop() error {
	switch {
	case k.settings.ClearOnStop:
		k.want = nil
	case k.record.whole.Sync || len(k.record.whole.Sysctls) > 0:
		k.warm = true
	default:
		return nil
	}
	k.settings = Settings{}
	k.asked, k.fresh, k.all = true, true, true
	var errs []error
	for _, f := range k.reconcile() {
		k.Report(f)
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

func (k *keeper) disconnect() {
	if k.kernel != nil {
		k.kernel.Close()
		k.kernel = nil
	}
}
