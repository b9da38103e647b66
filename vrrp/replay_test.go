package vrrp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// tick is a step that the fraction of a sequence shows.
const tick = time.Second >> 16

func TestSequence(t *testing.T) {
	var s Sequence
	first := s.Next(epoch)
	for _, tt := range []struct {
		wall time.Time
		want uint64
	}{
		{epoch, first + 1},                                      // within a tick
		{epoch.Add(time.Second), first + 1<<32},                 // by the clock
		{epoch.Add(-time.Hour), first + 1<<32 + 1},              // the clock was set back
		{epoch.Add(time.Second - tick), first + 1<<32 + 2},      // it is not there again yet
		{epoch.Add(3 * time.Second / 2), first + 1<<32 + 1<<31}, // it is
	} {
		if got := s.Next(tt.wall); got != tt.want {
			t.Errorf("at %v: %#x, want %#x", tt.wall, got, tt.want)
		}
	}
}

// TestSequenceOfTheYears: a first number is the clock's whatever the year, and
// numbers grow on when their seconds begin again.
func TestSequenceOfTheYears(t *testing.T) {
	for _, year := range []int{2026, 2039, 2105, 2107} {
		now := time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		if got := new(Sequence).Next(now); uint32(got>>32) != uint32(now.Unix()) {
			t.Errorf("%d: %#x", year, got)
		}
	}
	full := time.Unix(1<<32-1, 0)
	var s Sequence
	g := NewGuard(5*time.Second, new(Sequence))
	for i := range 4 {
		now := full.Add(time.Duration(i) * time.Second)
		if trust, err := g.admit(above, local, s.Next(now), now, now); err != nil || trust != Proven {
			t.Errorf("%v: %v, %v", now, trust, err)
		}
	}
	if d := ahead(numberAt(full.Add(3*time.Second/2)), full); d != 3*time.Second/2 {
		t.Errorf("ahead by %v", d)
	}
	if d := ahead(numberAt(full), full.Add(3*time.Second/2)); d != -3*time.Second/2 {
		t.Errorf("behind by %v", d)
	}
}

