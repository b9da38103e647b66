package main

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

// TestLateness: an election that was kept from its work says by how much, and the
// histogram in the status has it.
func TestLateness(t *testing.T) {
	const slept = 250 * time.Millisecond // shorter than the down interval: it stays master
	s := newSite(t, validConfig)
	log := s.logFile()
	d := s.run(log)
	s.until("master", s.isMaster)
	before := s.status().VRRPInstances[0].WakeupDelay
	for _, pid := range d.workers() {
		syscall.Kill(pid, syscall.SIGSTOP)
	}
	time.Sleep(slept)
	for _, pid := range d.workers() {
		syscall.Kill(pid, syscall.SIGCONT)
	}
	s.until("it says that it was late", func() bool {
		return slices.ContainsFunc(events(t, log, "vrrp.late"), func(e event.Event) bool {
			// The sleep began up to an interval before something was due.
			return e.Instance == "web" && e.DurationMS >= 150 && e.DurationMS < 10000
		})
	})
	s.until("the histogram has it", func() bool {
		after := s.status().VRRPInstances[0].WakeupDelay
		return after.Count > before.Count && after.MaxMS >= 150 && after.SumMS > before.SumMS+150
	})
	if after := s.status().VRRPInstances[0].WakeupDelay; long(after) <= long(before) {
		t.Errorf("no bucket for it: %+v, before %+v", after, before)
	}
}

// long is how many wake-ups were more than 100 ms late.
func long(h election.Histogram) (n uint64) {
	for _, bucket := range h.Buckets[len(h.Buckets)-8:] { // the first ends at 250 ms
		n += bucket
	}
	return n
}
