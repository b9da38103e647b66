//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// watched is how long a table that was cleared is watched.
const watched = 8 * time.Second

// repair does behind the master's back what it is there to keep up: it takes the
// address away, then clears the table.
func (s *session) repair() {
	t := s.report.table("Taken away behind the master's back", daemons...)
	s.takeAddress(t)
	s.clearTable(t)
}

func (s *session) takeAddress(t *table) {
	begin := time.Now()
	s.lab.Run("lb1", "ip", "address", "delete", lab.VIP.String(), "dev", lab.Interface)
	time.Sleep(s.cluster.DownInterval("lb2")) // until it has moved, if it moves
	s.settled()
	back := regained(s.owners.Ownership().Since(begin), "lb1", begin)
	missed, certain := s.gap(begin)
	t.row("`ip addr del` of the address, until it is back (the command's time included)", "–", seconds).add(s.lb1.Daemon(), back)
	t.row("… the client's longest gap", "–", seconds).add(s.lb1.Daemon(), missed)
	t.row("… the client's longest gap"+lessControl, "–", seconds).add(s.lb1.Daemon(), certain)
	t.row("… the master resigns", "–", times).add(s.lb1.Daemon(), resignations(s.capture.Adverts("lb1", begin)))
	s.progress("  the address taken away: back after %.3f s", back)
}

func (s *session) clearTable(t *table) {
	before := s.table("lb1")
	s.lab.Run("lb1", "ipvsadm", "-C")
	repaired := until(watched, func() bool { return slices.Equal(s.table("lb1"), before) })
	t.row(fmt.Sprintf("`ipvsadm -C`, until the table is whole (watched for %v)", watched), "hald: 6 s", seconds).
		add(s.lb1.Daemon(), repaired)
	s.progress("  the table cleared: whole after %.3f s", repaired)
}

// regained is how long after an event a director held again what it had lost,
// or never.
func regained(history lab.Ownership, director string, event time.Time) figure {
	lost := false
	for _, t := range history {
		holds := slices.Contains(t.Owners, director)
		if lost && holds {
			return lasting(t.From.Sub(event))
		}
		lost = lost || !holds
	}
	return never
}

// resignations is how many of the adverts are of priority 0.
func resignations(adverts []lab.Frame) (n figure) {
	for _, f := range adverts {
		if f.Advert.Priority == 0 {
			n++
		}
	}
	return n
}
