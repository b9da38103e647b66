package balancer

import (
	"net/netip"
	"reflect"
	"regexp"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/hald-project/hald/discovery"
	"github.com/hald-project/hald/healthcheck"
)

// Nothing that a check says is lost on the way to its probe.
func TestNewCheckerTellsAll(t *testing.T) {
	at := netip.MustParseAddrPort("192.0.2.21:53")
	way := healthcheck.Way{Source: netip.MustParseAddr("192.0.2.1"), Mark: 7}
	expect := regexp.MustCompile("x")
	for _, tt := range []struct {
		check Check
		want  healthcheck.Checker
	}{
		{Check{Kind: "tcp", Send: "s", Expect: "x"}, &healthcheck.TCP{Target: at, Way: way, Send: "s", Expect: expect}},
		{Check{Kind: "udp", Send: "s", Expect: "x"}, &healthcheck.UDP{Target: at, Way: way, Send: "s", Expect: expect}},
		{Check{Kind: "http", Path: "/"}, &healthcheck.HTTP{Target: at, Way: way, Path: "/"}},
		{Check{Kind: "tls", TLS: &TLS{CA: "/ca"}}, &healthcheck.TLS{Target: at, Way: way, Secure: healthcheck.Secure{CA: "/ca"}}},
		{Check{Kind: "grpc", Service: "s"}, &healthcheck.GRPC{Target: at, Way: way, Service: "s"}},
		{Check{Kind: "smtp", Helo: "lb1", StartTLS: true}, &healthcheck.SMTP{Target: at, Way: way, Helo: "lb1", StartTLS: true}},
		{Check{Kind: "ping", Size: 56}, &healthcheck.Ping{Target: at.Addr(), Way: way, Size: 56}},
		{Check{Kind: "dns", Expect: "192.0.2.1", DNS: &DNS{Name: "shop", Type: "A", RCode: "REFUSED", TCP: true}},
			&healthcheck.DNS{Target: at, Way: way, Name: "shop", Type: dnsmessage.TypeA, RCode: dnsmessage.RCodeRefused, Expect: "192.0.2.1", TCP: true}},
		{Check{Kind: "file", File: "/f", Zero: true}, &healthcheck.File{Path: "/f"}},
		{Check{Kind: "file", File: "/f"}, &healthcheck.Number{Path: "/f", Min: -253, Max: 253}},
		{Check{Kind: "script", Command: []string{"/c"}, User: "nobody"}, &healthcheck.Exec{Command: []string{"/c"}, User: "nobody"}},
		{Check{Kind: "exec", Command: []string{"/c"}, User: "nobody", Weighs: true}, &healthcheck.Exec{Command: []string{"/c"}, User: "nobody", Target: at, Weighs: true}},
	} {
		tt.check.Target, tt.check.Source, tt.check.Mark = at, way.Source, way.Mark
		got, err := newChecker(tt.check)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v (%v), want %+v", tt.check.Kind, got, err, tt.want)
		}
	}
	for _, bad := range []Check{{Kind: "dns"}, {Kind: "dns", DNS: &DNS{Type: "?", RCode: "NOERROR"}}, {Kind: "udp", Expect: "("}, {Kind: "tls"}, {Kind: "?"}} {
		if got, err := newChecker(bad); err == nil {
			t.Errorf("%+v: got %+v", bad, got)
		}
	}
}

// What a check leaves to its server, that says; but a ping has no port and a file no target: they stay one
// probe for all services.
func TestChecksAreOfTheirServer(t *testing.T) {
	m := Server{Name: "a", Checks: []Check{{Kind: "ping", Target: netip.MustParseAddrPort("0.0.0.0:0")}, {Kind: "file"}, {Kind: "udp", Target: netip.MustParseAddrPort("0.0.0.0:0")}}}
	found := Service{}.found(m, discovery.Server{Address: netip.MustParseAddrPort("192.0.2.21:80")})
	for i, want := range []netip.AddrPort{netip.MustParseAddrPort("192.0.2.21:0"), {}, netip.MustParseAddrPort("192.0.2.21:80")} {
		if got := (Service{}).target(&found.Checks[i], found.Address); got != want {
			t.Errorf("%s of %v, want %v", found.Checks[i].Kind, got, want)
		}
	}
}
