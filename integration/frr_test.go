package integration

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestInteropFRR lets FRRouting's VRRP daemon and hald take turns in being the
// better one, in every dialect that they have in common: who is better takes
// office, its stop gives the other one the address, and its return takes it back. Each time
// the client is answered. (FRR 8.4 knows neither unicast
// nor passwords, nor a checksum without pseudo-header.)
func TestInteropFRR(t *testing.T) {
	t.Parallel()
	for i, d := range []struct {
		name     string
		version  uint8
		interval time.Duration
		address  string
		priority uint8 // FRR's; hald's is 150
	}{
		{"version 3, hald better", 3, 200 * time.Millisecond, "192.0.2.132/24", 100},
		{"version 3, FRR better", 3, 200 * time.Millisecond, "192.0.2.133/24", 200},
		{"version 2, FRR better", 2, time.Second, "192.0.2.134/24", 200},
		{"version 2, hald better", 2, time.Second, "192.0.2.135/24", 100},
		{"version 3 over IPv6, hald better", 3, 200 * time.Millisecond, "fe80::132/64", 100},
		{"version 3 over IPv6, FRR better", 3, 200 * time.Millisecond, "fe80::133/64", 200},
	} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			l := lab.New(t)
			text := fmt.Sprintf(`cluster "lab" {
  director "lb1" {}
}
vrrp_instance "lab" {
  interface              = %q
  version                = %d
  virtual_router_id      = %d
  priority               = 150
  advertisement_interval = %q
  virtual_addresses      = [%q]
}
`, lab.Interface, d.version, 70+i, d.interval, d.address)
			hald := l.HaldWith("lb1", l.WriteFile("frr.hcl", text))
			frr := l.FRR("lb2", d.version, uint8(70+i), d.priority, d.interval, netip.MustParsePrefix(d.address))
			var better, other lab.Director = hald, frr
			if d.priority > 150 {
				better, other = frr, hald
			}
			master := func(who lab.Director, when string) {
				t.Helper()
				l.Eventually(settle, fmt.Sprintf("%s: %s is master", when, who.Daemon()), func() bool {
					holds := l.Holds("lb1", netip.MustParsePrefix(d.address))
					if who.Daemon() == "hald" {
						return holds && (!frr.Running() || frr.State() == "Backup")
					}
					return !holds && frr.State() == "Master"
				})
				answered(l, d.address)
			}
			frr.Start()
			hald.Start()
			master(better, "at first")
			better.Stop()
			master(other, "after its stop")
			better.Start()
			master(better, "after its return")
			for _, e := range hald.Events() {
				if e.Name == "vrrp.foreign" || e.Name == "vrrp.mismatch" {
					t.Errorf("hald reports %s", e.Line)
				}
			}
		})
	}
}
