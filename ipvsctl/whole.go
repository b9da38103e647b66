package ipvsctl

import (
	"maps"
	"slices"
)

// planServices is the ops for the services, and which are wanted.
func (k *keeper) planServices(have Snapshot) (wanted Keys, ops []Op) {
	if k.warm {
		return maps.Clone(k.record.keys), nil
	}
	return KeysOf(k.want), Plan(have.Services, k.want, k.record.keys)
}

// planWhole puts what concerns the table as a whole around the ops for the
// services: what synchronises connections may be in their way.
func (k *keeper) planWhole(have Snapshot, services []Op) []Op {
	stop, start := planSync(have.Sync, k.settings.Sync, k.record.whole.Sync)
	after := slices.Concat(planTimeouts(have.Timeouts, k.settings.Timeouts),
		planSysctls(have.Sysctls, k.settings.Sysctls, k.record.whole.Sysctls), start)
	if len(stop)+len(after) == 0 {
		return services // megabytes, as they are
	}
	return slices.Concat(stop, services, after)
}

// claim is what is ours beside services once this round is over, and how it was
// before.
func (k *keeper) claim(have Snapshot) Whole {
	w := Whole{Sysctls: maps.Clone(k.record.whole.Sysctls), Sync: k.record.whole.Sync || k.settings.Sync != nil}
	for name := range k.settings.Sysctls {
		if _, known := w.Sysctls[name]; !known {
			if before, there := have.Sysctls[name]; there {
				if w.Sysctls == nil {
					w.Sysctls = make(map[string]string)
				}
				w.Sysctls[name] = before
			}
		}
	}
	return w
}

// keep is what of that is still ours: what is wanted, and what could not be put
// back.
func (k *keeper) keep(refused []Failed) Whole {
	w := Whole{Sysctls: maps.Clone(k.record.whole.Sysctls), Sync: k.settings.Sync != nil}
	stuck := make(map[string]bool)
	for _, f := range refused {
		switch f.Op.Kind {
		case StopSync:
			w.Sync = true
		case SetSysctl:
			stuck[f.Op.Sysctl.Name] = true
		}
	}
	maps.DeleteFunc(w.Sysctls, func(name, _ string) bool {
		_, wanted := k.settings.Sysctls[name]
		return !wanted && !stuck[name]
	})
	return w
}
