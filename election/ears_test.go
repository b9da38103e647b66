package election

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// TestOneEarALink: lookouts of one link share an ear, each hears of its own addresses, and it is closed
// behind the last of them.
func TestOneEarALink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		all := newEars(f.listen)
		first, second := []netip.Addr{vip.Addr()}, []netip.Addr{vip.Addr().Next()}
		to1, to2 := make(chan garp.Claim, 4), make(chan garp.Claim, 4)
		all.want("eth0", first)
		all.want("eth0", second)
		if f.listening() != 0 {
			t.Error("an ear of nobody who listens")
		}
		hear := func(addrs []netip.Addr, index int, to chan<- garp.Claim) {
			t.Helper()
			if err := all.listen("eth0", index, addrs, to); err != nil {
				t.Fatal(err)
			}
		}
		heard := func(own, other int) {
			t.Helper()
			for _, a := range []netip.Addr{first[0], second[0]} {
				f.hears(intruder, a)
			}
			if len(to1) != own || len(to2) != other {
				t.Errorf("%d and %d claims were heard, want %d and %d", len(to1), len(to2), own, other)
			}
		}
		hear(first, 2, to1)
		heard(1, 0)
		hear(second, 2, to2)
		heard(2, 1)
		all.mute("eth0", first, to1)
		heard(2, 2)
		if f.listening() != 1 || len(f.ears) != 1 {
			t.Errorf("%d ears, %d open", len(f.ears), f.listening())
		}

		hear(first, 3, to1) // another link has the name now
		if f.listening() != 1 || len(f.ears) != 2 {
			t.Errorf("%d ears, %d open, after another link", len(f.ears), f.listening())
		}
		heard(3, 3)
		third := []netip.Addr{second[0].Next()} // of an instance that came with a reload
		all.want("eth0", third)
		hear(third, 3, to1)
		if f.listening() != 1 || len(f.ears) != 3 {
			t.Errorf("%d ears, %d open, after another address", len(f.ears), f.listening())
		}

		f.ears[2].fail() // the next who listens has another
		synctest.Wait()
		all.mute("eth0", second, to2)
		hear(second, 3, to2)
		heard(4, 4)

		all.forget("eth0", first)
		all.forget("eth0", second)
		if f.listening() != 1 {
			t.Error("it is closed before the last who wants it is gone")
		}
		all.forget("eth0", third)
		if f.listening() != 0 {
			t.Error("it is open for nobody")
		}
		time.Sleep(2 * earPause)
	})
}
