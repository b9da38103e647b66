package realserver

import (
	"errors"
	"fmt"
	"slices"
)

// Machine is what the package does to the node it runs on.
type Machine interface {
	// Facts reads what the machine has of these things.
	Facts(things []Thing) (Facts, error)
	// Do makes, changes or removes a thing.
	Do(Step) error
}

// Keeper remembers a record. What it is told is on disk when it returns.
type Keeper interface {
	Load() (Record, error)
	Save(Record) error
}

// Up gives the machine what the services need, all of the role if only is empty, beside
// what was set up before. It returns the steps it took, those before an error too.
func Up(m Machine, k Keeper, role Role, only string) ([]Step, error) {
	record, err := k.Load()
	if err != nil {
		return nil, err
	}
	names := []string{only}
	if only == "" {
		names = nil
		for _, s := range role.Services {
			names = append(names, s.Name)
		}
	}
	record.Services = union(record.Services, names)
	return settle(m, k, record, role.Want(record.Services))
}

// Down takes back what Up did for one service, or for all if only is empty. The role is
// needed only for the former.
func Down(m Machine, k Keeper, role Role, only string) ([]Step, error) {
	record, err := k.Load()
	if err != nil {
		return nil, err
	}
	var want []Thing
	if only == "" {
		record.Services = nil
	} else {
		record.Services = slices.DeleteFunc(record.Services, func(s string) bool { return s == only })
	}
	if len(record.Services) > 0 {
		want = role.Want(record.Services)
	}
	return settle(m, k, record, want)
}

// settle carries out a plan. The record says what will be changed before it is, so
// that a crash in between loses nothing: a change that was never made is found to be
// none.
func settle(m Machine, k Keeper, record Record, want []Thing) ([]Step, error) {
	things := slices.Clone(want)
	for _, c := range record.Changes {
		things = append(things, c.Thing)
	}
	have, err := m.Facts(things)
	if err != nil {
		return nil, err
	}
	steps, after, err := Plan(record, have, want)
	if err != nil {
		return nil, err
	}
	after.Services = record.Services
	before := after
	for _, c := range record.Changes {
		if _, kept := after.change(c.Thing); !kept {
			before.Changes = append([]Change{c}, before.Changes...)
		}
	}
	if err := k.Save(before); err != nil {
		return nil, err
	}
	for i, s := range steps {
		if err := m.Do(s); err != nil {
			return steps[:i], errors.Join(fmt.Errorf("%s: %w", s, err), k.Save(before.without(steps[i+1:], record)))
		}
	}
	return steps, k.Save(after)
}

// without is the record without what will not be made after all, and was not before.
func (r Record) without(steps []Step, before Record) Record {
	r.Changes = slices.DeleteFunc(slices.Clone(r.Changes), func(c Change) bool {
		_, old := before.change(c.Thing)
		return !old && slices.ContainsFunc(steps, func(s Step) bool { return s.key() == c.key() && !s.Undo() })
	})
	return r
}

// String is the step in words.
func (s Step) String() string {
	switch {
	case s.Kind == Setting && s.To != "":
		return fmt.Sprintf("set %s to %s (it was %s)", s.Name, s.To, orNone(s.From))
	case s.To == "":
		return fmt.Sprintf("remove %s %s (%s)", s.Kind, s.Name, s.From)
	}
	return fmt.Sprintf("add %s %s (%s)", s.Kind, s.Name, s.To)
}

func orNone(value string) string {
	if value == "" {
		return "not there"
	}
	return value
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// Item is a thing as it is.
type Item struct {
	Thing
	Is   string `json:"is"`   // empty: not there
	OK   bool   `json:"ok"`   // it is as it must be
	Ours bool   `json:"ours"` // because of Up, and Down takes it back
}

// Status is everything that the role needs, and what is left of earlier changes.
func Status(m Machine, k Keeper, role Role, only string) ([]Item, error) {
	record, err := k.Load()
	if err != nil {
		return nil, err
	}
	var names []string
	if only != "" {
		names = []string{only}
	}
	want := role.Want(names)
	have, err := m.Facts(want)
	if err != nil {
		return nil, err
	}
	var items []Item
	for _, t := range want {
		_, ours := record.change(t)
		items = append(items, Item{Thing: t, Is: have.of(t), OK: t.fits(have.of(t)) && have.loudness(t) == nil, Ours: ours})
	}
	return items, nil
}
