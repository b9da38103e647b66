package main

import (
	"strings"
	"testing"
	"time"
)

// TestThousandAddressesOfOneInstance: 250 of them advertised and 750 that move along,
// held, renewed and let go without the adverts losing their rhythm.
func TestThousandAddressesOfOneInstance(t *testing.T) {
	s := newSite(t, strings.Replace(validConfig, `  virtual_addresses      = ["10.99.0.100/24"]
`, `  advertisement_interval = "1s"
  virtual_addresses      = [for i in range(250) : "${cidrhost("10.98.0.0/16", 1 + i)}/16"]

  dynamic "virtual_address" {
    for_each = range(750)
    labels   = ["${cidrhost("10.97.0.0/16", 1 + virtual_address.value)}/16"]
    content { advertise = false }
  }
`, 1))
	s.rewrite("  advertisement_interval = \"100ms\"\n", "")
	held := func() int {
		return strings.Count(s.ip("-o", "addr", "show", "dev", "eth0"), " inet 10.9")
	}
	d := s.run(s.logFile())
	s.until("all are held", func() bool { return held() == 1001 && s.isMaster() }) // one is the host's
	before := s.status().VRRPInstances[0]
	time.Sleep(6 * time.Second) // longer than the lease
	after := s.status().VRRPInstances[0]
	if n := held(); n != 1001 || after.State != "master" || after.Transitions != before.Transitions {
		t.Errorf("after the lease %d are held, %s", n, after.State)
	}
	if sent := after.AdvertsSent - before.AdvertsSent; sent < 4 || sent > 8 {
		t.Errorf("%d adverts in 6 s", sent)
	}
	d.stop()
	if n := held(); n != 1 {
		t.Errorf("%d are left", n)
	}
	t.Logf("worst wake-up %.1f ms", after.WakeupDelay.MaxMS)
}
