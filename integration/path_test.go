package integration

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// withCable adds a second link to a lab, and to the configuration of its pair an
// instance there that holds nothing: one more path for the heartbeat.
func withCable(t *testing.T, l *lab.Lab, c lab.Cluster) string {
	t.Helper()
	l.SecondLink()
	for i, name := range lab.Directors {
		l.Run(name, "ip", "address", "add", fmt.Sprintf("203.0.113.%d/30", i+1), "dev", lab.SecondInterface)
	}
	return configuration(t, l, c) + fmt.Sprintf(`
vrrp_instance "cable" {
  interface              = %q
  virtual_router_id      = 52
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = %q
  virtual_addresses      = []
}
vrrp_sync_group "pair" {
  members = ["lab", "cable"]
}
`, lab.SecondInterface, c.Interval)
}

// beside is within for a test beside others, of which one may stand still at a time.
func (f figures) beside(t *testing.T, what string, bound time.Duration) {
	t.Helper()
	t.Logf("%s: %v, bound %v", what, f.rounded(), bound)
	if median, worst := f.median(), slices.Max(f); median > bound || worst > bound+machineStall {
		t.Errorf("%s: median %v, worst %v, want %v", what, median, worst, bound)
	}
}

// apart are the losses of a cut between the directors that no carrier shows.
func apart(port func(string) string) []lab.Loss {
	return []lab.Loss{{From: port("lb1"), To: port("lb2")}, {From: port("lb2"), To: port("lb1")}}
}

func firstPort(director string) string { return director }

// TestR08SecondPath: a partition of one link of two moves nobody, and the backup tells
// of it within two intervals, and of its end. Of both links it makes two masters, as ever.
// The second link alone is a fault of nobody.
func TestR08SecondPath(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: time.Second}
	config := l.WriteFile("cable.hcl", withCable(t, l, c))
	lb1, lb2 := l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	lb1.Start()
	lb2.Start()
	l.AwaitMaster("lb1", settle)
	owners := l.WatchOwners(lab.VIP)
	says := func(h *lab.Hald, name, instance, reason string, since time.Time) entry {
		t.Helper()
		return parsed(h.AwaitEvent(settle, name+" of "+instance+", "+reason, func(e lab.Event) bool {
			return e.Name == name && e.Instance == instance && e.Reason == reason && parsed(e).TS.After(since)
		}))
	}
	unmoved := func(since time.Time) {
		t.Helper()
		if o := owners.Ownership().Since(since); o.Transfers() > 0 || o.Both(time.Now()) > 0 || !l.Holds("lb1", lab.VIP) {
			t.Errorf("the address moved: %v", o)
		}
	}

	began := time.Now()
	var told figures
	for i, lasts := range []time.Duration{15 * time.Second, 4 * time.Second, 4 * time.Second} {
		time.Sleep(time.Duration(i) * c.Interval / 3) // the end of a cut was told with an advert: another phase of the rhythm each time
		cut := time.Now()
		l.Lose(apart(firstPort)...)
		told = append(told, says(lb2, "vrrp.path_down", "lab", "not_heard", cut).TS.Sub(cut))
		time.Sleep(time.Until(cut.Add(lasts)))
		healed := time.Now()
		l.Deliver()
		up := says(lb2, "vrrp.path_up", "lab", "restored", healed)
		if d := time.Duration(up.DurationMS * float64(time.Millisecond)); d < lasts-machineStall || d > lasts+2*c.Interval+machineStall {
			t.Errorf("a cut of %v is told as one of %v", lasts, d)
		}
	}
	told.beside(t, "a path that is down is told of", 2*c.Interval+late)
	unmoved(began)

	cut := time.Now()
	l.CutLink(lab.SecondPort("lb2"))
	says(lb2, "vrrp.path_down", "cable", "link_down", cut)
	time.Sleep(2 * c.DownInterval("lb2"))
	l.RestoreLink(lab.SecondPort("lb2"))
	says(lb2, "vrrp.path_up", "cable", "restored", cut)
	unmoved(began)

	cut = time.Now()
	l.Lose(append(apart(firstPort), apart(lab.SecondPort)...)...)
	l.Eventually(settle, "lb2 holds the VIP too", func() bool { return l.Holds("lb2", lab.VIP) })
	time.Sleep(time.Until(cut.Add(15 * time.Second)))
	healed := time.Now()
	l.Deliver()
	l.AwaitMaster("lb1", settle)
	figures{owners.Ownership().Since(healed).Both(time.Now())}.within(t, "two owners after both links were cut", c.Interval+machineStall)
	says(lb1, "vrrp.split", "lab", "start", healed)

	cut = time.Now()
	l.CutLink(lab.SecondPort("lb2"))
	says(lb2, "vrrp.path_down", "cable", "link_down", cut)
	lb1.Stop()
	l.AwaitMaster("lb2", settle)
	for _, h := range []*lab.Hald{lb1, lb2} {
		for _, e := range h.Events() {
			if e.Name == "vrrp.fault" || e.Name == "vrrp.mismatch" || e.Name == "vrrp.foreign" {
				t.Errorf("%s", e.Line)
			}
		}
	}
	if n := pathsDown(lb2); n != 5 {
		t.Errorf("lb2 told of %d paths that were down, want 5", n)
	}
	if n := pathsDown(lb1); n != 0 {
		t.Errorf("lb1, which is master all the while, told of %d paths that were down", n)
	}
}

