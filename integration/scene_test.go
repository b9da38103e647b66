package integration

import (
	"os"
	"path/filepath"
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
		l.Eventually(settle, name+" has its servers", func() bool {
			return len(l.Behind(name, lab.PortDR))+len(l.Behind(name, lab.PortNAT))+len(l.Behind(name, lab.PortTUN)) == 3
		})
	}
	return servedOn(l, lab.PortDR)
}

// machineStall is the longest time for which a machine that others use too may
// keep everybody in the lab from answering.
const machineStall = time.Second

// undisturbed checks that a client was served all the while.
func undisturbed(t *testing.T, s lab.Samples) {
	t.Helper()
	gap := s.LongestGap()
	t.Logf("client: %d requests, %d failed, longest gap %v", len(s), s.Failed(), gap)
	if gap.Length() > machineStall || s.Failed() > len(s)/20 {
		t.Errorf("the client was disturbed: %d of %d requests failed, longest gap %v", s.Failed(), len(s), gap)
	}
}
