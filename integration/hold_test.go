package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// holds are the policy of leaving addresses to strangers, and an instance with IPv6 addresses
// beside that of the lab.
var holds = fmt.Sprintf(`
vrrp_defaults {
  on_conflict = "hold"
}

vrrp_instance "six" {
  interface              = "eth0"
  virtual_router_id      = %d
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "500ms"
  virtual_addresses      = ["%s/64", "%s/64"]
}
`, lab.VRID, gate6, vip6)

// takeovers are how long a director heard nothing before it became master, by instance, since an
// instant.
func takeovers(h *lab.Hald, since time.Time) map[string]time.Duration {
	all := map[string]time.Duration{}
	for _, e := range h.Events() {
		if line := parsed(e); e.Name == "vrrp.transition" && e.To == "master" && line.TS.After(since) {
			all[e.Instance] = time.Duration(line.DurationMS * float64(time.Millisecond))
		}
	}
	return all
}

// inTime checks that a director became master of two instances when nobody had been heard for
// the down interval.
func inTime(t *testing.T, h *lab.Hald, since time.Time, down time.Duration) {
	t.Helper()
	all := takeovers(h, since)
	for name, silence := range all {
		if silence < down-late || silence > down+machineStall {
			t.Errorf("%s: %s took over after %v of silence, want %v", h.Name(), name, silence, down)
		}
	}
	if len(all) != 2 {
		t.Errorf("%s took over %v", h.Name(), all)
	}
}

// TestHold: addresses that a stranger has are left to it where that is wanted, and taken when it is
// gone; a killed director, whose kernel answers for them just the same, is none.
func TestHold(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: 500 * time.Millisecond, Lease: 30 * time.Second, Services: lab.EachMethod, Check: patient}
	config := l.WriteFile("hold.hcl", configuration(t, l, c)+strings.Replace(holds, "vrrp_instance \"six\" {", "vrrp_instance \"six\" {\n  address_lease = \"30s\"", 1))
	lb1, lb2 := l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	six := func(name string) bool { return strings.Contains(l.Run(name, "ip", "-6", "address"), vip6) }
	inOffice(l, lb1, lb2)
	l.Eventually(settle, "lb1 holds the IPv6 addresses, too", func() bool { return six("lb1") })

	killed := time.Now()
	lb1.Kill()
	l.Eventually(settle, "lb2 holds all addresses", func() bool { return l.Holds("lb2", lab.VIP) && six("lb2") })
	if !l.Holds("lb1", lab.VIP) || !six("lb1") {
		t.Errorf("the killed director's kernel answered no longer, this test is blind:\n%s", l.Run("lb1", "ip", "address"))
	}
	l.Eventually(settle, "lb2 tells of both", func() bool { return len(takeovers(lb2, killed)) == 2 })
	inTime(t, lb2, killed, c.DownInterval("lb2"))
	if told := conflicts(lb2); len(told) > 0 {
		t.Errorf("lb2 took the killed director for a stranger: %v", told)
	}

	lb1.Start()
	l.AwaitMaster("lb1", settle)
	l.Eventually(settle, "lb1 holds the IPv6 addresses alone", func() bool { return six("lb1") && !six("lb2") })
	l.Run("web2", "ip", "address", "add", lab.VIP.Addr().String()+"/32", "dev", lab.Interface)
	l.Run("web2", "ip", "address", "add", vip6+"/128", "dev", lab.Interface, "nodad")
	killed = time.Now()
	lb1.Kill()
	for range 2 {
		lb2.AwaitEvent(settle, "an instance of lb2 leaves its addresses to the stranger", func(e lab.Event) bool {
			return e.Name == "vrrp.transition" && e.To == "fault" && e.Reason == "address_conflict" && e.Read.After(killed)
		})
	}
	told := conflicts(lb2)
	for _, e := range told {
		if e.Reason != "before_claim" || e.Peer != hardwareAddress(l, "web2") {
			t.Errorf("told: %s", e.Line)
		}
	}
	if len(told) != 2 || told[0].Instance == told[1].Instance {
		t.Errorf("lb2 told %d times of the stranger, want once for each instance", len(told))
	}
	if status, _ := lb2.Command("status"); !strings.Contains(status, "address_conflict") {
		t.Errorf("status:\n%s", status)
	}
	time.Sleep(5 * time.Second)
	if l.Holds("lb2", lab.VIP) || six("lb2") || len(takeovers(lb2, killed)) > 0 {
		t.Errorf("lb2 took what the stranger has: %v", transitions(lb2))
	}

	gone := time.Now()
	l.Run("web2", "ip", "address", "del", lab.VIP.Addr().String()+"/32", "dev", lab.Interface)
	l.Run("web2", "ip", "address", "del", vip6+"/128", "dev", lab.Interface)
	l.Eventually(settle, "lb2 holds all addresses", func() bool { return l.Holds("lb2", lab.VIP) && six("lb2") })
	took := time.Since(gone)
	t.Logf("lb2 has both %v after the stranger was gone", took)
	if most := 6*time.Second + c.DownInterval("lb2") + 2*machineStall; took > most {
		t.Errorf("lb2 has them %v after the stranger was gone, want %v at most", took, most)
	}
	if story := transitions(lb2); !slices.Contains(story, "fault>backup:fault_cleared") {
		t.Errorf("lb2: %v", story)
	}
}
