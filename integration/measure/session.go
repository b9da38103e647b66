//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/integration/guest"
	"github.com/hald-project/hald/integration/lab"
)

// The patience of the measurements.
const (
	settle    = 30 * time.Second // for the lab to get where an event begins
	aftermath = 1 * time.Second  // what goes wrong after a change, goes wrong soon
)

// services are the client's, by direct routing, and one with every real server.
var services = []lab.Service{lab.EachMethod[0], lab.Mixed}

// destinations are the real servers in a director's table when all are well.
const destinations = 4

// bench is the lab with its witnesses, and what they saw.
type bench struct {
	lab     *lab.Lab
	owners  *lab.Watch
	capture *lab.Capture
	report  *report
	say     func(string)
}

// session is a pair of directors at work, and a client.
type session struct {
	*bench
	cluster  lab.Cluster
	lb1, lb2 lab.Director
	requests *lab.Probe
}

func (b *bench) progress(format string, args ...any) { b.say(fmt.Sprintf(format, args...)) }

// about says what was measured, on what.
func (b *bench) about(runs int) string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	kernel := "Linux " + strings.TrimSpace(string(release))
	if guest.Simulated() {
		kernel += " in user mode"
	}
	keepalived, _, _ := strings.Cut(b.lab.Run("lb1", "keepalived", "--version"), "\n")
	commit, _ := os.ReadFile(filepath.Join(guest.Out(), fileCommit))
	return fmt.Sprintf("Measured on %s: runs: %d; %s, processors: %d; hald at %s beside %s.\n", time.Now().UTC().Format("2 January 2006"),
		runs, kernel, runtime.NumCPU(), strings.TrimSpace(string(commit)), strings.TrimSpace(keepalived))
}

// open starts a daemon of a kind on each director, and the client.
func (b *bench) open(c lab.Cluster, lb1, lb2 string) *session {
	s := &session{bench: b, cluster: c, lb1: b.director(lb1, "lb1", c), lb2: b.director(lb2, "lb2", c)}
	s.lb1.Start()
	s.lb2.Start()
	b.lab.AwaitMaster("lb1", settle)
	s.requests = b.lab.Requests(lab.PortDR)
	s.settled()
	return s
}

// close stops the session and waits until nothing is left of it.
func (s *session) close() {
	s.requests.Stop()
	s.lb2.Stop()
	s.lb1.Stop()
	for _, name := range lab.Directors {
		s.lab.Run(name, "ipvsadm", "-C")
		s.lab.Eventually(settle, name+" gives up the VIP", func() bool { return !s.lab.Holds(name, lab.VIP) })
	}
}

func (b *bench) director(daemon, name string, c lab.Cluster) lab.Director {
	if daemon == "hald" {
		return b.lab.Hald(name, c)
	}
	return b.lab.Keepalived(name, c)
}

// settled waits until lb1 is the only master, both tables are full, and the
// client has been served without a failure for a while.
func (s *session) settled() {
	s.lab.AwaitMaster("lb1", settle)
	for _, name := range lab.Directors {
		s.lab.Eventually(settle, name+" has its servers", func() bool {
			return strings.Count(s.lab.IPVS(name), "-a -t") == destinations
		})
	}
	s.served()
	time.Sleep(aftermath)
}

// served waits until the client's newest requests were answered.
func (s *session) served() {
	s.lab.Eventually(settle, "the client is served", func() bool {
		last := s.requests.Since(time.Now().Add(-lab.RequestTimeout))
		return len(last) > 0 && last[len(last)-1].Served()
	})
}

// table is a director's IPVS table, with its lines in an order of their own.
func (s *session) table(director string) []string {
	return slices.Sorted(strings.Lines(s.lab.IPVS(director)))
}

// until is how long it takes until something is so, or never.
func until(patience time.Duration, so func() bool) figure {
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(10 * time.Millisecond) {
		if so() {
			return lasting(time.Since(begin))
		}
	}
	return never
}
