package ipvsctl_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
	"pgregory.net/rapid"
)

var comparable = cmp.Options{
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func server(address string, weight int) ipvsctl.Destination {
	return ipvsctl.Destination{Address: netip.MustParseAddrPort(address), Method: ipvsctl.DirectRoute, Weight: weight}
}

func tcp(address string, servers ...ipvsctl.Destination) ipvsctl.Service {
	key := ipvsctl.Key{Protocol: ipvsctl.TCP, Address: netip.MustParseAddrPort(address)}
	return ipvsctl.Service{Key: key, Scheduler: "wlc", Destinations: servers}
}

func with(s ipvsctl.Service, change func(*ipvsctl.Service)) ipvsctl.Service {
	s.Destinations = slices.Clone(s.Destinations)
	change(&s)
	return s
}

func lines(ops []ipvsctl.Op) []string {
	var l []string
	for _, op := range ops {
		l = append(l, op.String())
	}
	return l
}

func TestPlan(t *testing.T) {
	web := tcp("192.0.2.1:80", server("10.0.0.1:80", 1), server("10.0.0.2:80", 2))
	persistent := with(web, func(s *ipvsctl.Service) { s.Persistence = 120 * time.Second })
	dns := tcp("192.0.2.1:53", server("10.0.0.3:53", 1))
	type services = []ipvsctl.Service
	for name, c := range map[string]struct {
		have, want services
		owned      ipvsctl.Keys
		ops        []string
	}{
		"equal": {have: services{web, dns}, want: services{dns, web}},
		"first apply": {want: services{web}, ops: []string{
			"add service tcp 192.0.2.1:80 wlc",
			"add destination tcp 192.0.2.1:80 -> 10.0.0.1:80 dr weight 1",
			"add destination tcp 192.0.2.1:80 -> 10.0.0.2:80 dr weight 2",
		}},
		"one changed weight is one op": {
			have: services{web, dns},
			want: services{with(web, func(s *ipvsctl.Service) { s.Destinations[1].Weight = 0 }), dns},
			ops:  []string{"update destination tcp 192.0.2.1:80 -> 10.0.0.2:80 dr weight 0"},
		},
		"an exchanged server: the new one first": {
			have: services{web},
			want: services{tcp("192.0.2.1:80", server("10.0.0.2:80", 2), server("10.0.0.9:80", 1))},
			ops: []string{
				"add destination tcp 192.0.2.1:80 -> 10.0.0.9:80 dr weight 1",
				"delete destination tcp 192.0.2.1:80 -> 10.0.0.1:80",
			},
		},
		"an owned service goes, with its servers": {
			have: services{web, dns}, want: services{web}, owned: ipvsctl.KeysOf(services{web, dns}),
			ops: []string{"delete service tcp 192.0.2.1:53"},
		},
		"a stranger's service stays": {have: services{web, dns}, want: services{web}, owned: ipvsctl.KeysOf(services{web})},
		"settings change in place": {
			have: services{web},
			want: services{with(persistent, func(s *ipvsctl.Service) { s.Scheduler, s.Netmask, s.Flags = "sh", 24, ipvsctl.SHPort })},
			ops:  []string{"update service tcp 192.0.2.1:80 sh persistence 2m0s/24 flags 0x10"},
		},
		"persistence by whole addresses has two spellings": {
			have: services{persistent},
			want: services{with(persistent, func(s *ipvsctl.Service) { s.Netmask = 32 })},
		},
		"a netmask without persistence means nothing": {
			have: services{web}, want: services{with(web, func(s *ipvsctl.Service) { s.Netmask = 24 })},
		},
		"the kernel's own flag is not compared": {
			have: services{with(web, func(s *ipvsctl.Service) { s.Flags = 2 })}, want: services{web},
		},
		"the tunnel of a server without one is not compared": {
			have: services{with(web, func(s *ipvsctl.Service) { s.Destinations[0].Tunnel.Kind = ipvsctl.GRE })}, want: services{web},
		},
		"of two services with one key the first counts": {
			have: services{web}, want: services{web, with(web, func(s *ipvsctl.Service) { s.Scheduler = "rr" })},
		},
		"a firewall mark, by family": {
			want: services{{Key: ipvsctl.MarkKey(7, true), Scheduler: "rr"}, {Key: ipvsctl.MarkKey(7, false), Scheduler: "rr"}},
			ops:  []string{"add service fwmark 7 rr", "add service fwmark6 7 rr"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.ops, lines(ipvsctl.Plan(c.have, c.want, c.owned)), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// tables draws small tables that overlap often.
func tables() *rapid.Generator[[]ipvsctl.Service] {
	addresses := func(format string) *rapid.Generator[netip.AddrPort] {
		return rapid.Custom(func(t *rapid.T) netip.AddrPort {
			return netip.MustParseAddrPort(fmt.Sprintf(format, rapid.IntRange(1, 4).Draw(t, "host"), rapid.IntRange(80, 81).Draw(t, "port")))
		})
	}
	key := rapid.Custom(func(t *rapid.T) ipvsctl.Key {
		if rapid.IntRange(0, 3).Draw(t, "marked") == 0 {
			return ipvsctl.MarkKey(rapid.Uint32Range(1, 3).Draw(t, "mark"), rapid.Bool().Draw(t, "v6"))
		}
		return ipvsctl.Key{
			Protocol: rapid.SampledFrom([]ipvsctl.Protocol{ipvsctl.TCP, ipvsctl.UDP, ipvsctl.SCTP}).Draw(t, "protocol"),
			Address:  addresses("192.0.2.%d:%d").Draw(t, "address"),
		}
	})
	destination := rapid.Custom(func(t *rapid.T) ipvsctl.Destination {
		d := ipvsctl.Destination{
			Address: addresses("10.0.0.%d:%d").Draw(t, "server"),
			Method:  rapid.SampledFrom([]ipvsctl.Method{ipvsctl.Masquerade, ipvsctl.DirectRoute, ipvsctl.Tunnel}).Draw(t, "method"),
			Weight:  rapid.IntRange(0, 2).Draw(t, "weight"),
			Lower:   rapid.Uint32Range(0, 1).Draw(t, "lower"),
		}
		d.Upper = d.Lower + rapid.Uint32Range(0, 1).Draw(t, "upper")
		if d.Method == ipvsctl.Tunnel {
			d.Tunnel.Kind = rapid.SampledFrom([]ipvsctl.EncapsulationKind{ipvsctl.IPIP, ipvsctl.GRE}).Draw(t, "tunnel")
		}
		return d
	})
	service := rapid.Custom(func(t *rapid.T) ipvsctl.Service {
		s := ipvsctl.Service{
			Key:         key.Draw(t, "key"),
			Scheduler:   rapid.SampledFrom([]string{"rr", "wlc"}).Draw(t, "scheduler"),
			Persistence: time.Duration(rapid.IntRange(0, 2).Draw(t, "persistence")) * time.Second,
			Destinations: rapid.SliceOfNDistinct(destination, 0, 5, func(d ipvsctl.Destination) netip.AddrPort {
				return d.Address
			}).Draw(t, "destinations"),
		}
		if s.Persistence != 0 {
			s.Netmask = rapid.SampledFrom([]int{0, 24}).Draw(t, "netmask")
		}
		return s
	})
	return rapid.SliceOfNDistinct(service, 0, 8, func(s ipvsctl.Service) ipvsctl.Key { return s.Key })
}

// TestPlanProperties: on a table with the kernel's own errors every op of a
// plan succeeds, the result is what was wanted, and a stranger sees nothing.
func TestPlanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		have, want := tables().Draw(t, "have"), tables().Draw(t, "want")
		owned := ipvsctl.Keys{}
		for _, s := range have {
			if rapid.Bool().Draw(t, "owned") {
				owned[s.Key] = true
			}
		}
		var table ipvstest.Table
		table.Put(have...)
		before := table.Services()

		ops := ipvsctl.Plan(have, want, owned)
		kernel, _ := table.Open()
		if failed, _ := kernel.Apply(ops); len(failed) > 0 {
			t.Fatalf("the kernel refuses %v of\n%s", failed, strings.Join(lines(ops), "\n"))
		}

		var expected ipvstest.Table
		named := ipvsctl.KeysOf(want)
		expected.Put(want...)
		for _, s := range before {
			if !named[s.Key] && !owned[s.Key] {
				expected.Put(s)
			}
		}
		if diff := cmp.Diff(expected.Services(), table.Services(), comparable); diff != "" {
			t.Fatalf("after\n%s\n%s", strings.Join(lines(ops), "\n"), diff)
		}
		if again := ipvsctl.Plan(table.Services(), want, owned); len(again) > 0 {
			t.Fatalf("not settled: %v", lines(again))
		}
		if !slices.IsSortedFunc(ops, func(a, b ipvsctl.Op) int { return int(a.Kind) - int(b.Kind) }) {
			t.Fatalf("kinds out of order: %v", lines(ops))
		}
		seen := map[string]bool{}
		for _, op := range ops {
			if seen[op.String()] {
				t.Fatalf("twice: %s", op)
			}
			seen[op.String()] = true
		}
	})
}

func TestPlanOfEqualIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := tables().Draw(t, "want")
		shuffled := rapid.Permutation(want).Draw(t, "shuffled")
		if ops := ipvsctl.Plan(shuffled, want, ipvsctl.KeysOf(want)); len(ops) > 0 {
			t.Fatal(lines(ops))
		}
	})
}

func large(services, servers int) []ipvsctl.Service {
	var table []ipvsctl.Service
	for i := range services {
		s := tcp(fmt.Sprintf("192.0.%d.%d:80", i/250, i%250+1))
		for j := range servers {
			s.Destinations = append(s.Destinations, server(fmt.Sprintf("10.%d.%d.%d:80", j, i/250, i%250+1), 1))
		}
		table = append(table, s)
	}
	return table
}

func BenchmarkPlan(b *testing.B) {
	want := large(1000, 10)
	one := slices.Clone(want)
	one[500] = with(one[500], func(s *ipvsctl.Service) { s.Destinations[5].Weight = 0 })
	for name, have := range map[string][]ipvsctl.Service{"empty": nil, "one weight": one, "equal": want} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ipvsctl.Plan(have, want, nil)
			}
		})
	}
}
