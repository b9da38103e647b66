//go:build linux

package main

import (
	"fmt"
	"time"
)

// peers has one daemon succeed the other, and yield to it: each must believe the
// other's adverts.
func (s *session) peers() {
	const overhead, both = "announced beyond the bound", "two owners"
	t := s.report.table(s.every("One daemon succeeds the other"),
		"client's gap", "gap"+lessControl, overhead, both)
	master, backup := s.lb1.Daemon(), s.lb2.Daemon()
	tell := func(event, bound string, begin time.Time) *row {
		r := t.row(event, bound, seconds)
		missed, certain := s.gap(begin)
		r.add("client's gap", missed)
		r.add("gap"+lessControl, certain)
		r.add(both, lasting(s.owners.Ownership().Since(begin).Both(time.Now())))
		return r
	}

	begin := time.Now()
	s.lb1.Stop()
	s.succeeded()
	r := tell(fmt.Sprintf("SIGTERM of %s, %s takes over", master, backup), s.skew(), begin)
	if wire, ok := s.takeover(begin); ok {
		r.add(overhead, lasting(wire.overhead(s.cluster, "lb2")))
	}

	begin = time.Now()
	s.lb1.Start()
	s.settled()
	tell(fmt.Sprintf("%s returns, %s yields", master, backup), "–", begin)
}
