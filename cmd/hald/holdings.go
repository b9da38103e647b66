package main

import (
	"fmt"

	"github.com/hald-project/hald/election"
)

// holdings says what is held where, of the instances for which that is more than
// their line tells: they have routes, or addresses on another interface, or not
// what their state says. It is empty when there are none.
func (p painter) holdings(instances []election.Status) string {
	t := table{colour: p.colour}
	t.row(heading("INSTANCE", "INTERFACE", "HELD", "WHAT")...)
	told := false
	for _, s := range instances {
		if !notable(s) {
			continue
		}
		told = true
		for _, h := range s.Holdings {
			if len(h.Addresses) > 0 {
				t.row(plain(s.Name), plain(h.Interface), held(s.State, h.Held, len(h.Addresses)), plain(addresses(h.Addresses)))
			}
			if len(h.Routes) > 0 {
				t.row(plain(s.Name), plain(h.Interface), held(s.State, h.HeldRoutes, len(h.Routes)), plain("routes "+firstOf(h.Routes, ", ")))
			}
		}
	}
	if !told {
		return ""
	}
	return t.String()
}

func notable(s election.Status) bool {
	for _, h := range s.Holdings {
		if h.Interface != s.Interface || len(h.Routes) > 0 || h.Held != expected(s.State, len(h.Addresses)) {
			return true
		}
	}
	return false
}

// expected is how many of n things an instance holds: a master all.
func expected(state string, n int) int {
	if state == "master" {
		return n
	}
	return 0
}

func held(state string, is, of int) cell {
	c := cell{fmt.Sprintf("%d of %d", is, of), red}
	switch {
	case is != expected(state, of):
	case state == "master":
		c.paint = green
	default:
		c.paint = ""
	}
	return c
}