// TestGuard: rows of what one sender's advertisements are worth, one after the
// other.
func TestGuard(t *testing.T) {
	const window = 5 * time.Second
	type word struct {
		number time.Duration // of the sequence, after epoch
		after  time.Duration // time that passed since epoch
		clock  time.Duration // what our clock says beyond that
		trust  Trust
		err    error
	}
	const s, h = time.Second, time.Hour
	for name, words := range map[string][]word{
		"in order":                     {{0, 0, 0, Proven, nil}, {s, s, 0, Proven, nil}, {2 * s, 2 * s, 0, Proven, nil}},
		"twice":                        {{0, 0, 0, Proven, nil}, {0, 0, 0, 0, Replayed}, {0, s, 0, 0, Replayed}},
		"out of order":                 {{s, s, 0, Proven, nil}, {0, s, 0, 0, Replayed}, {2 * s, 2 * s, 0, Proven, nil}},
		"at the window's edge":         {{window, 0, 0, Proven, nil}},
		"behind at the window's edge":  {{0, window, 0, Proven, nil}},
		"beyond the window":            {{window + 2*tick, 0, 0, Doubtful, nil}},
		"before the window":            {{0, window + 2*tick, 0, Doubtful, nil}},
		"our clock jumps ahead":        {{0, 0, 0, Proven, nil}, {s, s, h, Proven, nil}, {2 * s, 2 * s, h, Proven, nil}, {2 * s, 3 * s, h, 0, Replayed}},
		"our clock is set back":        {{0, 0, 0, Proven, nil}, {s, s, -h, Proven, nil}, {2 * s, 2 * s, 0, Proven, nil}},
		"its clock jumps and returns":  {{0, 0, 0, Proven, nil}, {h, s, 0, Proven, nil}, {h + 2*tick, 2 * s, 0, Proven, nil}, {2 * h, 2 * h, 0, Proven, nil}},
		"a doubtful one grows":         {{h, 0, 0, Doubtful, nil}, {h + s, s, 0, Doubtful, nil}, {h + s, 2 * s, 0, 0, Replayed}},
		"a doubtful one is set right":  {{h, 0, 0, Doubtful, nil}, {2 * s, 2 * s, 0, Proven, nil}, {2 * s, 2 * s, 0, 0, Replayed}},
		"a recording does not outrank": {{-h, 0, 0, Doubtful, nil}, {0, 0, 0, Proven, nil}, {-h + s, s, 0, 0, Replayed}},
		"again after its clock was set back": {
			{h, h, 0, Proven, nil}, // set back: h becomes 0, by both clocks
			{s, h + s, -h, 0, Replayed}, {5 * s, h + 5*s, -h, 0, Replayed}, {6 * s, h + 6*s, -h, Proven, nil}, {7 * s, h + 7*s, -h, Proven, nil}},
		"recordings of a dead sender": {{0, 0, 0, Proven, nil}, {s, s, 0, Proven, nil},
			{0, 3 * s, 0, 0, Replayed}, {s, 6 * s, 0, 0, Replayed}, {s, 7 * s, 0, 0, Replayed}, {s, h, 0, 0, Replayed}},
		"recordings of a dead sender that was ahead": {{4 * s, 0, 0, Proven, nil}, {5 * s, s, 0, Proven, nil},
			{4 * s, 6500 * time.Millisecond, 0, 0, Replayed}, {5 * s, 10 * s, 0, 0, Replayed}, {5 * s, 10*s + 2*tick, 0, 0, Replayed}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewGuard(window, new(Sequence))
			for i, w := range words {
				now := epoch.Add(w.after)
				trust, err := g.admit(above, local, numberAt(epoch.Add(w.number)), now, now.Add(w.clock))
				if trust != w.trust || !errors.Is(err, w.err) {
					t.Fatalf("word %d: %v, %v; want %v, %v", i, trust, err, w.trust, w.err)
				}
			}
		})
	}
}

// TestGuardKnowsOurOwnWords: what we signed ourselves and comes back is nobody's
// word; another router with our address is.
func TestGuardKnowsOurOwnWords(t *testing.T) {
	own := new(Sequence)
	g := NewGuard(5*time.Second, own)
	number := own.Next(epoch)
	if _, err := g.admit(local, local, number, epoch, epoch); !errors.Is(err, Replayed) {
		t.Errorf("our own: %v", err)
	}
	if trust, err := g.admit(local, local, number+1, epoch, epoch); err != nil || trust != Proven {
		t.Errorf("another's: %v, %v", trust, err)
	}
}

// TestDoubtfulWords: what may be a recording keeps a backup waiting and moves
// nothing.
func TestDoubtfulWords(t *testing.T) {
	for _, priority := range []uint8{1, 100, 200, 255} {
		heard := advert(above, priority, time.Second)
		heard.Packet.Trust = Doubtful
		m := at(t, Backup, testConfig())
		if actions := m.Step(epoch.Add(time.Second), heard); len(actions) > 0 || !m.Deadline().Equal(epoch.Add(time.Second+m.down())) {
			t.Errorf("backup, priority %d: %v, until %v", priority, actions, m.Deadline())
		}
		for _, s := range []State{Master, Leaving} {
			m := at(t, s, testConfig())
			before := m.Deadline()
			if actions := m.Step(epoch.Add(time.Millisecond), heard); len(actions) > 0 || !m.Deadline().Equal(before) {
				t.Errorf("%v, priority %d: %v", s, priority, actions)
			}
		}
	}
	heard := advert(above, 0, time.Second)
	heard.Packet.Trust = Doubtful
	m := at(t, Backup, testConfig())
	before := m.Deadline()
	if m.Step(epoch, heard); !m.Deadline().Equal(before) {
		t.Error("a doubtful resignation makes a backup hurry")
	}
}

// clocked is a router with a clock that can be set.
type clocked struct {
	*Machine
	source      netip.Addr
	priority    uint8
	clock       time.Duration // what it says beyond the time
	guard       *Guard
	own         *Sequence
	transitions int
}

