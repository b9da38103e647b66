package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// configuration is the text of what hald is given for a cluster, for a scenario
// to change.
func configuration(t *testing.T, l *lab.Lab, c lab.Cluster) string {
	t.Helper()
	l.Hald("lb1", c) // writes it
	text, err := os.ReadFile(filepath.Join(l.Folder(), "hald.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// office is inOffice with every instrument at hand, for a scenario whose end is an audit.
func office(t *testing.T, l *lab.Lab, c lab.Cluster, lb1, lb2 *lab.Hald) *scene {
	t.Helper()
	s := &scene{Lab: l, t: t, cluster: c, lb1: lb1, lb2: lb2, owners: l.WatchOwners(lab.VIP), wire: l.Capture(), began: time.Now()}
	s.client = inOffice(l, lb1, lb2)
	s.held = s.settled()
	return s
}

// afterTheEnd runs what the unit runs when the daemon has ended, however it did.
func afterTheEnd(t *testing.T, h *lab.Hald) {
	t.Helper()
	unit, err := os.ReadFile("../contrib/systemd/hald.service")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^ExecStopPost=/usr/bin/hald (.+)$`).FindSubmatch(unit)
	if line == nil {
		t.Fatal("the unit runs nothing after the daemon")
	}
	if out, status := h.Command(strings.Fields(string(line[1]))...); status != 0 {
		t.Errorf("%s: exit status %d: %s", line[0], status, out)
	}
}

// patient is a health check that a busy machine does not fail.
var patient = lab.Check{Interval: 2 * time.Second, Timeout: 2 * time.Second, Fall: 3, Rise: 1}

// unhurried is the rhythm of a client that leaves the machine to the scenarios
// beside it.
const unhurried = 100 * time.Millisecond

// servedOn starts an unhurried client of a port of the VIP and waits until it is
// served.
func servedOn(l *lab.Lab, port int) *lab.Probe {
	client := l.RequestsEvery(unhurried, port)
	served(l, client)
	return client
}

// inOffice starts both directors and waits until lb1 is master, both know all
// servers of EachMethod, and an unhurried client of the DR service is served.
func inOffice(l *lab.Lab, lb1, lb2 lab.Director) *lab.Probe {
	lb1.Start()
	lb2.Start()
	l.AwaitMaster("lb1", settle)
	for _, name := range lab.Directors {
		hasServers(l, name)
	}
	return servedOn(l, lab.PortDR)
}

// logOf is the text of all lives of a daemon on a director so far.
func logOf(t *testing.T, l *lab.Lab, director string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(l.Folder(), director+".log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// machineStall is the longest time for which a machine that others use too may
// keep everybody in the lab from running without anybody noticing.
const machineStall = time.Second

// slack is what such a machine may add to a time that was measured while a
// client was asking: a stall, and all the time in which the client's control
// was not answered promptly.
func slack(s lab.Samples) time.Duration { return machineStall + busy(s) }

// busy is for how long a client's controls waited for the machine.
func busy(s lab.Samples) (total time.Duration) {
	const promptly = 50 * time.Millisecond
	var seen time.Time
	for _, sample := range s {
		answered := sample.Control
		if answered.IsZero() {
			answered = sample.Sent.Add(lab.RequestTimeout)
		}
		if answered.Sub(sample.Due) < promptly {
			continue
		}
		begin := sample.Due
		if begin.Before(seen) {
			begin = seen
		}
		if answered.After(begin) {
			total += answered.Sub(begin)
			seen = answered
		}
	}
	return total
}

// undisturbed checks that a client was served all the while.
func undisturbed(t *testing.T, s lab.Samples) {
	t.Helper()
	gap := s.LongestGap()
	t.Logf("client: %d requests, %d failed, longest gap %v; the machine was busy for %v", len(s), s.Failed(), gap, busy(s).Round(time.Millisecond))
	if most := len(s)/20 + int(busy(s)/unhurried); gap.Length() > slack(s) || s.Failed() > most {
		t.Errorf("the client was disturbed: %d of %d requests failed, longest gap %v", s.Failed(), len(s), gap)
	}
}
