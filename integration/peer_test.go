package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// management adds a second link to a lab, by which the directors of its pair ask each
// other what they are master of.
func management(t *testing.T, l *lab.Lab, c lab.Cluster) string {
	t.Helper()
	l.SecondLink()
	for i, name := range lab.Directors {
		l.Run(name, "ip", "address", "add", fmt.Sprintf("203.0.113.%d/30", i+1), "dev", lab.SecondInterface)
	}
	return configuration(t, l, c) + `
admin {
  http = { lb1 = "203.0.113.1:7112", lb2 = "203.0.113.2:7112" }
  peer = { lb1 = "203.0.113.2:7112", lb2 = "203.0.113.1:7112" }
}
`
}

// TestR08PeerTellsOfTheSplit: a pair that no longer hears each other, and can still ask
// each other, tells of its two masters within two intervals, on both sides, once; and
// once of their end. What a hand-over or a stop makes of it for a moment is none. A
// peer that cannot be asked is told of.
func TestR08PeerTellsOfTheSplit(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: time.Second}
	config := l.WriteFile("management.hcl", management(t, l, c))
	lb1, lb2 := l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	both := []*lab.Hald{lb1, lb2}
	lb1.Start()
	lb2.Start()
	l.AwaitMaster("lb1", settle)
	owners := l.WatchOwners(lab.VIP)
	splits := func(h *lab.Hald) (told []entry) {
		for _, e := range h.Events() {
			if e.Name == "vrrp.split" {
				told = append(told, parsed(e))
			}
		}
		return told
	}
	says := func(h *lab.Hald, name, reason string, since time.Time) entry {
		t.Helper()
		return parsed(h.AwaitEvent(settle, name+" "+reason, func(e lab.Event) bool {
			return e.Name == name && e.Reason == reason && parsed(e).TS.After(since)
		}))
	}

	for _, order := range [][]string{{"handover"}, {"takeback"}} {
		if out, status := lb1.Command(order...); status != 0 {
			t.Errorf("%s: exit status %d: %s", order[0], status, out)
		}
		time.Sleep(3 * c.Interval)
	}
	l.AwaitMaster("lb1", settle)
	for _, h := range both {
		if told := splits(h); len(told) > 0 {
			t.Errorf("a hand-over is told of as a split: %+v", told)
		}
	}

	var told figures
	var began, healed time.Time
	cuts := []time.Duration{15 * time.Second, 5 * time.Second}
	for _, lasts := range cuts {
		l.Lose(apart(firstPort)...)
		l.Eventually(settle, "lb2 holds the VIP too", func() bool { return l.Holds("lb2", lab.VIP) })
		began = time.Now()
		for _, h := range both {
			told = append(told, says(h, "vrrp.split", "start", began.Add(-time.Second)).TS.Sub(began))
		}
		time.Sleep(time.Until(began.Add(lasts)))
		healed = time.Now()
		l.Deliver()
		for _, h := range both {
			over := says(h, "vrrp.split", "end", healed)
			lasted := time.Duration(over.DurationMS * float64(time.Millisecond))
			was := owners.Ownership().Since(began.Add(-time.Second)).Both(time.Now())
			t.Logf("two owners for %v, told of as %v, %v after the link was whole", was, lasted, over.TS.Sub(healed).Round(time.Millisecond))
			if lasted < was-machineStall || lasted > was+machineStall {
				t.Errorf("a split of %v is told of as one of %v", was, lasted)
			}
		}
		figures{owners.Ownership().Since(healed).Both(time.Now())}.within(t, "two owners after the partition", c.Interval+machineStall)
	}
	told.beside(t, "a split is told of", 2*c.Interval)
	for _, h := range both {
		if all := splits(h); len(all) != 2*len(cuts) {
			t.Errorf("of %d splits was told %d times: %+v", len(cuts), len(all), all)
		}
	}

	cut := time.Now()
	l.Lose(apart(lab.SecondPort)...)
	for _, h := range both {
		says(h, "peer.lost", "unreachable", cut)
	}
	l.Deliver()
	for _, h := range both {
		says(h, "peer.found", "", cut)
	}
	lb1.Stop()
	l.AwaitMaster("lb2", settle)
	if all := splits(lb2); len(all) != 2*len(cuts) {
		t.Errorf("a stop is told of as a split: %+v", all)
	}
}
