package netif

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func virtual(texts ...string) []Virtual { return virtually(prefixes(texts...)) }

func openAddresses(t testing.TB) *Addresses {
	t.Helper()
	a, err := OpenAddresses()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func claim(t testing.TB, a *Addresses, link int, lease time.Duration, addrs ...string) {
	t.Helper()
	if err := a.Claim(link, virtual(addrs...), lease); err != nil {
		t.Fatal(err)
	}
}

func release(t testing.TB, a *Addresses, link int, addrs ...string) {
	t.Helper()
	if err := a.Release(link, prefixes(addrs...)); err != nil {
		t.Fatal(err)
	}
}

// onLink lists the addresses as `ip` shows them.
func onLink(t testing.TB, link string) (list []string) {
	t.Helper()
	for line := range strings.Lines(shown(t, link)) {
		list = append(list, strings.Fields(line)[3])
	}
	return list
}

func wantOnLink(t testing.TB, link string, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, onLink(t, link)); d != "" {
		t.Fatalf("addresses on %s (-want +got):\n%s", link, d)
	}
}

func TestClaimMarksAndLeases(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	routes := ip(t, "route show table main")
	claim(t, a, eth0, 3*time.Second, "192.0.2.9/24", "198.51.100.7/32")
	wantOnLink(t, "eth0", "192.0.2.1/24", "198.51.100.7/32", "192.0.2.9/24")
	for line := range strings.Lines(shown(t, "eth0")) {
		ours := !strings.Contains(line, "192.0.2.1/24")
		if strings.Contains(line, "valid_lft forever") == ours {
			t.Errorf("lifetime is wrong: %s", line)
		}
	}
	if got := ip(t, "route show table main"); got != routes {
		t.Errorf("routes changed from %q to %q", routes, got)
	}
	held, err := a.Held()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[int][]netip.Prefix{eth0: prefixes("198.51.100.7/32", "192.0.2.9/24")}, held, cmpPrefix); d != "" {
		t.Errorf("held (-want +got):\n%s", d)
	}
	release(t, a, eth0, "192.0.2.9/24", "198.51.100.7/32", "192.0.2.77/24")
	release(t, a, eth0, "192.0.2.9/24") // again: absent is success
	wantOnLink(t, "eth0", "192.0.2.1/24")
}

var cmpPrefix = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

// TestClaimEach: the claims of several holders at once are each all or nothing.
func TestClaimEach(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	errs := a.ClaimEach(eth0, [][]Virtual{
		virtual("192.0.2.9/24"),
		virtual("192.0.2.10/32", "192.0.2.1/32"), // the second is the host's
		virtual("192.0.2.11/32", "192.0.2.9/24"), // also another's
		virtual("198.51.100.7/32"),
	}, time.Minute)
	var foreign *ForeignAddressError
	for i, err := range errs {
		if (err != nil) != (i == 1) || i == 1 && !errors.As(err, &foreign) {
			t.Errorf("claim %d: %v", i, err)
		}
	}
	wantOnLink(t, "eth0", "192.0.2.1/24", "192.0.2.11/32", "198.51.100.7/32", "192.0.2.9/24")
	for i, err := range a.ClaimEach(1<<30, [][]Virtual{virtual("192.0.2.9/24"), virtual("192.0.2.10/24")}, 0) {
		if !errors.Is(err, ErrLinkGone) {
			t.Errorf("claim %d on no link: %v", i, err)
		}
	}
}

func TestClaimIsIdempotentAndRestores(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	for range 3 {
		claim(t, a, eth0, 0, "192.0.2.8/24", "192.0.2.9/32", "192.0.2.8/24")
	}
	wantOnLink(t, "eth0", "192.0.2.1/24", "192.0.2.9/32", "192.0.2.8/24")
	if got := shown(t, "eth0"); strings.Count(got, "valid_lft forever") != 3 {
		t.Errorf("lease 0 has a lifetime: %s", got)
	}
	ip(t, "addr del 192.0.2.8/24 dev eth0")
	claim(t, a, eth0, 0, "192.0.2.8/24", "192.0.2.9/32")
	wantOnLink(t, "eth0", "192.0.2.1/24", "192.0.2.9/32", "192.0.2.8/24")
}

func TestLeaseEndsUnlessRenewed(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	claim(t, a, eth0, time.Second, "192.0.2.8/24", "192.0.2.9/32")
	renewed := time.Now()
	for time.Since(renewed) < 3*time.Second { // three leases long
		claim(t, a, eth0, time.Second, "192.0.2.9/32")
		time.Sleep(200 * time.Millisecond)
	}
	wantOnLink(t, "eth0", "192.0.2.1/24", "192.0.2.9/32")
	// The kernel removes it by itself; go test's own timeout bounds the wait.
	for last := time.Now(); len(onLink(t, "eth0")) > 1; time.Sleep(20 * time.Millisecond) {
		if time.Since(last) > 10*time.Second {
			t.Fatalf("still there ten leases after the last renewal: %v", onLink(t, "eth0"))
		}
	}
}

func TestHostAddressIsRefusedAndKept(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	ip(t, "addr add 192.0.2.7/24 dev eth0 valid_lft 100 preferred_lft 100") // as a DHCP client would
	for _, own := range []string{"192.0.2.1/24", "192.0.2.1/32", "192.0.2.7/24"} {
		before := onLink(t, "eth0")
		err := a.Claim(eth0, virtual("192.0.2.9/32", own), time.Second)
		var foreign *ForeignAddressError
		if !errors.As(err, &foreign) || foreign.Address.Addr() != netip.MustParsePrefix(own).Addr() {
			t.Errorf("claim of %s: %v", own, err)
		}
		release(t, a, eth0, own)
		wantOnLink(t, "eth0", before...)
	}
	if held, err := a.Held(); err != nil || len(held) != 0 {
		t.Errorf("the host's address was marked: %v, %v", held, err)
	}
}

