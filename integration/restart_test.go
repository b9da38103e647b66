package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestR36RestartKeepsConnections: a director that ends in good order or by kill
// -9 and is started again, as for an upgrade, breaks none of a thousand open
// connections, nobody being there to take over, and changes nothing in the table;
// neither does what the unit runs in between.
func TestR36RestartKeepsConnections(t *testing.T) {
	t.Parallel()
	const each = 500
	l := lab.New(t)
	lb1 := l.Hald("lb1", lab.Cluster{Interval: 300 * time.Millisecond, Services: lab.EachMethod, Check: patient})
	lb1.Start()
	l.Eventually(settle, "lb1 is master", func() bool { return l.Holds("lb1", lab.VIP) })
	servedOn(l, lab.PortNAT).Stop()
	servedOn(l, lab.PortDR).Stop()
	connections := map[string]*lab.Standing{"DR": l.Stand(lab.PortDR, each), "NAT": l.Stand(lab.PortNAT, each)}
	before := table(l, "lb1")
	for _, ending := range []struct {
		name string
		end  func()
	}{
		{"stopped", func() {
			if status := lb1.Stop(); status != 0 {
				t.Errorf("exit status %d", status)
			}
		}},
		{"killed", lb1.Kill},
	} {
		ending.end()
		afterTheEnd(t, lb1)
		if got := table(l, "lb1"); got != before {
			t.Errorf("%s: the table without a daemon is\n%s\nand was\n%s", ending.name, got, before)
		}
		lb1.Start()
		for method, c := range connections {
			fates := c.Ask(outlasts)
			t.Logf("%s, %s: %v", ending.name, method, fates)
			if fates.Answered != each {
				t.Errorf("%s: of %d connections through %s: %v", ending.name, each, method, fates)
			}
		}
		l.Eventually(settle, ending.name+": its servers are judged again", func() bool {
			for _, s := range documentOf(t, lb1).Services {
				for _, r := range s.Servers {
					if r.State != "up" {
						return false
					}
				}
			}
			return true
		})
		if got := table(l, "lb1"); got != before {
			t.Errorf("%s: the table after the start is\n%s\nand was\n%s", ending.name, got, before)
		}
		for _, e := range lb1.Events() {
			if e.Name == "ipvs.applied" || e.Name == "ipvs.drift" {
				t.Errorf("%s: it changed the table that it found: %s", ending.name, e.Line)
			}
		}
	}
}

// TestClearOnStopAfterAKill: a table that is not wanted to outlive the daemon does
// not outlive a killed one either, once the unit has cleaned up.
func TestClearOnStopAfterAKill(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	text := configuration(t, l, lab.Cluster{Services: lab.EachMethod})
	lb1 := l.HaldWith("lb1", l.WriteFile("clear.hcl", text+"\nipvs {\n  clear_on_stop = true\n}\n"))
	lb1.Start()
	l.Eventually(settle, "its services are in the table", func() bool { return strings.Contains(l.IPVS("lb1"), "192.0.2.100") })
	lb1.Kill()
	if !strings.Contains(l.IPVS("lb1"), "192.0.2.100") {
		t.Error("a killed daemon left no service: this test is blind")
	}
	afterTheEnd(t, lb1)
	if left := l.IPVS("lb1"); strings.Contains(left, "192.0.2.100") {
		t.Errorf("the table is still\n%s", left)
	}
}
