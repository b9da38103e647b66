package integration

import (
	"slices"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestR01R02R03StopAndReturn: who stops in good order keeps the addresses until
// the successor has them, and the better director takes its place again in the
// same way.
func TestR01R02R03StopAndReturn(t *testing.T) {
	s := begin(t, lab.Cluster{})
	s.prefer(s.lb2)
	var stops, returns []turn
	for range tries {
		s.prefer(s.lb1) // until it is started again
		u := s.turns("lb2", func() {
			if status := s.lb1.Stop(); status != 0 {
				t.Errorf("exit status %d", status)
			}
		})
		s.goodbye(s.lb1, u)
		stops = append(stops, u)
		returns = append(returns, s.turns("lb1", s.lb1.Start))
	}

	t.Run("R01GracefulStop", func(t *testing.T) { seamless(t, stops) })
	t.Run("R02PlannedStop", func(t *testing.T) { planned(t, stops, handOver) })
	t.Run("R03PreemptingReturn", func(t *testing.T) {
		seamless(t, returns)
		planned(t, returns, preemption)
	})
	s.audit("lb1")
}

// succession is what one without a fault may cost: for how long the address has two
// owners, and how many requests are lost.
type succession struct {
	both time.Duration
	lost int
}

// One that was asked for, and one by a better director that returns.
var (
	handOver   = succession{10 * time.Millisecond, 2}
	preemption = succession{5 * time.Millisecond, 0}
)

// seamless: the client sees one ARP update, and somebody has the address all the
// time.
func seamless(t *testing.T, turns []turn) {
	t.Helper()
	var gaps figures
	for _, u := range turns {
		gaps = append(gaps, u.gap.Length())
		if u.gap.Length() > oneUpdate {
			t.Logf("%v, from %v to %v after it began; owners: %v",
				u.gap, u.gap.From.Sub(u.start), u.gap.To.Sub(u.start), u.history)
		}
		if none := u.none(); none > 0 {
			t.Errorf("nobody had the address for %v: %v", none, u.history)
		}
	}
	gaps.within(t, "gap", oneUpdate)
}

// planned: next to no request is lost, and the address has two owners only
// while an advert is under way.
func planned(t *testing.T, turns []turn, most succession) {
	t.Helper()
	var both figures
	var lost []int
	for _, u := range turns {
		both, lost = append(both, u.both()), append(lost, u.lost)
	}
	both.within(t, "two owners", most.both)
	slices.Sort(lost)
	t.Logf("requests lost: %v", lost)
	if lost[len(lost)/2] > most.lost || lost[len(lost)-1] > 2 { // two are one stall of the machine
		t.Errorf("requests lost: %v, want at most %d", lost, most.lost)
	}
}

// goodbye checks the last words of a director that stopped.
func (s *scene) goodbye(h *lab.Hald, u turn) {
	s.t.Helper()
	if state, err := story(h); state != "init" || err != nil {
		s.t.Errorf("the log of %s ends in %s: %v", h.Name(), state, err)
	}
	resignations, adverts := 0, s.wire.Adverts(h.Name(), u.start)
	for _, f := range adverts {
		if f.Advert.Priority == 0 {
			resignations++
		}
	}
	if n := len(adverts); resignations != 1 || adverts[n-1].Advert.Priority != 0 {
		s.t.Errorf("%d resignations among the last %d adverts of %s, want one, at the end", resignations, n, h.Name())
	}
}
