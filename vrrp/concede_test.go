package vrrp_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp"
)

// deafen has b hear nothing of a, which hears it.
func deafen(from, to netip.Addr) bool { return from == addrA && to == addrB }

// both lets time pass, and returns for how long at most two nodes had the addresses at a time, and for
// how long in all nobody.
func both(a, b *node, d time.Duration) (two, none time.Duration) {
	const step = 10 * time.Millisecond
	var now time.Duration
	for end := time.Now().Add(d); time.Now().Before(end); {
		sleep(step)
		switch {
		case a.holds() && b.holds():
			now += step
			two = max(two, now)
			continue
		case !a.holds() && !b.holds():
			none += step
		}
		now = 0
	}
	return two, none
}

// TestADeafBackupIsGivenWayTo: after ten intervals, without a moment in which nobody has the
// addresses; and stays master until the back-off is over, which is twice as long each time, or
// shorter again after a peace.
func TestADeafBackupIsGivenWayTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan, a, b := pair(t)
		a.SetConcede(true)
		b.SetConcede(true)
		for _, backoff := range []time.Duration{10 * time.Minute, 20 * time.Minute, 10 * time.Minute} {
			if backoff == 20*time.Minute {
				sleep(time.Minute) // a peace shorter than the back-off before
			} else {
				sleep(time.Hour)
			}
			lan.Lose(deafen)
			mark := a.mark()
			two, none := both(a, b, 30*time.Second)
			if two < 9*time.Second || two > 12*time.Second || none > 0 || a.holds() || !b.holds() {
				t.Errorf("two owners for %v, none for %v; a holds: %v, b: %v", two, none, a.holds(), b.holds())
			}
			did := slices.DeleteFunc(a.since(mark), func(s string) bool { return s == "reannounce" || s == "split: "+addrB.String() })
			if len(did) < 6 || did[0] != "concede:"+addrB.String() || did[1] != "silence" || did[3] != "leaving:split" || did[len(did)-1] != "backup:split" {
				t.Errorf("a: %q", did)
			}
			lan.Lose(nil)
			if two, none := both(a, b, backoff-40*time.Second); two+none > 0 || a.holds() {
				t.Errorf("before the back-off is over: two owners for %v, none for %v", two, none)
			}
			if two, none := both(a, b, 40*time.Second); two > 20*time.Millisecond || none > 0 || !a.holds() || b.holds() {
				t.Errorf("after it: two owners for %v, none for %v; a holds: %v", two, none, a.holds())
			}
		}
		a.end()
		b.end()
	})
}

// TestTheOneThatWasGivenWayToFails: who stands by takes over as any backup, and as an operator
// wants it.
func TestTheOneThatWasGivenWayToFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan, a, b := pair(t)
		a.SetConcede(true)
		lan.Lose(deafen)
		sleep(30 * time.Second)
		if until := a.stats().Until; !a.stats().StandBy || time.Until(until) < 9*time.Minute {
			t.Errorf("a stands by: %v, until %v", a.stats().StandBy, until)
		}
		lan.Lose(nil)
		a.TakeBack()
		sleep(5 * time.Second)
		if !a.holds() || b.holds() {
			t.Error("it was not taken back")
		}
		lan.Lose(deafen)
		sleep(30 * time.Second)
		b.end()
		lan.Lose(nil)
		sleep(5 * time.Second)
		if !a.holds() {
			t.Error("nobody took over from the one that was given way to")
		}
		a.end()
	})
}

// TestWhoGivesNoWay: who is not told to, and an owner.
func TestWhoGivesNoWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan, a, b := pair(t)
		lan.Lose(deafen)
		sleep(time.Hour)
		if !a.holds() || !b.holds() {
			t.Errorf("a holds: %v, b: %v", a.holds(), b.holds())
		}
		a.SetConcede(true) // a reload
		sleep(2 * time.Second)
		if a.holds() {
			t.Error("it lasted long enough")
		}
		a.end()
		o := start(t, lan, addrA, vrrp.Owner)
		o.SetConcede(true)
		mark := o.mark()
		sleep(time.Hour)
		if !o.holds() || slices.Contains(o.since(mark), "concede:"+addrB.String()) {
			t.Error("an owner gave way")
		}
		b.end()
		o.end()
	})
}

// TestConcessionsUnderLoss: however many of the better one's adverts are lost, and a few of the worse one's,
// two owners have an end soon, and somebody has the addresses; a pair that hears itself again is whole.
func TestConcessionsUnderLoss(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			lan, a, b := pair(t)
			a.SetConcede(true)
			b.SetConcede(true)
			var longest time.Duration
			dice := rand.New(rand.NewPCG(seed, 1))
			for range 10 {
				there, back := dice.Float64(), dice.Float64()/10
				lan.Lose(func(from, _ netip.Addr) bool {
					if from == addrA {
						return dice.Float64() < there
					}
					return dice.Float64() < back
				})
				two, none := both(a, b, time.Minute)
				// ten intervals, and again if both of the adverts were lost by which the other one takes over
				if two > 30*time.Second || none > 15*time.Second {
					t.Errorf("seed %d, loss %.2f and %.2f: two owners for %v, none for %v of a minute", seed, there, back, two, none)
				}
				longest = max(longest, two)
			}
			t.Logf("seed %d: two owners for %v at most", seed, longest)
			lan.Lose(nil)
			sleep(time.Minute)
			two, none := both(a, b, time.Minute)
			if two+none > 0 {
				t.Errorf("seed %d, whole again: two owners for %v, none for %v", seed, two, none)
			}
			a.end()
			b.end()
		})
	}
}
