package netif

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// address returns what a snapshot knows of an address of eth0.
func address(s Links, ip string) (a Address, ok bool) {
	i := slices.IndexFunc(s["eth0"].Addrs, func(a Address) bool { return a.Prefix.Addr() == netip.MustParseAddr(ip) })
	if i < 0 {
		return a, false
	}
	return s["eth0"].Addrs[i], true
}

func TestWatcherSeesIPv6Addresses(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	out := watch(t, new(Watcher))
	until(t, out, "both families", func(s Links) bool {
		return holds("eth0", "2001:db8::1/64")(s) && holds("eth0", "192.0.2.1/24")(s)
	})
	claim(t, a, eth0, time.Minute, "2001:db8::9/64", "192.0.2.9/24")
	s := until(t, out, "the claim", func(s Links) bool {
		return holds("eth0", "2001:db8::9/64")(s) && holds("eth0", "192.0.2.9/24")(s)
	})
	if vip, _ := address(s, "2001:db8::9"); !vip.Ours() || !vip.Deprecated || vip.Tentative || vip.Permanent || vip.Secondary {
		t.Errorf("virtual address %+v", vip)
	}
	if own, _ := address(s, "2001:db8::1"); own.Ours() || own.Deprecated || !own.Permanent {
		t.Errorf("host's address %+v", own)
	}
	if first, ok := s["eth0"].PrimaryIPv4(nil); !ok || first != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("primary IPv4 address %v", first)
	}
	ip(t, "addr del 2001:db8::9/64 dev eth0")
	until(t, out, "its removal", not(holds("eth0", "2001:db8::9/64")))
	claim(t, a, eth0, time.Minute, "2001:db8::9/64", "192.0.2.9/24")
	until(t, out, "it restored", holds("eth0", "2001:db8::9/64"))
	claim(t, a, eth0, time.Second, "2001:db8::9/64")
	until(t, out, "the end of its lease", not(holds("eth0", "2001:db8::9/64")))
}

// The announcements one by one and a listing of the result agree, in order too.
func TestWatcherAgreesWithAListing(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	out := watch(t, new(Watcher))
	until(t, out, "the start", holds("eth0", "2001:db8::1/64"))
	ip(t, "addr add fe80::5/64 dev eth0 nodad")
	claim(t, a, eth0, time.Minute, "2001:db8::9/64", "192.0.2.9/24", "2001:db8::8/128", "198.51.100.1/32", "fe80::7/64")
	ip(t, "addr add 192.0.2.10/24 dev eth0")
	ip(t, "addr add 203.0.113.10/24 dev eth0")
	last := until(t, out, "all", func(s Links) bool { return len(s["eth0"].Addrs) == 10 })
	listing, err := List()
	if err != nil {
		t.Fatal(err)
	}
	if !last["eth0"].equal(listing["eth0"]) {
		t.Errorf("the watcher has\n%v, a listing\n%v", last["eth0"], listing["eth0"])
	}
}

func TestLinkLocalIsReadyAfterDuplicateAddressDetection(t *testing.T) {
	inNamespace6(t)
	out := watch(t, new(Watcher))
	ip(t, "addr add fe80::1/64 dev eth0")
	s := until(t, out, "a tentative address", func(s Links) bool { a, _ := address(s, "fe80::1"); return a.Tentative })
	if got, ok := s["eth0"].LinkLocal(nil); ok {
		t.Errorf("tentative, yet offered: %v", got)
	}
	until(t, out, "it ready", func(s Links) bool { got, _ := s["eth0"].LinkLocal(nil); return got == netip.MustParseAddr("fe80::1") })
}

func TestFailedDuplicateAddressDetectionIsSeen(t *testing.T) {
	inNamespace6(t)
	out := watch(t, new(Watcher))
	ip(t, "addr add fe80::1/64 dev peer0 nodad")
	ip(t, "addr add fe80::1/64 dev eth0")
	s := until(t, out, "the failure", func(s Links) bool { a, _ := address(s, "fe80::1"); return a.DADFailed })
	if got, ok := s["eth0"].LinkLocal(nil); ok {
		t.Errorf("another node's, yet offered: %v", got)
	}
	if got := ip(t, "-6 addr show dev eth0"); !strings.Contains(got, "dadfailed") {
		t.Errorf("not what the kernel says: %s", got)
	}
}

func TestForwarding6IsFollowed(t *testing.T) {
	inNamespace6(t)
	forwards := func(s Links) bool { return s["eth0"].Forwarding6 }
	out := watch(t, new(Watcher))
	until(t, out, "a host", not(forwards))
	writeSysctl(t, "ipv6/conf/all/forwarding", "1")
	until(t, out, "a router", forwards)
	links, err := List()
	if err != nil || !forwards(links) {
		t.Errorf("a listing says %v, %v", links["eth0"], err)
	}
	writeSysctl(t, "ipv6/conf/eth0/forwarding", "0")
	until(t, out, "a host again", not(forwards))
}

// Privacy addresses (RFC 8981) bear the bit that means secondary for IPv4.
func TestTemporaryAddressIsNotSecondary(t *testing.T) {
	inNamespace6(t)
	out := watch(t, new(Watcher))
	writeSysctl(t, "ipv6/conf/eth0/use_tempaddr", "2")
	ip(t, "addr add 2001:db8::5/64 dev eth0 nodad mngtmpaddr")
	s := until(t, out, "the temporary address", func(s Links) bool { return len(s["eth0"].Addrs) == 3 })
	for _, a := range s["eth0"].Addrs {
		if a.Secondary {
			t.Errorf("%s is called secondary", a.Prefix)
		}
	}
	if got := ip(t, "-6 addr show dev eth0 temporary"); !strings.Contains(got, "2001:db8::") {
		t.Errorf("the kernel knows no temporary address: %s", got)
	}
}
