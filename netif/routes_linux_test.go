package netif

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"
)

var byValue = cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})

// route reads NETWORK [via ADDRESS] [src ADDRESS] [metric N] [table N].
func route(t testing.TB, link int, text string) Route {
	t.Helper()
	words := strings.Fields(text)
	r := Route{Destination: netip.MustParsePrefix(words[0]), LinkIndex: link, Table: MainTable}
	if r.Destination.Addr().Is6() {
		r.Metric = IP6Default
	}
	for i := 1; i+1 < len(words); i += 2 {
		var err error
		switch value := words[i+1]; words[i] {
		case "via":
			r.Via, err = netip.ParseAddr(value)
		case "src":
			r.Source, err = netip.ParseAddr(value)
		case "metric":
			_, err = fmt.Sscan(value, &r.Metric)
		case "table":
			_, err = fmt.Sscan(value, &r.Table)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// ours is what `ip` shows of the routes with our mark.
func ours(t testing.TB) (lines []string) {
	t.Helper()
	for _, family := range []string{"-4", "-6"} {
		for line := range strings.Lines(ip(t, family+" route show table all proto 0x68")) {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
	}
	return lines
}

func TestRoutesOfBothFamilies(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	claim(t, a, eth0, time.Minute, "192.0.2.9/24", "2001:db8::9/64")
	want := []Route{
		route(t, eth0, "203.0.113.0/24 via 192.0.2.2 src 192.0.2.9 metric 50"),
		route(t, eth0, "0.0.0.0/0 via 192.0.2.2 table 1000"),
		route(t, eth0, "198.51.100.0/24"),
		route(t, eth0, "2001:db8:1::/48 via 2001:db8::2 src 2001:db8::9"),
		route(t, eth0, "2001:db8:2::/48 via fe80::2 table 7 metric 1"),
	}
	before := added(t)
	for range 2 {
		if err := a.ClaimRoutes(want); err != nil {
			t.Fatal(err)
		}
		if missing, err := a.MissingRoutes(want); err != nil || len(missing) > 0 {
			t.Errorf("missing after the claim: %v, %v", missing, err)
		}
	}
	if d := cmp.Diff([]string{
		"default via 192.0.2.2 dev eth0 table 1000",
		"198.51.100.0/24 dev eth0 scope link",
		"203.0.113.0/24 via 192.0.2.2 dev eth0 src 192.0.2.9 metric 50",
		"2001:db8:2::/48 via fe80::2 dev eth0 table 7 metric 1 pref medium",
		"2001:db8:1::/48 via 2001:db8::2 dev eth0 src 2001:db8::9 metric 1024 pref medium",
	}, ours(t)); d != "" {
		t.Errorf("routes (-want +got):\n%s", d)
	}
	if err := a.ReleaseRoutes(want[:1]); err != nil {
		t.Fatal(err)
	}
	if missing, err := a.MissingRoutes(want); err != nil || !slices.Equal(missing, want[:1]) {
		t.Errorf("missing after the release of one: %v, %v", missing, err)
	}
	for range 2 {
		if err := a.ReleaseRoutes(want); err != nil {
			t.Fatal(err)
		}
	}
	if got := added(t); got != before {
		t.Errorf("left behind:\n%s\nbefore\n%s", got, before)
	}
}

// added lists all routes, of every table, but those that the kernel makes for its
// addresses: it makes those of IPv6 some time after the address.
func added(t *testing.T) string {
	t.Helper()
	var list strings.Builder
	for line := range strings.Lines(ip(t, "route show table all")) {
		if !strings.Contains(line, " proto kernel ") {
			list.WriteString(line)
		}
	}
	return list.String()
}

func TestForeignRouteIsRefusedAndKept(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	ip(t, "route add 203.0.113.0/24 via 192.0.2.3 metric 50")
	ip(t, "route add 2001:db8:1::/48 via 2001:db8::3")
	before := ip(t, "route show") + ip(t, "-6 route show")
	for _, text := range []string{"203.0.113.0/24 via 192.0.2.2 metric 50", "2001:db8:1::/48 via 2001:db8::2"} {
		own, foreign := route(t, eth0, "198.51.100.0/24"), route(t, eth0, text)
		var refused *ForeignRouteError
		if err := a.ClaimRoutes([]Route{own, foreign}); !errors.As(err, &refused) || refused.Route != foreign {
			t.Errorf("claim of %s: %v", text, err)
		}
		if err := a.ReleaseRoutes([]Route{foreign}); err != nil {
			t.Error(err)
		}
		if got := ip(t, "route show") + ip(t, "-6 route show"); got != before {
			t.Errorf("after the refusal\n%s\nbefore\n%s", got, before)
		}
	}
	// Of another metric, it is another route.
	if err := a.ClaimRoutes([]Route{route(t, eth0, "203.0.113.0/24 via 192.0.2.2 metric 51")}); err != nil {
		t.Error(err)
	}
}

func TestRouteThatLeadsElsewhereIsReplaced(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	for _, old := range []string{"203.0.113.0/24 via 192.0.2.3", "2001:db8:1::/48 via 2001:db8::3"} {
		if err := a.ClaimRoutes([]Route{route(t, eth0, old)}); err != nil {
			t.Fatal(err)
		}
	}
	want := []Route{route(t, eth0, "203.0.113.0/24 via 192.0.2.2"), route(t, eth0, "2001:db8:1::/48 via 2001:db8::2")}
	if missing, err := a.MissingRoutes(want); err != nil || len(missing) != 2 {
		t.Errorf("missing: %v, %v", missing, err)
	}
	if err := a.ClaimRoutes(want); err != nil {
		t.Fatal(err)
	}
	if held, err := a.HeldRoutes(); err != nil || !slices.Equal(held, want) {
		t.Errorf("held: %v, %v", held, err)
	}
}

func TestRouteThatCannotBe(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	for text, want := range map[string]error{
		"203.0.113.0/24 via 10.9.9.9":                    unix.ENETUNREACH, // no such neighbour
		"203.0.113.0/24 via 192.0.2.2 src 198.51.100.99": unix.EINVAL,      // not an address of ours
	} {
		err := a.ClaimRoutes([]Route{route(t, eth0, "198.51.100.0/24"), route(t, eth0, text)})
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "203.0.113.0/24") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := a.ClaimRoutes([]Route{route(t, 1<<20, "198.51.100.0/24")}); !errors.Is(err, ErrLinkGone) {
		t.Errorf("over a link that is not there: %v", err)
	}
	if got := ours(t); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
}

// The kernel takes an IPv4 route of the main table away with the address it
// names as its source: the lease of the address ends the route too.
func TestRouteGoesWithItsSource(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	out := watch(t, new(Watcher))
	claim(t, a, eth0, time.Second, "192.0.2.9/32")
	if err := a.ClaimRoutes([]Route{route(t, eth0, "203.0.113.0/24 via 192.0.2.2 src 192.0.2.9")}); err != nil {
		t.Fatal(err)
	}
	until(t, out, "the claim", holds("eth0", "192.0.2.9/32"))
	until(t, out, "the end of the lease", not(holds("eth0", "192.0.2.9/32")))
	if got := ours(t); len(got) > 0 {
		t.Errorf("outlives its source: %q", got)
	}
}

func TestWatcherFollowsOurRoutes(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	out := watch(t, new(Watcher))
	want := []Route{route(t, eth0, "203.0.113.0/24 via 192.0.2.2 metric 50"), route(t, eth0, "2001:db8:1::/48 via 2001:db8::2")}
	has := func(routes ...Route) func(Links) bool {
		return func(s Links) bool { return slices.Equal(s["eth0"].Routes, routes) }
	}
	put := func() {
		t.Helper()
		if err := a.ClaimRoutes(want); err != nil {
			t.Fatal(err)
		}
		until(t, out, "both routes", has(want...))
	}
	put()
	listing, err := List()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, listing["eth0"].Routes, byValue); d != "" {
		t.Errorf("a listing (-want +got):\n%s", d)
	}
	ip(t, "route del 203.0.113.0/24 metric 50")
	until(t, out, "one removed", has(want[1]))
	put()
	ip(t, "-6 route del 2001:db8:1::/48")
	until(t, out, "the other removed", has(want[0]))
	put()
	// The kernel tells of the new route only.
	ip(t, "route replace 203.0.113.0/24 via 192.0.2.3 metric 50")
	until(t, out, "one replaced", has(want[1]))
	ip(t, "route del 203.0.113.0/24 metric 50")
	put()
	ip(t, "link set eth0 down") // of the IPv4 route it tells nothing
	until(t, out, "the link down", func(s Links) bool { return !s["eth0"].Up })
}

// What a routing daemon does never reaches the watcher.
func TestWatcherDoesNotHearForeignRoutes(t *testing.T) {
	a, eth0 := inNamespace6(t)
	w := &Watcher{eventBuffer: 1}
	out := watch(t, w)
	until(t, out, "eth0", holds("eth0", "192.0.2.1/24"))
	var batch strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&batch, "route add 10.%d.%d.0/24 via 192.0.2.2 proto bgp\nroute del 10.%d.%d.0/24 proto bgp\n", i/250, i%250, i/250, i%250)
	}
	feed(t, batch.String())
	ours := route(t, eth0, "203.0.113.0/24 via 192.0.2.2")
	if err := a.ClaimRoutes([]Route{ours}); err != nil {
		t.Fatal(err)
	}
	until(t, out, "our route", func(s Links) bool { return slices.Equal(s["eth0"].Routes, []Route{ours}) })
	if n := w.Overflows(); n > 0 {
		t.Errorf("%d overflows", n)
	}
}