func (c *clocked) start(now time.Time) {
	cfg := testConfig()
	cfg.Priority, cfg.Interval = c.priority, 100*time.Millisecond
	c.own = new(Sequence)
	c.guard = NewGuard(ReplayWindow(cfg.Interval), c.own)
	c.Machine = NewMachine(cfg)
	c.Step(now, Startup{})
}

// signedWord is an advertisement on the wire.
type signedWord struct {
	from     *clocked
	priority uint8
	number   uint64
}

// TestClockSteps: whatever the clocks do, the master stays master, every true
// word is believed and no replayed one is. A node that is started again, or was
// away, takes its place when the clocks agree then.
func TestClockSteps(t *testing.T) {
	for seed := range uint64(300) {
		if err := clockSteps(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func clockSteps(seed uint64) (failed error) {
	rng := rand.New(rand.NewPCG(seed, 7))
	now := epoch
	high := &clocked{source: above, priority: 150}
	low := &clocked{source: local, priority: 100}
	nodes := []*clocked{high, low}
	var recorded []signedWord
	var step func(c *clocked, ev Event)
	deliver := func(to *clocked, w signedWord, replayed bool) {
		trust, err := to.guard.admit(w.from.source, to.source, w.number, now, now.Add(to.clock))
		switch {
		case replayed && err == nil:
			failed = fmt.Errorf("at %v: %v believes a recording of %v: %v", now.Sub(epoch), to.source, w.from.source, trust)
		case !replayed && (err != nil || trust != Proven):
			failed = fmt.Errorf("at %v: %v does not believe %v: %v, %v", now.Sub(epoch), to.source, w.from.source, trust, err)
		case err == nil:
			p := Packet{Advertisement: Advertisement{51, w.priority, 100 * time.Millisecond, []netip.Addr{vip}}, Source: w.from.source, Trust: trust}
			step(to, Heard{Packet: p, Local: to.source})
		}
	}
	step = func(c *clocked, ev Event) {
		for _, a := range c.Step(now, ev) {
			switch a := a.(type) {
			case Become:
				c.transitions++
			case Advertise:
				w := signedWord{c, a.Priority, c.own.Next(now.Add(c.clock))}
				recorded = append(recorded, w)
				for _, to := range nodes {
					if to != c {
						deliver(to, w, false)
					}
				}
			}
		}
	}
	run := func(d time.Duration, disturb func()) {
		for end := now.Add(d); now.Before(end) && failed == nil; now = now.Add(10 * time.Millisecond) {
			for _, c := range nodes {
				step(c, Timeout{})
			}
			disturb()
		}
	}
	for _, c := range nodes {
		c.start(now)
	}
	run(2*time.Second, func() {})
	transitions := high.transitions + low.transitions
	run(20*time.Second, func() {
		switch rng.IntN(30) {
		case 0:
			nodes[rng.IntN(2)].clock = time.Duration(rng.IntN(3)-1) * time.Hour
		case 1:
			offset := time.Duration(rng.Int64N(int64(2*time.Hour))) - time.Hour
			high.clock, low.clock = offset, offset
		case 2, 3, 4:
			deliver(nodes[rng.IntN(2)], recorded[rng.IntN(len(recorded))], true)
		}
	})
	if n := high.transitions + low.transitions - transitions; failed == nil && n > 0 {
		return fmt.Errorf("%d transitions", n)
	}
	if seed%30 != 0 || failed != nil {
		return failed
	}
	// The backup is started again, with clocks that agree within the window.
	high.clock, low.clock = 0, time.Duration(rng.Int64N(int64(8*time.Second)))-4*time.Second
	run(2*time.Hour, func() { // until the clocks that were ahead are caught up with
		now = now.Add(90 * time.Millisecond)
	})
	low.start(now)
	run(2*time.Second, func() {})
	if failed == nil && (high.State() != Master || low.State() != Backup) {
		return fmt.Errorf("after the restart %v and %v", high.State(), low.State())
	}
	return failed
}
