package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestR09DeafBackupIsGivenWayTo: where on_split is "yield", the better master makes an end of a split
// with one that hears nothing, without a gap; it stands by when the other one hears again, and takes
// over when that dies.
func TestR09DeafBackupIsGivenWayTo(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: 500 * time.Millisecond, Services: lab.EachMethod, Check: patient}
	config := l.WriteFile("yield.hcl", configuration(t, l, c)+`
vrrp_defaults {
  on_split = "yield"
}
`)
	lb1, lb2 := l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	client := inOffice(l, lb1, lb2)
	owners := l.WatchOwners(lab.VIP)

	l.Lose(lab.Loss{From: "lb1", To: "lb2", Match: lab.VRRP})
	l.Eventually(settle, "lb2 holds the VIP too", func() bool { return l.Holds("lb2", lab.VIP) })
	second := time.Now()
	e := lb1.AwaitEvent(settle, "lb1 gives way", func(e lab.Event) bool {
		return e.Name == "vrrp.transition" && e.From == "master" && e.To == "backup"
	})
	if who := lab.DirectorAddress["lb2"].Addr().String(); e.Reason != "split" || e.Peer != who {
		t.Errorf("lb1: %s", e.Line)
	}
	l.AwaitMaster("lb2", settle)
	time.Sleep(3 * time.Second)
	end := time.Now()
	history := owners.Ownership().Since(second)
	both, none := history.Both(end), history.None(end)
	t.Logf("two owners for %v, nobody for %v", both, none)
	if both < 9*c.Interval || both > 14*c.Interval+machineStall || none > late {
		t.Errorf("two owners for %v, nobody for %v: %v", both, none, history)
	}
	told := 0
	for _, e := range lb1.Events() {
		if e.Name == "vrrp.split_yielded" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("lb1 told %d times that it yields", told)
	}

	l.Deliver()
	time.Sleep(5 * time.Second)
	if l.Holds("lb1", lab.VIP) || !l.Holds("lb2", lab.VIP) {
		t.Errorf("lb1: %v; lb2: %v", transitions(lb1), transitions(lb2))
	}
	if status, _ := lb1.Command("status"); !strings.Contains(status, "standing by until") {
		t.Errorf("status of lb1:\n%s", status)
	}
	lb2.Kill()
	l.AwaitMaster("lb1", settle)
	served(l, client)
	lb2.Start()
	time.Sleep(5 * time.Second)
	if !l.Holds("lb1", lab.VIP) || l.Holds("lb2", lab.VIP) {
		t.Errorf("the pair is not what it was: lb1: %v; lb2: %v", transitions(lb1), transitions(lb2))
	}
}
