package vrrp

import (
	"testing"
	"time"
)

const histories = 4000

// TestHistories lets clusters live through random loss, delay, partitions,
// pauses, crashes and stops, and asks after each healing for what must hold:
// exactly one holder, of the highest priority where preemption is on, a bounded number of
// adverts, and in between that every transition had a lawful reason.
func TestHistories(t *testing.T) {
	for seed := range uint64(histories) {
		if err := history(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// FuzzHistories is the same without an end.
func FuzzHistories(f *testing.F) {
	f.Add(uint64(histories))
	f.Fuzz(func(t *testing.T, seed uint64) {
		if err := history(seed); err != nil {
			t.Fatal(err)
		}
	})
}

func history(seed uint64) error {
	s := newSimulation(seed)
	for _, n := range s.nodes {
		s.after(time.Duration(s.rng.Int64N(int64(4*s.interval()))), func() { s.start(n) })
	}
	s.run(4 * s.interval())
	for range 5 {
		s.trouble()
		s.run(time.Duration(s.rng.Int64N(int64(20 * s.interval()))))
		s.heal()
		s.quiet()
		if s.failed != nil {
			return s.failed
		}
	}
	s.takeover()
	return s.failed
}

// trouble begins one or two random faults.
func (s *simulation) trouble() {
	for range 1 + s.rng.IntN(2) {
		n := s.nodes[s.rng.IntN(len(s.nodes))]
		switch s.rng.IntN(6) {
		case 0:
			s.loss = s.rng.Float64()
		case 1: // a partition
			side := s.rng.Uint64()
			for i := range s.nodes {
				for j := range s.nodes {
					if side>>i&1 != side>>j&1 {
						s.cut[[2]int{i, j}] = true
					}
				}
			}
		case 2: // one is deaf
			for i := range s.nodes {
				s.cut[[2]int{i, n.index}] = true
			}
		case 3:
			s.pause(n)
		case 4:
			s.kill(n)
		case 5:
			if n.alive && !n.paused {
				s.step(n, Shutdown{})
			}
		}
	}
}

// heal ends every fault and starts what was stopped.
func (s *simulation) heal() {
	s.loss, s.cut = 0, map[[2]int]bool{}
	for _, n := range s.nodes {
		if n.paused {
			s.resume(n)
		}
		if !n.alive || n.State() == Initialize || n.State() == Leaving {
			s.start(n)
		}
	}
}

// settle is the longest that an election takes once nothing fails any more: a
// node that learned an interval MaxLearned times too long would need that many
// times more, but all intervals are equal here.
func (s *simulation) settle() time.Duration { return 5*s.interval() + 2*s.delay }

// quiet lets the election settle and audits.
func (s *simulation) quiet() {
	s.run(s.settle())
	h := s.holders()
	if len(h) != 1 {
		s.fail("%d holders after healing", len(h))
		return
	}
	// A backup does not preempt its equal: the address decides between masters
	// only (RFC 9568, 6.4.2 and 6.4.3).
	if b := s.best(); !b.cfg.NoPreempt && h[0].cfg.Priority != b.cfg.Priority {
		s.fail("node %d holds, of priority %d, not %d", h[0].index, h[0].cfg.Priority, b.cfg.Priority)
	}
	sum := func() (total int) {
		for _, n := range s.nodes {
			total += n.adverts
		}
		return total
	}
	before := sum()
	s.run(10 * s.interval())
	if n := sum() - before; n < 9 || n > 11 {
		s.fail("%d adverts in 10 intervals", n)
	}
}

// takeover kills the master and asks for the bound of RFC 9568, 6.1: a new one
// within the down interval of the best of the others, and not before two
// intervals and its skew have passed.
func (s *simulation) takeover() {
	if s.failed != nil {
		return
	}
	s.run(time.Duration(s.rng.Int64N(int64(s.interval()))))
	s.kill(s.holders()[0])
	died, b := s.now, s.best()
	earliest := 2*s.interval() + SkewTime(3, b.cfg.Priority, s.interval()) - s.delay
	s.run(earliest - 1)
	if len(s.holders()) != 0 {
		s.fail("a new master %v after the old one died, before %v", s.now.Sub(died), earliest)
	}
	s.run(DownInterval(3, b.cfg.Priority, s.interval()) + s.delay - s.now.Sub(died))
	if len(s.holders()) == 0 {
		s.fail("no master within the down interval")
	}
}