func TestClaimUndoesWhatItAdded(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	claim(t, a, eth0, 0, "192.0.2.8/32")
	// The kernel refuses the third: another scope in the same subnet.
	ip(t, "addr add 10.9.0.1/24 dev eth0 scope link")
	before := onLink(t, "eth0")
	err := a.Claim(eth0, virtual("192.0.2.8/32", "192.0.2.9/32", "10.9.0.2/24", "192.0.2.10/32"), 0)
	if !errors.Is(err, unix.EINVAL) || !strings.Contains(err.Error(), "10.9.0.2/24") {
		t.Errorf("claim: %v", err)
	}
	wantOnLink(t, "eth0", before...)
}

func TestNarrowerSubnetDoesNotStealTheRoute(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	routes := ip(t, "route show table main")
	claim(t, a, eth0, 0, "192.0.2.9/25")
	if got := ip(t, "route show table main"); got != routes {
		t.Errorf("routes changed from %q to %q", routes, got)
	}
	release(t, a, eth0, "192.0.2.9/25")
	claim(t, a, eth0, 0, "203.0.113.9/24") // a subnet of its own needs its route
	if got := ip(t, "route show table main"); !strings.Contains(got, "203.0.113.0/24") {
		t.Errorf("no route to the new subnet: %q", got)
	}
}

func TestReleaseOfAPrimaryKeepsItsSecondaries(t *testing.T) {
	for _, promote := range []string{"0", "1"} {
		t.Run("promote_secondaries="+promote, func(t *testing.T) {
			inNamespace(t)
			writeSysctl(t, "ipv4/conf/eth0/promote_secondaries", promote)
			a, eth0 := openAddresses(t), linkIndex(t, "eth0")
			claim(t, a, eth0, time.Minute, "203.0.113.9/24", "203.0.113.10/24")
			ip(t, "addr add 203.0.113.1/24 brd + dev eth0 label eth0:host valid_lft 90 preferred_lft 80")
			release(t, a, eth0, "203.0.113.9/24")
			wantOnLink(t, "eth0", "192.0.2.1/24", "203.0.113.10/24", "203.0.113.1/24")
			got := strings.ReplaceAll(shown(t, "eth0"), "preferred_lft 80sec", "preferred_lft 79sec")
			for _, want := range []string{"brd 203.0.113.255", "eth0:host", "preferred_lft 7"} { // seconds may have passed
				if !strings.Contains(got, want) {
					t.Errorf("%q was lost: %s", want, got)
				}
			}
			held, err := a.Held()
			if err != nil || len(held[eth0]) != 1 {
				t.Errorf("held %v, %v", held, err)
			}
		})
	}
}

func TestReleaseOfAWholeSubnet(t *testing.T) {
	inNamespace(t)
	writeSysctl(t, "ipv4/conf/eth0/promote_secondaries", "0")
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	own := []string{"203.0.113.9/24", "203.0.113.10/24", "203.0.113.11/24"}
	claim(t, a, eth0, time.Minute, own...)
	release(t, a, eth0, own...) // the kernel drops the others with the first
	wantOnLink(t, "eth0", "192.0.2.1/24")
}

func TestMissing(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	claim(t, a, eth0, time.Minute, "192.0.2.8/24", "192.0.2.9/32")
	ip(t, "addr del 192.0.2.9/32 dev eth0")
	missing, err := a.Missing(eth0, prefixes("192.0.2.8/24", "192.0.2.9/32", "192.0.2.8/32"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(prefixes("192.0.2.9/32", "192.0.2.8/32"), missing, cmpPrefix); d != "" {
		t.Errorf("missing (-want +got):\n%s", d)
	}
}

func TestLinkGone(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	claim(t, a, eth0, time.Second, "192.0.2.9/32")
	ip(t, "link del eth0")
	for _, gone := range []int{eth0, 0, 1 << 20} {
		if err := a.Claim(gone, virtual("192.0.2.9/32"), time.Second); !errors.Is(err, ErrLinkGone) {
			t.Errorf("claim on link %d: %v", gone, err)
		}
		release(t, a, gone, "192.0.2.9/32")
	}
}

func TestMissingCapabilityIsNamed(t *testing.T) {
	inNamespace(t)
	eth0 := linkIndex(t, "eth0")
	var none [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capset(&header, &none[0]); err != nil { // this thread alone
		t.Fatal(err)
	}
	err := openAddresses(t).Claim(eth0, virtual("192.0.2.9/32"), time.Second)
	if !errors.Is(err, ErrPermission) || !strings.Contains(err.Error(), "CAP_NET_ADMIN") {
		t.Errorf("claim without capabilities: %v", err)
	}
}

func TestThousandAddresses(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	many := thousand()
	if err := a.Claim(eth0, virtually(many), time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := len(onLink(t, "eth0")); got != 1001 {
		t.Errorf("%d addresses after the claim", got)
	}
	if err := a.Release(eth0, many); err != nil {
		t.Fatal(err)
	}
	wantOnLink(t, "eth0", "192.0.2.1/24")
}

func thousand() (many []netip.Prefix) {
	for i := range 1000 {
		many = append(many, netip.MustParsePrefix(fmt.Sprintf("10.1.%d.%d/32", i/250, i%250+1)))
	}
	return many
}
