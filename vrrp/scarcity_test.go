package vrrp_test

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// margin100 is 2 intervals and the skew of priority 100, at 1 s.
const margin100 = 2*time.Second + 156*time.Second/256

// lose loses every advertisement for so long, which begins right after one.
func lose(lan *vrrptest.LAN, d time.Duration) {
	lan.Lose(func(netip.Addr, netip.Addr) bool { return true })
	sleep(d)
	lan.Lose(nil)
}

// TestScarceAdverts: of three adverts lost in a row the backup takes over, so two are
// worth a warning, and one is not.
func TestScarceAdverts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan, a, b := pair(t)
		sleep(500 * time.Millisecond) // between two
		for range 3 {
			lose(lan, time.Second)
			sleep(time.Minute)
		}
		if got := b.scarcities(); len(got) > 0 {
			t.Errorf("one lost now and then: %+v", got)
		}
		lose(lan, 2*time.Second)
		sleep(time.Second)
		want := []vrrp.Scarcity{{Used: 2 * time.Second, Margin: margin100, Peer: addrA}}
		if got := b.scarcities(); !slices.Equal(got, want) {
			t.Errorf("two lost: %+v, want %+v", got, want)
		}
		sleep(10 * time.Second)
		lose(lan, 2*time.Second)
		sleep(59 * time.Second)
		if got := b.scarcities(); len(got) != 1 {
			t.Errorf("told again, or too early that it is over: %+v", got)
		}
		sleep(3 * time.Second)
		over := want[0]
		over.Over, over.Lasted = true, 13*time.Second
		if got := b.scarcities(); !slices.Equal(got, append(want, over)) {
			t.Errorf("over: %+v, want %+v", got, over)
		}
		if got := a.scarcities(); len(got) > 0 || b.stats().Transitions != 1 {
			t.Errorf("a told %+v; b made %d transitions", got, b.stats().Transitions)
		}
		for _, n := range []*node{a, b} {
			n.stop()
			<-n.stopped
		}
	})
}

// TestChangesOfTheMasterAreNoDelays: a master that dies, resigns, comes back or
// is preempted leaves its backups without adverts for a while.
func TestChangesOfTheMasterAreNoDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		addrC := netip.MustParseAddr("192.0.2.13")
		a, b, c := start(t, lan, addrA, 150), start(t, lan, addrB, 140), start(t, lan, addrC, 20)
		sleep(5 * time.Second)
		lan.Lose(func(from, to netip.Addr) bool { return from == addrA || to == addrA }) // dead, to the others
		sleep(10 * time.Second)
		lan.Lose(nil)
		sleep(10 * time.Second)
		a.stop()
		<-a.stopped
		sleep(10 * time.Second)
		a = start(t, lan, addrA, 150)
		sleep(10 * time.Second)
		if !a.holds() {
			t.Fatal("a is not master in the end")
		}
		for _, n := range []*node{a, b, c} {
			if got := n.scarcities(); len(got) > 0 {
				t.Errorf("%v told %+v", n.source, got)
			}
			n.stop()
			<-n.stopped
		}
	})
}

// TestScarceWakeUps: a master that wakes up late knows it, whatever its peers hear.
func TestScarceWakeUps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		for _, stall := range []time.Duration{1900 * time.Millisecond, 2500 * time.Millisecond} {
			a.setStall(stall)
			a.SetLinks(vrrp.Link{Index: 2, Source: addrA})
			sleep(5 * time.Second)
		}
		got := a.scarcities()
		if len(got) != 1 || got[0].Peer.IsValid() || got[0].Used < 1400*time.Millisecond || got[0].Used > 1500*time.Millisecond || got[0].Margin != 2*time.Second+106*time.Second/256 {
			t.Errorf("a told %+v", got)
		}
		if !a.holds() || b.stats().Transitions != 1 {
			t.Error("it cost the mastership")
		}
		for _, n := range []*node{a, b} {
			n.stop()
			<-n.stopped
		}
	})
}
