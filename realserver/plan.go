package realserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Facts are what the machine has: the value of everything that a thing may be about,
// by kind and name. What is not there has none.
type Facts struct {
	values map[string]string
	loud   map[string]string // links that answer ARP for addresses of others, and their arp_ignore
	open   map[string]string // addresses where others may hear of them, by themselves: ADDRESS/LENGTH dev LINK
}

func (f Facts) of(t Thing) string { return f.values[t.key()] }

// Record is what was changed, and for which virtual servers.
type Record struct {
	Services []string `json:"services"`
	Changes  []Change `json:"changes"` // in the order in which they were made
}

// Change is a thing that is as it is because of us.
type Change struct {
	Thing
	Before string `json:"before"` // the value that was there; empty: none
}

func (r Record) change(t Thing) (Change, bool) {
	for _, c := range r.Changes {
		if c.key() == t.key() {
			return c, true
		}
	}
	return Change{}, false
}

// Step is one change of the machine: the thing gets the value, or goes if that is
// empty.
type Step struct {
	Thing
	From, To string
}

// Undo tells whether the step takes back what an earlier one did.
func (s Step) Undo() bool { return s.To != s.Value }

// ends tells whether a thing is no more after the step: what it is about, or what a
// device had that is made anew.
func (s Step) ends(t Thing) bool {
	return s.key() == t.key() || s.Kind == Device && (strings.Contains(t.Name, "."+s.Name+".") || strings.HasSuffix(t.Name, " dev "+s.Name))
}

// Plan is the steps from what the machine has to what it shall have, and the record
// once they are done. What was changed before and is wanted no more is taken
// back first, in reverse; unless somebody has changed it since, then it stays. What is
// as wanted without our doing stays, too.
func Plan(record Record, have Facts, want []Thing) (steps []Step, after Record, err error) {
	if err := have.obstacle(want); err != nil {
		return nil, record, err
	}
	for _, c := range slices.Backward(record.Changes) {
		wanted := slices.ContainsFunc(want, func(t Thing) bool { return t.key() == c.key() && t.Value == c.Value })
		is := have.of(c.Thing)
		switch {
		case wanted:
			after.Changes = append(after.Changes, c)
		case is == c.Value && is != c.Before && (c.Kind != Setting || c.Before != ""): // a setting without a past goes with its device
			steps = append(steps, Step{c.Thing, is, c.Before})
		}
	}
	slices.Reverse(after.Changes)
	for _, t := range want {
		is := have.of(t)
		switch {
		case slices.ContainsFunc(steps, func(s Step) bool { return s.ends(t) }):
			is = ""
		case t.fits(is):
			continue
		}
		_, ours := after.change(t)
		if is != "" && !ours && t.Kind != Setting { // settings are replaced
			return nil, record, taken(t, is)
		}
		if !ours {
			after.Changes = append(after.Changes, Change{t, is})
		}
		steps = append(steps, Step{t, is, t.Value})
	}
	return steps, after, nil
}

// taken says why a thing cannot be made: somebody else has it otherwise.
func taken(t Thing, is string) error {
	if t.Kind == Device {
		return fmt.Errorf("there is a device %s that hald did not make (%s): ip link delete %s", t.Name, is, t.Name)
	}
	return fmt.Errorf("%s is taken already (%s)", t.Name, is)
}

// obstacle reports where the machine would not be silent in spite of all, with the
// command that ends it: a link whose own setting defeats the one for all, or an
// address on one that answers for it.
func (f Facts) obstacle(want []Thing) error {
	for _, t := range want {
		if err := f.loudness(t); err != nil {
			return err
		}
	}
	return nil
}

func (f Facts) loudness(t Thing) error {
	if t.Name == arpIgnore {
		for _, link := range slices.Sorted(maps.Keys(f.loud)) {
			return fmt.Errorf("%s has arp_ignore %s, with which it answers for addresses of other links whatever the setting for all is: sysctl -w net.ipv4.conf.%s.arp_ignore=1", link, f.loud[link], strings.ReplaceAll(link, ".", "/"))
		}
	}
	if addr, _, ok := strings.Cut(t.Name, "/"); ok && f.open[addr] != "" {
		return fmt.Errorf("%s is where others may hear of it: ip address delete %s", addr, f.open[addr])
	}
	return nil
}