func pathsDown(h *lab.Hald) (n int) {
	for _, e := range h.Events() {
		if e.Name == "vrrp.path_down" {
			n++
		}
	}
	return n
}

// TestSecondPathComesToARunningPair: reloaded one after the other, each while it is
// backup, and nobody is without an owner for a moment.
func TestSecondPathComesToARunningPair(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: 300 * time.Millisecond}
	next := withCable(t, l, c)
	path := l.WriteFile("cable.hcl", configuration(t, l, c))
	lb1, lb2 := l.HaldWith("lb1", path), l.HaldWith("lb2", path)
	lb1.Start()
	lb2.Start()
	l.AwaitMaster("lb1", settle)
	lb2.AwaitEvent(settle, "lb2 is backup", func(e lab.Event) bool { return e.Name == "vrrp.transition" && e.To == "backup" })
	owners, began := l.WatchOwners(lab.VIP), time.Now()
	orders := func(h *lab.Hald, command ...string) {
		t.Helper()
		if out, status := h.Command(command...); status != 0 {
			t.Fatalf("%v: exit status %d: %s", command, status, out)
		}
	}
	if err := os.WriteFile(path, []byte(next), 0o644); err != nil {
		t.Fatal(err)
	}
	orders(lb2, "reload")
	lb2.AwaitEvent(settle, "lb2 does not hear lb1 on the cable", func(e lab.Event) bool {
		return e.Name == "vrrp.path_down" && e.Instance == "cable" && e.Reason == "never_heard"
	})
	orders(lb1, "handover")
	l.AwaitMaster("lb2", settle)
	orders(lb1, "reload")
	orders(lb1, "takeback")
	l.AwaitMaster("lb1", settle)
	o := owners.Ownership().Since(began)
	if none := o.None(time.Now()); none > 0 || o.Transfers() != 2 {
		t.Errorf("nobody had the address for %v: %v", none, o)
	}
	l.Lose(apart(firstPort)...)
	lb2.AwaitEvent(settle, "lb2 hears lb1 on the cable alone", func(e lab.Event) bool {
		return e.Name == "vrrp.path_down" && e.Instance == "lab" && e.Reason == "not_heard"
	})
	time.Sleep(2 * c.DownInterval("lb2"))
	if o := owners.Ownership().Since(began); o.Transfers() != 2 {
		t.Errorf("the address moved: %v", o)
	}
}
