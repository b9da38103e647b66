package ipvsctl

import (
	"maps"
	"slices"
)

// Sysctl is one setting below net.ipv4.vs, its fields separated by one blank.
type Sysctl struct{ Name, Value string }

// planSysctls is the ops that give the settings their wanted values, and those
// that are wanted no longer the values they had before us.
func planSysctls(have, want, before map[string]string) (ops []Op) {
	all := maps.Clone(before)
	if all == nil {
		all = make(map[string]string)
	}
	maps.Copy(all, want)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if value, known := have[name]; !known || value != all[name] {
			ops = append(ops, Op{Kind: SetSysctl, Sysctl: Sysctl{name, all[name]}})
		}
	}
	return ops
}
