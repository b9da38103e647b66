package netif

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// shown6 is what `ip` prints of the IPv6 addresses of eth0, one a line, in
// ascending order.
func shown6(t testing.TB) (lines []string) {
	t.Helper()
	for line := range strings.Lines(ip(t, "-6 -o addr show dev eth0")) {
		lines = append(lines, strings.Join(strings.Fields(line)[3:], " "))
	}
	slices.SortFunc(lines, func(a, b string) int { return prefixIn(a).Addr().Compare(prefixIn(b).Addr()) })
	return lines
}

func prefixIn(line string) netip.Prefix { return netip.MustParsePrefix(strings.Fields(line)[0]) }

func wantOnLink6(t testing.TB, want ...string) {
	t.Helper()
	var got []string
	for _, line := range shown6(t) {
		got = append(got, strings.Fields(line)[0])
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("IPv6 addresses (-want +got):\n%s", d)
	}
}

func routes6(t testing.TB) string {
	t.Helper()
	return ip(t, "-6 route show table main dev eth0")
}

func TestClaimOfBothFamilies(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	routes := routes6(t) + ip(t, "route show table main")
	claim(t, a, eth0, 30*time.Second, "192.0.2.9/24", "2001:db8::9/64", "2001:db8:5::7/128", "198.51.100.7/32")
	wantOnLink(t, "eth0", "192.0.2.1/24", "198.51.100.7/32", "192.0.2.9/24")
	wantOnLink6(t, "2001:db8::1/64", "2001:db8::9/64", "2001:db8:5::7/128")
	for _, line := range shown6(t)[1:] {
		for _, want := range []string{"scope global", " nodad ", " noprefixroute ", " deprecated ", " preferred_lft 0sec"} {
			if !strings.Contains(line, want) {
				t.Errorf("no %q in %s", want, line)
			}
		}
		if !strings.Contains(line, "valid_lft 30sec") && !strings.Contains(line, "valid_lft 29sec") {
			t.Errorf("no lease: %s", line)
		}
	}
	if got := routes6(t) + ip(t, "route show table main"); got != routes {
		t.Errorf("routes changed from %q to %q", routes, got)
	}
	held, err := a.Held()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(held[eth0], func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	want := prefixes("192.0.2.9/24", "198.51.100.7/32", "2001:db8::9/64", "2001:db8:5::7/128")
	if d := cmp.Diff(map[int][]netip.Prefix{eth0: want}, held, cmpPrefix); d != "" {
		t.Errorf("held (-want +got):\n%s", d)
	}
	missing, err := a.Missing(eth0, prefixes("2001:db8::8/64", "192.0.2.9/24", "2001:db8::9/64", "2001:db8::9/128"))
	if d := cmp.Diff(prefixes("2001:db8::8/64", "2001:db8::9/128"), missing, cmpPrefix); d != "" || err != nil {
		t.Errorf("missing (-want +got), %v:\n%s", err, d)
	}
	release(t, a, eth0, "2001:db8::9/64", "192.0.2.9/24", "2001:db8::77/64", "2001:db8:5::7/128", "198.51.100.7/32")
	release(t, a, eth0, "2001:db8::9/64") // again: absent is success
	wantOnLink(t, "eth0", "192.0.2.1/24")
	wantOnLink6(t, "2001:db8::1/64")
	if got := routes6(t) + ip(t, "route show table main"); got != routes {
		t.Errorf("routes changed from %q to %q", routes, got)
	}
}

// Duplicate address detection would make bind fail for a second or more.
func TestIPv6IsUsableAtOnce(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	claim(t, a, eth0, time.Minute, "2001:db8::9/64")
	c, err := net.ListenPacket("udp6", "[2001:db8::9]:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

func TestIPv6IsNotTheSourceOfTheHost(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	claim(t, a, eth0, time.Minute, "2001:db8::98/64") // shares more bits with the destination
	if got := ip(t, "route get 2001:db8::99"); !strings.Contains(got, "src 2001:db8::1 ") {
		t.Errorf("another source than the host's own: %s", got)
	}
}

func TestIPv6LeaseEndsUnlessRenewed(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	claim(t, a, eth0, time.Second, "2001:db8::8/64", "2001:db8::9/128")
	claim(t, a, eth0, time.Minute, "2001:db8::9/128")
	gone := func(left int) {
		t.Helper()
		for start := time.Now(); len(shown6(t)) > left; time.Sleep(50 * time.Millisecond) {
			if time.Since(start) > patience {
				t.Fatalf("still there after ten leases: %v", shown6(t))
			}
		}
	}
	gone(2)
	wantOnLink6(t, "2001:db8::1/64", "2001:db8::9/128")
	if got := shown6(t)[1]; !strings.Contains(got, " deprecated ") || !strings.Contains(got, " noprefixroute ") {
		t.Errorf("after a renewal: %s", got)
	}
	claim(t, a, eth0, time.Second, "2001:db8::9/128")
	gone(1)
	if got := routes6(t); !strings.Contains(got, "2001:db8::/64") || strings.Contains(got, "expires") {
		t.Errorf("the host's route after the lease: %q", got)
	}
}

// The connected route of a router advertisement has an end, and stays what it
// was whether the host's address is of the advertisement or of DHCPv6.
func TestIPv6RouteOfTheHostKeepsItsEnd(t *testing.T) {
	for _, own := range []string{"2001:db8::1/64", "2001:db8::1/128"} {
		for _, lease := range []time.Duration{time.Minute, 0} {
			t.Run(fmt.Sprint(own, " ", lease), func(t *testing.T) {
				a, eth0 := inNamespace6(t, own+" noprefixroute")
				ip(t, "route add 2001:db8::/64 dev eth0 proto kernel metric 256 expires 1000")
				unchanged := func(when string) {
					t.Helper()
					got := routes6(t)
					if strings.Count(got, "2001:db8::") != 1 || !strings.Contains(got, "expires 9") && !strings.Contains(got, "expires 1000") {
						t.Errorf("routes after the %s: %q", when, got)
					}
				}
				for _, when := range []string{"claim", "renewal"} {
					claim(t, a, eth0, lease, "2001:db8::9/64")
					unchanged(when)
				}
				release(t, a, eth0, "2001:db8::9/64")
				unchanged("release")
			})
		}
	}
}

func TestIPv6SubnetOfItsOwnBringsItsRoute(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	for range 2 {
		claim(t, a, eth0, time.Minute, "2001:db8:7::9/64")
	}
	if got := routes6(t); !strings.Contains(got, "2001:db8:7::/64 proto kernel") {
		t.Errorf("no route to the new subnet: %q", got)
	}
	claim(t, a, eth0, 0, "2001:db8:8::9/64")
	release(t, a, eth0, "2001:db8:8::9/64")
	if got := routes6(t); strings.Contains(got, "2001:db8:8::/64") {
		t.Errorf("the route of an address without a lease stays: %q", got)
	}
}

func TestIPv6HostAddressIsRefusedAndKept(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	ip(t, "addr add 2001:db8::7/64 dev eth0 nodad valid_lft 100 preferred_lft 100") // as autoconfiguration would
	for _, own := range []string{"2001:db8::1/64", "2001:db8::1/128", "2001:db8::7/64"} {
		err := a.Claim(eth0, virtual("192.0.2.9/32", "2001:db8::9/128", own), time.Second)
		var foreign *ForeignAddressError
		if !errors.As(err, &foreign) || foreign.Address.Addr() != netip.MustParsePrefix(own).Addr() {
			t.Errorf("claim of %s: %v", own, err)
		}
		release(t, a, eth0, own)
		wantOnLink(t, "eth0", "192.0.2.1/24")
		wantOnLink6(t, "2001:db8::1/64", "2001:db8::7/64")
	}
	if held, err := a.Held(); err != nil || len(held) != 0 {
		t.Errorf("the host's address was marked: %v, %v", held, err)
	}
}

func TestIPv6ClaimUndoesWhatItAdded(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	claim(t, a, eth0, 0, "2001:db8::8/64")
	err := a.Claim(eth0, virtual("2001:db8::8/64", "192.0.2.9/24", "2001:db8::9/64", "ff02::9/64", "2001:db8::a/64"), 0)
	if !errors.Is(err, unix.EADDRNOTAVAIL) || !strings.Contains(err.Error(), "ff02::9") { // no unicast address
		t.Errorf("claim: %v", err)
	}
	wantOnLink(t, "eth0", "192.0.2.1/24")
	wantOnLink6(t, "2001:db8::1/64", "2001:db8::8/64")
}

func TestIPv6PrefixLengthIsReplaced(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	for _, length := range []string{"128", "64", "128"} {
		claim(t, a, eth0, time.Minute, "2001:db8::9/"+length)
		wantOnLink6(t, "2001:db8::1/64", "2001:db8::9/"+length)
	}
}

func TestIPv6DisabledIsNamed(t *testing.T) {
	inNamespace(t)
	_ = os.WriteFile("/proc/sys/net/ipv6/conf/eth0/disable_ipv6", []byte("1"), 0) // absent: the kernel has none at all
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	err := a.Claim(eth0, virtual("192.0.2.9/24", "2001:db8::9/64"), time.Minute)
	if !errors.Is(err, ErrNoIPv6) {
		t.Errorf("claim: %v", err)
	}
	wantOnLink(t, "eth0", "192.0.2.1/24")
	release(t, a, eth0, "192.0.2.9/24", "2001:db8::9/64")
}

func TestClaimRefusesWhatIsNoAddress(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	for _, p := range []netip.Prefix{{}, netip.PrefixFrom(netip.MustParseAddr("::ffff:192.0.2.9"), 128)} {
		if err := a.Claim(eth0, virtually([]netip.Prefix{p}), time.Minute); err == nil {
			t.Errorf("%v was claimed", p)
		}
	}
}

func TestThousandIPv6Addresses(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	var many []netip.Prefix
	for i := range 1000 {
		many = append(many, netip.MustParsePrefix(fmt.Sprintf("2001:db8:1::%x/128", i)))
	}
	for _, want := range []int{1001, 1001} { // claimed, renewed
		if err := a.Claim(eth0, virtually(many), time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := len(shown6(t)); got != want {
			t.Errorf("%d addresses after the claim", got)
		}
	}
	if err := a.Release(eth0, many); err != nil {
		t.Fatal(err)
	}
	wantOnLink6(t, "2001:db8::1/64")
}
