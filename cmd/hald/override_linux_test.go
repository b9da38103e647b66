package main

import (
	"strings"
	"testing"
	"time"
)

// TestOverridesOutliveReloads: what an operator orders for a server holds over a reload
// and a restart, is shown with who gave it and until when, and ends by itself or when
// the operator says so.
func TestOverridesOutliveReloads(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig+`
virtual_server "web" {
  addresses  = ["10.99.0.100:80"]
  protocol   = "tcp"
  forwarding = "nat"
  drain      = "0s"
  check "none" {}
  real_server "one" { address = "10.99.0.11" }
  real_server "two" { address = "10.99.0.12" }
}
`)
	log := s.logFile()
	d := s.run(log, "--dry-run")
	is := func(weights ...int) func() bool {
		return func() bool {
			doc := s.status()
			if len(doc.VirtualServers) != 1 || len(doc.VirtualServers[0].RealServers) != len(weights) {
				return false
			}
			for i, r := range doc.VirtualServers[0].RealServers {
				if r.EffectiveWeight != weights[i] {
					return false
				}
			}
			return true
		}
	}
	order := func(args ...string) {
		t.Helper()
		if out, code := s.order(args...); code != 0 {
			t.Fatalf("%v: exit code %d, %s", args, code, out)
		}
	}
	s.until("both serve", is(1, 1))
	order("drain", "web", "one", "--for", "1h")
	order("weight", "web", "two", "7")
	s.until("one is out, two weighs", is(0, 7))
	s.rewrite("lb1 = 150", "lb1 = 140")
	order("reload")
	s.until("so after a reload", is(0, 7))
	d.stop()
	d = s.run(log, "--dry-run")
	s.until("so after a restart", is(0, 7))

	one, two := s.status().VirtualServers[0].RealServers[0], s.status().VirtualServers[0].RealServers[1]
	if left := time.Until(one.Override.Until); one.State != "disabled" || !one.Override.Drain || left < 50*time.Minute || left > time.Hour {
		t.Errorf("one is shown as %+v, %+v", one, one.Override)
	}
	if two.Override == nil || *two.Override.Weight != 7 || !two.Override.Until.IsZero() || !strings.HasPrefix(two.Override.By, "uid 0") {
		t.Errorf("two is shown as %+v, %+v", two, two.Override)
	}
	if out, err := s.command("status", "--no-color").Output(); err != nil || !strings.Contains(string(out), "7 of 1 (weight 7, by "+two.Override.By+", since "+two.Override.Since.Local().Format(time.DateTime)+")") {
		t.Errorf("%v: %s", err, out)
	}
	order("enable", "web", "one")
	order("weight", "web", "two", "9", "--for", "1s")
	s.until("one serves, and two does as configured by itself", is(1, 1))
	if out, code := s.order("drain", "web", "three"); code != 1 || !strings.Contains(out, "three") {
		t.Errorf("an unknown server: exit code %d, %s", code, out)
	}
	d.stop()
}
