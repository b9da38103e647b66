package director

import (
	"net/netip"
	"testing"

	"github.com/hald-project/hald/config"
)

// A check is told without what it has of its server, so that servers which are checked alike have the same checks, and are
// with it what they were.
func TestChecksAreToldOnce(t *testing.T) {
	probe := &config.Probe{Kind: "tcp"}
	ping, file := &config.Probe{Kind: "ping"}, &config.Probe{Kind: "file"}
	s := config.Service{Name: "web", Addresses: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.100:443")}, Sorry: &config.Server{}}
	add := func(address string, probe *config.Probe, target string) {
		r := config.Server{Address: netip.MustParseAddrPort(address), Checks: []config.Check{{Probe: probe}}}
		if target != "" {
			r.Checks[0].Target = netip.MustParseAddrPort(target)
		}
		s.Servers = append(s.Servers, r)
	}
	var want []string
	for _, tt := range []struct {
		address string
		probe   *config.Probe
		target  string
		told    string
	}{
		{"10.0.0.1:80", probe, "10.0.0.1:80", "0.0.0.0:0"},
		{"10.0.0.2:80", probe, "10.0.0.2:80", "0.0.0.0:0"},
		{"10.0.0.3:0", probe, "10.0.0.3:443", "0.0.0.0:0"},
		{"[2001:db8::4]:80", probe, "[2001:db8::4]:80", "0.0.0.0:0"},
		{"10.0.0.5:80", probe, "10.0.0.5:443", "0.0.0.0:443"},
		{"10.0.0.6:80", probe, "192.0.2.1:80", "192.0.2.1:0"},
		{"10.0.0.7:80", ping, "10.0.0.7:0", "0.0.0.0:0"},
		{"10.0.0.8:80", file, "", "invalid AddrPort"},
	} {
		add(tt.address, tt.probe, tt.target)
		want = append(want, tt.told)
	}
	s.Servers[5].Checks[0].Mark = 7
	got := service(s).Servers
	for i, r := range got {
		if told := r.Checks[0].Target.String(); told != want[i] {
			t.Errorf("%s: of %s, want %s", r.Address, told, want[i])
		}
		if shares, should := i > 0 && &r.Checks[0] == &got[i-1].Checks[0], i > 0 && i < 4; shares != should {
			t.Errorf("%s has the checks of the one before: %v", r.Address, shares)
		}
	}
}
