package election

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

func withRoute(priority uint8) Instance {
	cfg := shop(priority)
	cfg.Routes = []Route{{
		Destination: netip.MustParsePrefix("203.0.113.0/24"), Via: netip.MustParseAddr("10.1.0.1"), Interface: "eth1",
		Table: netif.MainTable, Metric: 50, Source: vip.Addr(),
	}}
	return cfg
}

// wantRoutes checks that the fake kernel has the route over these links, and
// nothing else.
func wantRoutes(t *testing.T, f *fakeHost, links ...int) {
	t.Helper()
	var got []int
	for _, r := range f.heldRoutes() {
		got = append(got, r.LinkIndex)
	}
	if !slices.Equal(got, links) {
		t.Errorf("routes over %v, want %v", got, links)
	}
}

func TestRouteMovesWithTheAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.eth1 = linkUp
		a := launch(f, false)
		a.configure(withRoute(150))
		sleep(5 * time.Second)
		wantRoutes(t, a.fakeHost, 3)
		expect(t, "events", a.names(), "init>backup:startup", "address.claimed", "route.claimed", "backup>master:master_silent")
		mark := len(a.names())
		a.change(func() { a.routes = nil })
		wantRoutes(t, a.fakeHost, 3)
		sleep(time.Second)
		expect(t, "somebody removed it", a.names()[mark:], "route.restored")
		mark = len(a.names())
		a.change(func() { a.routes[0].Via = netip.MustParseAddr("10.1.0.2") })
		sleep(time.Second)
		expect(t, "somebody changed it", a.names()[mark:], "route.restored")
		a.change(func() {
			a.routes = slices.DeleteFunc(a.routes, func(r netif.Route) bool { return r.Via != netip.MustParseAddr("10.1.0.1") })
		})
		mark = len(a.names())
		a.change(func() { a.eth1 = linkDown })
		sleep(time.Second)
		wantRoutes(t, a.fakeHost)
		expect(t, "its interface is down", a.names()[mark:], "route.released", "address.released", "master>fault:link_down:eth1", "vrrp.fault")
		a.change(func() { a.eth1 = linkUp })
		sleep(5 * time.Second)
		wantRoutes(t, a.fakeHost, 3)
		a.leave(t)
		wantRoutes(t, a.fakeHost)
	})
}

// A route that cannot be claimed is a fault, and nothing stays behind.
func TestRouteRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.eth1, f.routeErr = linkUp, errFake
		a := launch(f, false)
		a.configure(withRoute(150))
		sleep(4 * time.Second)
		expect(t, "events", a.names(), "init>backup:startup", "vrrp.error", "backup>master:master_silent", "address.released", "master>fault:claim", "vrrp.fault")
		if a.holds(vip) {
			t.Error("the address stays without its route")
		}
		a.leave(t)
	})
}

// stale are routes of a previous life: of an instance and of none.
func stale() []netif.Route {
	return []netif.Route{
		{Destination: netip.MustParsePrefix("203.0.113.0/24"), Table: netif.MainTable, Metric: 50, LinkIndex: 3},
		{Destination: netip.MustParsePrefix("198.51.100.0/24"), Table: netif.MainTable, LinkIndex: 2},
	}
}

func TestHoldings(t *testing.T) {
	cfg := withRoute(150)
	cfg.Addresses = append(addresses(vip, second), inside)
	route := stale()[0]
	links := netif.Links{
		"eth0": {Addrs: []netif.Address{{Prefix: vip, Protocol: netif.Protocol}, {Prefix: second, Protocol: 2}}},
		"eth1": {Routes: []netif.Route{route}},
	}
	got := cfg.Holdings(links)
	if len(got) != 2 || got[0].Held != 1 || len(got[0].Addresses) != 2 || got[1].Interface != "eth1" || got[1].Held != 0 || got[1].HeldRoutes != 1 {
		t.Errorf("%+v", got)
	}
	if got[1].Routes[0] != "203.0.113.0/24 via 10.1.0.1 dev eth1 metric 50 src 192.0.2.100" {
		t.Errorf("route %q", got[1].Routes[0])
	}
}
