package main

import (
	"slices"
	"testing"
	"time"
)

// TestMaintenanceOutlivesReloads: a director in maintenance stays there, whatever of
// its configuration changes, and whether it does so by a reload or a restart.
func TestMaintenanceOutlivesReloads(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig)
	log, w := s.logFile(), s.wire()
	d := s.run(log)
	s.ip("link", "set", "eth0", "down") // so that nobody need take over
	s.until("in fault", func() bool {
		in := s.status().VRRPInstances
		return len(in) == 1 && slices.Equal(in[0].Faults, []string{"link_down"})
	})
	if out, code := s.order("maintenance", "on", "--for", "1h"); code != 0 {
		t.Fatalf("maintenance on: exit code %d, %s", code, out)
	}
	s.ip("link", "set", "eth0", "up")
	isOut := func() bool {
		doc := s.status()
		return doc.Maintenance != nil && len(doc.VRRPInstances) == 1 && doc.VRRPInstances[0].State == "fault" && doc.VRRPInstances[0].Reason == "maintenance"
	}
	s.until("in maintenance", isOut)
	w.adverts() // what was said before the link went down

	for _, change := range []struct{ what, old, new string }{
		{"in place", "lb1 = 150", "lb1 = 140"},
		{"an election anew", `"10.99.0.100/24"`, `"10.99.0.100/24", "10.99.0.101/24"`},
		{"another instance", `vrrp_instance "web"`, `vrrp_instance "shop"`},
	} {
		s.rewrite(change.old, change.new)
		if out, code := s.order("reload"); code != 0 {
			t.Fatalf("%s: reload: exit code %d, %s", change.what, code, out)
		}
		time.Sleep(time.Second) // longer than the down interval, and than the status is old
		if n := w.adverts(); n > 0 || !isOut() || s.holdsAddress() {
			t.Errorf("%s: %d adverts, %+v", change.what, n, s.status())
		}
	}
	d.stop()
	s.run(log)
	s.until("in maintenance after a restart", isOut)
	if n := w.adverts(); n > 0 || s.holdsAddress() {
		t.Errorf("in maintenance it sent %d adverts, and holds the address: %v", n, s.holdsAddress())
	}
	if out, code := s.order("maintenance", "off"); code != 0 {
		t.Errorf("maintenance off: exit code %d, %s", code, out)
	}
	s.until("master", s.isMaster)
}
