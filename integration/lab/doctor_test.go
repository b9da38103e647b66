package lab_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// complaint is a finding of `hald doctor` that is no "ok".
type complaint struct{ Check, Subject, Level, Text, Cure string }

// TestDoctor is `hald doctor` beside running directors: ready, on the master and on the
// backup, until a real server is not silent about the address; it is named, and what it
// is told to do helps. An IPVS, and neighbours that are what the configuration says, are
// to be had only here.
func TestDoctor(t *testing.T) {
	l := lab.New(t)
	cluster := lab.Cluster{Services: lab.EachMethod, Interval: 100 * time.Millisecond}
	lb1, lb2 := l.Hald("lb1", cluster), l.Hald("lb2", cluster)
	lb1.Start()
	lb2.Start()
	l.AwaitMaster("lb1", settle)

	ready := func(d *lab.Hald, want bool) (all []complaint) {
		t.Helper()
		out, status := d.Command("doctor", "-o", "json", "--for", "500ms")
		var said struct{ Findings []complaint }
		if err := json.Unmarshal([]byte(out), &said); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, c := range said.Findings {
			if c.Level != "ok" {
				all = append(all, c)
			}
		}
		if (status == 0) != want {
			t.Errorf("exit status %d, found %+v", status, all)
		}
		return all
	}
	ready(lb1, true)
	ready(lb2, true)

	realserver := func(command string) {
		l.Run("web1", "sh", "-c", strings.Replace(command, "hald", lab.HaldBinary(), 1)+" --config "+l.Folder()+"/realservers.hcl --runtime-dir /run/web1")
	}
	// As an operator would who has read half of how to do it.
	l.Run("web1", "sysctl", "-w", "net.ipv4.conf.all.arp_ignore=0")
	found := ready(lb2, false)
	var cure string
	for _, c := range found {
		if c.Check == "virtual_address" && c.Level == "fail" && strings.Contains(c.Text, "the real server web1") {
			_, cure, _ = strings.Cut(c.Cure, "on web1: ")
		}
	}
	if cure == "" {
		t.Fatalf("web1 was not found out: %+v", found)
	}
	realserver(cure)
	ready(lb2, true)
}
