package balancer

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/hald-project/hald/discovery"
)

// drawServer is any server, with one of few lists of checks.
func drawServer(t *rapid.T, shared [][]Check) Server {
	s := Server{
		Name:       rapid.StringMatching(`[a-z0-9.é-]{1,8}`).Draw(t, "name"),
		Forwarding: rapid.SampledFrom([]string{"nat", "tun"}).Draw(t, "forwarding"),
		Weight:     rapid.IntRange(0, 1).Draw(t, "weight"),
		Disabled:   rapid.Bool().Draw(t, "disabled"),
		Checks:     rapid.SampledFrom(shared).Draw(t, "checks"),
	}
	s.Address = netip.MustParseAddrPort(rapid.SampledFrom([]string{"192.0.2.1:80", "192.0.2.2:0", "[2001:db8::1]:80", "[fe80::1%eth0]:80"}).Draw(t, "address"))
	switch rapid.IntRange(0, 9).Draw(t, "odd") {
	case 0:
		s.Find = &discovery.Source{Kind: "dns", Name: "web"}
	case 1:
		s.Upper, s.Lower = 9, 8
	case 2:
		s.Tunnel = Tunnel{Type: "gue", Port: 6080, Checksum: true}
	case 3:
		s.Address = netip.AddrPort{}
	}
	return s
}

// What is written of servers is what is read.
func TestServersAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shared := [][]Check{nil, {checkOf("a")}, {checkOf("a"), checkOf("b")}}
		all := Servers{}
		for range rapid.IntRange(0, 8).Draw(t, "servers") {
			all = append(all, drawServer(t, shared))
			for range rapid.IntRange(0, 3).Draw(t, "more of them") {
				all = append(all, all[len(all)-1])
			}
		}
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		var got Servers
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if diff := cmp.Diff(all, got, cmpopts.EquateComparable(netip.AddrPort{}, netip.Addr{})); diff != "" {
			t.Errorf("%s: (-written +read)\n%s", text, diff)
		}
	})
}

// A thousand servers are a line each, and have their checks once.
func TestServersThatAreAlikeShare(t *testing.T) {
	all := farm(1, 1000)[0].Servers
	for i := range all {
		all[i].Checks = all[0].Checks
	}
	text, err := json.Marshal(all)
	if err != nil || len(text) > 30*len(all) {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	var got Servers
	if err := json.Unmarshal(text, &got); err != nil || len(got) != len(all) || &got[0].Checks[0] != &got[999].Checks[0] {
		t.Errorf("%d servers, or they share nothing: %v", len(got), err)
	}
	if err := json.Unmarshal([]byte(`[{"like":{},"who":"a nowhere\n"}]`), &got); err == nil || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("an address that is none: %v", err)
	}
}
