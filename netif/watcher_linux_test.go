package netif

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds how long a test waits for the kernel before it fails.
const patience = 10 * time.Second

// watch runs w in the namespace of the calling test.
func watch(t testing.TB, w *Watcher) <-chan Links {
	t.Helper()
	ns, err := unix.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	out, done := make(chan Links), make(chan error)
	go func() {
		runtime.LockOSThread() // the socket is opened in this thread's namespace...
		if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- w.Run(ctx, out)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = unix.Close(ns)
	})
	return out
}

// until reads snapshots up to the first that is as wanted.
func until(t testing.TB, out <-chan Links, what string, wanted func(Links) bool) Links {
	t.Helper()
	var last Links
	timeout := time.After(patience)
	for {
		select {
		case last = <-out:
			if wanted(last) {
				return last
			}
		case <-timeout:
			t.Fatalf("never saw %s; last snapshot %v", what, last)
		}
	}
}

func holds(link, prefix string) func(Links) bool {
	return func(s Links) bool { return s[link].Holds(netip.MustParsePrefix(prefix)) }
}

func not(f func(Links) bool) func(Links) bool { return func(s Links) bool { return !f(s) } }

func TestWatcherSeesLinksAndAddresses(t *testing.T) {
	inNamespace(t)
	out := watch(t, new(Watcher))
	first := until(t, out, "eth0 up", func(s Links) bool { return s["eth0"].Up })["eth0"]
	if ip, ok := first.PrimaryIPv4(nil); !ok || ip != netip.MustParseAddr("192.0.2.1") || len(first.MAC) != 6 || first.MTU != 1500 {
		t.Errorf("first snapshot: %+v", first)
	}
	ip(t, "addr add 192.0.2.9/24 dev eth0")
	until(t, out, "a new address", holds("eth0", "192.0.2.9/24"))
	ip(t, "addr del 192.0.2.9/24 dev eth0")
	until(t, out, "its removal", not(holds("eth0", "192.0.2.9/24")))
	ip(t, "link set peer0 down")
	until(t, out, "carrier lost", func(s Links) bool { return !s["eth0"].Up })
	ip(t, "link set peer0 up")
	until(t, out, "carrier back", func(s Links) bool { return s["eth0"].Up })
	ip(t, "link set eth0 mtu 1400")
	until(t, out, "new MTU", func(s Links) bool { return s["eth0"].MTU == 1400 })
	ip(t, "link del eth0")
	until(t, out, "eth0 gone", func(s Links) bool { _, ok := s["eth0"]; return !ok })
	ip(t, "link add eth0 type veth peer name peer0")
	ip(t, "addr add 192.0.2.1/24 dev eth0")
	again := until(t, out, "eth0 again", holds("eth0", "192.0.2.1/24"))["eth0"]
	if again.Index == first.Index {
		t.Errorf("made again with the index %d it had", again.Index)
	}
	ip(t, "link set eth0 name lan0")
	until(t, out, "new name", holds("lan0", "192.0.2.1/24"))
}

func TestWatcherIsNotFooledByBridgePorts(t *testing.T) {
	inNamespace(t)
	out := watch(t, new(Watcher))
	ip(t, "link add br0 type bridge")
	ip(t, "link set eth0 master br0")
	ip(t, "link set eth0 nomaster") // announced as RTM_DELLINK of family AF_BRIDGE
	ip(t, "link set eth0 mtu 1300")
	until(t, out, "eth0 still there, and what it holds", func(s Links) bool {
		return s["eth0"].MTU == 1300 && holds("eth0", "192.0.2.1/24")(s)
	})
}

func TestWatcherIgnoresRenewals(t *testing.T) {
	inNamespace(t)
	out := watch(t, new(Watcher))
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	claim(t, a, eth0, time.Minute, "192.0.2.9/24")
	last := until(t, out, "the claim", holds("eth0", "192.0.2.9/24"))
	for range 5 {
		claim(t, a, eth0, time.Minute, "192.0.2.9/24")
		select {
		case s := <-out:
			if s.equal(last) {
				t.Fatalf("a renewal was delivered as a change: %v", s)
			}
			last = s // the link itself changed
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// A consumer that does not read gets the newest when it does, and the watcher
// overcomes lost announcements by listing again.
func TestWatcherOverflow(t *testing.T) {
	inNamespace(t)
	w := &Watcher{eventBuffer: 1} // the kernel rounds it up to its minimum
	out := watch(t, w)
	until(t, out, "eth0", holds("eth0", "192.0.2.1/24"))
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	for range 3 {
		if err := a.Claim(eth0, virtually(thousand()), time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := a.Release(eth0, thousand()); err != nil {
			t.Fatal(err)
		}
	}
	claim(t, a, eth0, time.Minute, "192.0.2.9/32")
	until(t, out, "what is left after the storm", func(s Links) bool {
		return holds("eth0", "192.0.2.9/32")(s) && len(s["eth0"].Addrs) == 2
	})
	if w.Overflows() == 0 {
		t.Error("no announcement was lost: the test did not test the overflow")
	}
}

// What the kernel never announced is found by the next whole listing: an address,
// a link's state, a link that is gone.
func TestWatcherListsAgainWhatWasNotAnnounced(t *testing.T) {
	inNamespace(t)
	lister, err := dial(listedBuffer)
	if err != nil {
		t.Fatal(err)
	}
	defer lister.close()
	ctx, cancel := context.WithCancel(t.Context())
	out, swallowed, done := make(chan Links), make(chan news), make(chan error)
	w := &Watcher{listEvery: 20 * time.Millisecond}
	go func() { done <- w.follow(ctx, lister, swallowed, out, new(Links)) }()
	until(t, out, "the first listing", holds("eth0", "192.0.2.1/24"))
	ip(t, "addr add 192.0.2.9/24 dev eth0")
	until(t, out, "a new address", holds("eth0", "192.0.2.9/24"))
	ip(t, "link set peer0 down")
	until(t, out, "carrier lost", func(s Links) bool { return !s["eth0"].Up })
	ip(t, "link del eth0")
	until(t, out, "eth0 gone", func(s Links) bool { _, ok := s["eth0"]; return !ok })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
