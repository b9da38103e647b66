package integration

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestMaintenance: going in costs the client nothing; inside, the director is
// silent and stays so when its peer dies and over a restart; out of it, it takes
// its place again. Where nobody could take over, it refuses.
func TestMaintenance(t *testing.T) {
	s := begin(t, lab.Cluster{Interval: 300 * time.Millisecond})
	s.prefer(s.lb1)
	u := s.turns("lb2", func() {
		if out, status := s.lb1.Command("maintenance", "on"); status != 0 || !strings.Contains(out, "lb1 is out of the election") {
			t.Errorf("maintenance on: exit status %d: %s", status, out)
		}
	})
	planned(t, []turn{u}, handOver)
	seamless(t, []turn{u})
	if out, _ := s.lb1.Command("status"); !strings.Contains(out, "MAINTENANCE for ") || !strings.Contains(out, "by uid 0, pid ") {
		t.Errorf("the status does not say so:\n%s", out)
	}

	s.lb2.Kill()
	s.Eventually(settle, "nobody holds the VIP", func() bool { return !s.Holds("lb1", lab.VIP) && !s.Holds("lb2", lab.VIP) })
	s.lb1.Stop()
	s.lb1.Start()
	s.lb1.AwaitEvent(settle, "lb1 is in maintenance again", func(e lab.Event) bool { return e.Name == "vrrp.fault" && e.Reason == "maintenance" })
	time.Sleep(2 * s.cluster.DownInterval("lb1"))
	if adverts := s.wire.Adverts("lb1", u.end); s.Holds("lb1", lab.VIP) || len(adverts) > 0 {
		t.Errorf("in maintenance, its peer dead and itself restarted, it sent %d adverts and holds the VIP: %v", len(adverts), s.Holds("lb1", lab.VIP))
	}

	if out, status := s.lb1.Command("maintenance", "off"); status != 0 {
		t.Errorf("maintenance off: exit status %d: %s", status, out)
	}
	s.AwaitMaster("lb1", settle)
	if out, status := s.lb1.Command("maintenance", "on"); status != 1 || !strings.Contains(out, "nobody can take over lab") || !s.Holds("lb1", lab.VIP) {
		t.Errorf("maintenance of the only one: exit status %d, holds the VIP: %v: %s", status, s.Holds("lb1", lab.VIP), out)
	}
}

// TestHandoverOutlivesTheDaemon: who was handed over stands by after a restart too,
// until its peer fails.
func TestHandoverOutlivesTheDaemon(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: 300 * time.Millisecond}
	lb1, lb2 := l.Hald("lb1", c), l.Hald("lb2", c)
	lb1.Start()
	lb2.Start()
	l.AwaitMaster("lb1", settle)
	if out, status := lb1.Command("handover", "--for", "1h"); status != 0 || !strings.Contains(out, "lab: 192.0.2.12 is master") {
		t.Fatalf("handover: exit status %d: %s", status, out)
	}
	for _, end := range []func(){func() { lb1.Stop() }, lb1.Kill} {
		end()
		owners := l.WatchOwners(lab.VIP)
		lb1.Start()
		l.Eventually(settle, "lb1 stands by", func() bool {
			if _, status := lb1.Command("status"); status != 0 {
				return false // it is starting
			}
			d := documentOf(t, lb1)
			return len(d.Instances) == 1 && d.Instances[0].State == "backup" && !d.Instances[0].Standby.Until.IsZero()
		})
		time.Sleep(2 * c.DownInterval("lb1"))
		for _, tenure := range owners.Ownership() {
			if slices.Contains(tenure.Owners, "lb1") {
				t.Errorf("after a restart it took over: %v", owners.Ownership())
			}
		}
	}
	lb2.Kill()
	l.AwaitMaster("lb1", settle)
}
