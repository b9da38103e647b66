package netif

import (
	"slices"
	"testing"
	"time"
)

// A link that gets another MAC, name, index or address of its own, one by one
// and by the kernel's own word.
func TestWatcherSeesALinkBecomeAnother(t *testing.T) {
	inNamespace(t)
	out := watch(t, new(Watcher))
	first := until(t, out, "eth0", holds("eth0", "192.0.2.1/24"))["eth0"]

	ip(t, "link set eth0 address 02:00:00:00:00:99")
	until(t, out, "another MAC", func(s Links) bool { return s["eth0"].MAC.String() == "02:00:00:00:00:99" })

	writeSysctl(t, "ipv4/conf/eth0/promote_secondaries", "1")
	ip(t, "addr add 192.0.2.7/24 dev eth0")
	ip(t, "addr del 192.0.2.1/24 dev eth0")
	s := until(t, out, "another address", not(holds("eth0", "192.0.2.1/24")))
	if got, ok := s["eth0"].PrimaryIPv4(nil); !ok || got.String() != "192.0.2.7" {
		t.Errorf("the primary address is %v", got)
	}

	ip(t, "link set eth0 down")
	ip(t, "link set eth0 name lan0")
	ip(t, "link set lan0 up")
	s = until(t, out, "another name", func(s Links) bool { return s["lan0"].Up })
	if _, there := s["eth0"]; there || s["lan0"].Index != first.Index {
		t.Errorf("renamed: %v", s)
	}

	ip(t, "link del lan0")
	ip(t, "link add eth0 type veth peer name peer0")
	ip(t, "link set peer0 up")
	ip(t, "link set eth0 up")
	s = until(t, out, "another eth0", func(s Links) bool { return s["eth0"].Up })
	if s["eth0"].Index == first.Index || len(s["eth0"].Addrs) > 0 && slices.ContainsFunc(s["eth0"].Addrs, func(a Address) bool { return a.Prefix.Addr().Is4() }) {
		t.Errorf("made again: %+v", s["eth0"])
	}
	listing, err := List()
	if err != nil {
		t.Fatal(err)
	}
	if !s.equal(listing) {
		until(t, out, "the state as it is listed", listing.equal)
	}
}

// Where promote_secondaries is 0, the host's primary address takes ours along
// when it is removed. The watcher tells, and a claim puts ours back.
func TestHostPrimaryTakesOursAlong(t *testing.T) {
	inNamespace(t)
	writeSysctl(t, "ipv4/conf/eth0/promote_secondaries", "0")
	out := watch(t, new(Watcher))
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	ip(t, "addr add 10.7.0.1/24 dev eth0") // another subnet stays: the link is not emptied
	claim(t, a, eth0, time.Minute, "192.0.2.9/24", "192.0.2.8/24")
	until(t, out, "the claim", holds("eth0", "192.0.2.8/24"))
	ip(t, "addr del 192.0.2.1/24 dev eth0")
	until(t, out, "ours gone too", not(holds("eth0", "192.0.2.9/24")))
	claim(t, a, eth0, time.Minute, "192.0.2.9/24", "192.0.2.8/24")
	wantOnLink(t, "eth0", "10.7.0.1/24", "192.0.2.9/24", "192.0.2.8/24")

	// The same when ours has become the primary and the host comes back: its
	// address is the secondary then, and stays when ours goes.
	ip(t, "addr add 192.0.2.1/24 dev eth0")
	release(t, a, eth0, "192.0.2.9/24", "192.0.2.8/24")
	wantOnLink(t, "eth0", "10.7.0.1/24", "192.0.2.1/24")
}
