package election

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// other is a second instance on eth0, of an address in the same subnet.
func other(priority uint8) Instance {
	c := shop(priority)
	c.Name, c.VRID, c.Addresses = "other", 52, addresses(netip.MustParsePrefix("192.0.2.102/24"))
	return c
}

// told lets the watcher see what the host is like now.
func (f *fakeHost) told() { f.change(func() {}) }

func TestSecondariesArePromotedWhileTheyAreHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.promoted = map[int]bool{2: true} // by a life that died
		a := launch(f, false)
		a.configure(shop(150), other(150))
		if f.promotes(2) {
			t.Error("what a previous life left is not undone")
		}
		sleep(4 * time.Second)
		f.told()
		if !f.promotes(2) || !f.holds(vip) {
			t.Fatal("not set, as master")
		}
		before := f.promotions
		sleep(10 * time.Second)
		f.told()
		if f.promotions != before {
			t.Errorf("asked for %d times more, with nothing new", f.promotions-before)
		}
		a.configure(other(150)) // the first of two leaves
		sleep(2 * time.Second)
		f.told()
		if !f.promotes(2) || f.holds(vip) {
			t.Error("restored though an instance still holds an address there")
		}
		a.leave(t)
		if f.promotes(2) {
			t.Error("not restored by the last that left")
		}
	})
}

func TestSecondariesThatStandAloneAreNotPromoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		a := launch(f, false)
		c := shop(150)
		c.Addresses = addresses(second) // /32
		a.configure(c)
		sleep(4 * time.Second)
		f.told()
		if !f.holds(second) || f.promotes(2) {
			t.Error("set for an address that is nobody's secondary")
		}
		a.leave(t)
	})
}

// Whether a setting can be made is no matter of the election.
func TestPromotionThatFailsIsToldOnceAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.promoteErr = errFake
		a := launch(f, false)
		a.configure(shop(150))
		sleep(4 * time.Second)
		f.told()
		sleep(10 * time.Second)
		if got := a.reason("vrrp.error"); got != "promote_secondaries" {
			t.Errorf("reason %q", got)
		}
		expect(t, "events", a.names(), "vrrp.error", "init>backup:startup", "address.claimed", "backup>master:master_silent")
		f.change(func() { f.promoteErr = nil })
		sleep(2 * time.Second)
		if !f.promotes(2) {
			t.Error("not tried again")
		}
		a.leave(t)
	})
}

func TestCleanupRestoresPromotion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.promoted, f.addrs[vip] = map[int]bool{2: true}, time.Now().Add(time.Hour)
		if err := cleanup(t.Context(), Config{Instances: []Instance{shop(150)}}, nil, f.host()); err != nil {
			t.Fatal(err)
		}
		if f.promotes(2) {
			t.Error("not restored")
		}
	})
}

// Where the kernel keeps no marks the configuration says what is ours; an
// owner's addresses are the host's all the same.
func TestCrowdedWithoutMarks(t *testing.T) {
	links := netif.Links{"eth0": {Name: "eth0", Index: 2, Addrs: []netif.Address{{Prefix: netip.PrefixFrom(addrA, 24)}, {Prefix: vip, Secondary: true}}}}
	if got := crowded(links, shop(150).holds); !got[2] {
		t.Errorf("configured: %v", got)
	}
	for name, c := range map[string]Instance{"another's": other(150), "an owner's": shop(255)} {
		if got := crowded(links, Config{Instances: []Instance{c}}.holds); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}
