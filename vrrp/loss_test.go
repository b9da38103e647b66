package vrrp

import (
	"math"
	"testing"
	"time"
)

// pairPlan is two routers, 150 and 100, that advertise every interval.
func pairPlan(seed uint64, interval time.Duration) plan {
	p := plan{seed: seed, version: 3, links: 1, ppm: []int64{0, 0}, delay: interval / 100}
	for _, priority := range []uint8{150, 100} {
		c := testConfig()
		c.Priority, c.Interval = priority, interval
		p.nodes = append(p.nodes, c)
	}
	return p
}

// duels lives through so many intervals of independent loss in both directions,
// and returns the backup's takeovers and how long each lasted.
func duels(t *testing.T, loss float64, intervals int) (lasted []time.Duration) {
	t.Helper()
	s := pairPlan(uint64(100*loss), 100*time.Millisecond).world()
	s.run(5 * time.Second)
	s.lossy = true
	for i := range s.loss[0] {
		s.loss[0][i] = loss
	}
	master, backup := s.nodes[0], s.nodes[1]
	began, fighting := int64(0), false
	for end := s.now + int64(intervals)*int64(master.cfg.Interval); s.now < end && s.failed == nil; {
		s.run(time.Duration(s.queue[0].at - s.now))
		if master.State() != Master {
			t.Fatalf("the master is in %v", master.State())
		}
		if now := backup.State() == Master; now != fighting {
			if fighting = now; now {
				began = s.now
			} else {
				lasted = append(lasted, time.Duration(s.now-began))
			}
		}
	}
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	return lasted
}

// TestFalseFailoversUnderLoss: a backup takes over for three adverts lost in a row,
// and for nothing less: p³(1−p) times an advert. No router that conforms does
// better; at 5 % and one advert a second it is once in two hours and a half.
func TestFalseFailoversUnderLoss(t *testing.T) {
	for _, tt := range []struct {
		loss    float64
		adverts int
	}{{0.05, 400_000}, {0.1, 100_000}, {0.2, 50_000}, {0.3, 30_000}} {
		n := float64(len(duels(t, tt.loss, tt.adverts)))
		p := tt.loss
		want := math.Pow(p, 3) * (1 - p) * float64(tt.adverts)
		t.Logf("loss %.0f %%: %.0f false failovers in %d adverts, %.2f of p³(1−p)", 100*p, n, tt.adverts, n/want)
		if math.Abs(n-want) > 4*math.Sqrt(want) && n > want || n > 1.3*want || n < 0.7*want {
			t.Errorf("loss %v: %.0f false failovers, want %.0f", p, n, want)
		}
	}
}

// TestDuelsUnderLoss: a duel ends as soon as the backup hears the master: its answer
// to the first advert of the backup, or its next own. What lasts longer than 1.1
// intervals has lost both, and the answer to the backup's second.
func TestDuelsUnderLoss(t *testing.T) {
	for _, loss := range []float64{0.1, 0.2, 0.3} {
		lasted := duels(t, loss, 50_000)
		long, longest, sum := 0.0, time.Duration(0), time.Duration(0)
		for _, d := range lasted {
			longest = max(longest, d)
			if sum += d; d > 110*time.Millisecond {
				long++
			}
		}
		unheard := 1 - (1-loss)*(1-loss)
		want := loss * unheard * unheard * float64(len(lasted))
		t.Logf("loss %.0f %%: %d duels, on average %.0f ms, at most %v; %.1f %% longer than 1.1 intervals", 100*loss, len(lasted),
			float64(sum.Milliseconds())/float64(len(lasted)), longest.Round(time.Millisecond), 100*long/float64(len(lasted)))
		if long > want+4*math.Sqrt(want)+1 {
			t.Errorf("loss %v: %v of %d duels last longer than 1.1 intervals, want %.1f", loss, long, len(lasted), want)
		}
	}
}

// TestBackupSleeps: a backup that slept for seven intervals finds the master's
// adverts in its queue, and changes nothing.
func TestBackupSleeps(t *testing.T) {
	s := pairPlan(1, time.Second).world()
	s.run(20 * time.Second)
	before := s.transitions
	for range 1000 {
		s.nodes[1].pause()
		s.run(time.Duration(s.rng.Int64N(int64(14 * time.Second))))
		s.nodes[1].resume()
		s.run(time.Duration(s.rng.Int64N(int64(5 * time.Second))))
	}
	if s.failed != nil || s.transitions != before {
		t.Errorf("%d transitions, %v", s.transitions-before, s.failed)
	}
}
