//go:build linux

package lab

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Change is one moment at which a director gained or lost the address, or was
// seen to have it still.
type Change struct {
	Time     time.Time
	Director string
	Holds    bool
}

// Tenure is a stretch of time with the same owners: none, one, or both.
type Tenure struct {
	From, To time.Time // To is zero for the present one
	Owners   []string  // in name order
}

// Ownership is an address's history, in order and without holes.
type Ownership []Tenure

// ownership turns the changes, in any order, into a history.
func ownership(changes []Change) Ownership {
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b Change) int { return a.Time.Compare(b.Time) })
	var history Ownership
	holders := map[string]bool{}
	for _, c := range changes {
		if known, ok := holders[c.Director]; ok && known == c.Holds {
			continue
		}
		holders[c.Director] = c.Holds
		var owners []string
		for name, holds := range holders {
			if holds {
				owners = append(owners, name)
			}
		}
		slices.Sort(owners)
		if n := len(history); n > 0 {
			if slices.Equal(history[n-1].Owners, owners) {
				continue
			}
			history[n-1].To = c.Time
		}
		history = append(history, Tenure{From: c.Time, Owners: owners})
	}
	return history
}

// Since is the history from a moment on.
func (o Ownership) Since(t time.Time) Ownership {
	var part Ownership
	for _, tenure := range o {
		if !tenure.To.IsZero() && !tenure.To.After(t) {
			continue
		}
		if tenure.From.Before(t) {
			tenure.From = t
		}
		part = append(part, tenure)
	}
	return part
}

// None is how long nobody held the address, and Both how long more than one
// did, up to now.
func (o Ownership) None(now time.Time) time.Duration { return o.total(now, 0, 0) }

// Both is the time with two owners; see None.
func (o Ownership) Both(now time.Time) time.Duration { return o.total(now, 2, len(Directors)) }

func (o Ownership) total(now time.Time, least, most int) (sum time.Duration) {
	for _, t := range o {
		if n := len(t.Owners); n < least || n > most {
			continue
		}
		if t.To.IsZero() {
			t.To = now
		}
		sum += t.To.Sub(t.From)
	}
	return sum
}

// Transfers is how often the address went to a director that did not have it.
func (o Ownership) Transfers() (n int) {
	for i := 1; i < len(o); i++ {
		for _, owner := range o[i].Owners {
			if !slices.Contains(o[i-1].Owners, owner) {
				n++
			}
		}
	}
	return n
}

// String is one line, with times from the beginning of the history.
func (o Ownership) String() string {
	var parts []string
	for _, t := range o {
		owners := "none"
		if len(t.Owners) > 0 {
			owners = strings.Join(t.Owners, "+")
		}
		parts = append(parts, fmt.Sprintf("%.3fs %s", t.From.Sub(o[0].From).Seconds(), owners))
	}
	return strings.Join(parts, ", ")
}
