package garp

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return epoch.Add(d) }

func addresses(n int) (list []netip.Addr) {
	a := netip.MustParseAddr("10.0.0.1")
	for range n {
		list, a = append(list, a), a.Next()
	}
	return list
}

// sent is one announcement: when, and of which address by its place.
type sent struct {
	At      time.Duration
	Address int
}

// run lets the schedule announce on time until the given time.
func run(t interface{ Fatalf(string, ...any) }, s *Schedule, until time.Duration) (log []sent) {
	for {
		deadline := s.Deadline()
		if deadline.IsZero() || deadline.After(at(until)) {
			return log
		}
		if early := s.Due(deadline.Add(-1)); early != nil {
			t.Fatalf("%v due before the deadline", early)
		}
		now := s.Due(deadline)
		if len(now) == 0 {
			t.Fatalf("nothing due at the deadline %v", deadline.Sub(epoch))
		}
		for _, a := range now {
			log = append(log, sent{deadline.Sub(epoch), slices.Index(s.addrs, a)})
		}
		if len(log) > 1e5 {
			t.Fatalf("no end of announcements at %v", deadline.Sub(epoch))
		}
	}
}

func times(log []sent, address int) (list []time.Duration) {
	for _, l := range log {
		if l.Address == address {
			list = append(list, l.At)
		}
	}
	return list
}

func TestScheduleAnnouncesEachOnceBeforeAnyTwice(t *testing.T) {
	s := NewSchedule(Plan{Count: 2}, addresses(3))
	s.Start(epoch)
	want := []sent{{0, 0}, {0, 1}, {0, 2}, {0, 0}, {0, 1}, {0, 2}}
	if d := cmp.Diff(want, run(t, s, time.Hour)); d != "" {
		t.Errorf("announcements (-want +got):\n%s", d)
	}
	if !s.Deadline().IsZero() {
		t.Errorf("deadline %v with nothing left", s.Deadline())
	}
}

func TestScheduleServesBothFamilies(t *testing.T) {
	both := append(addresses(1), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("fe80::1"))
	s := NewSchedule(Plan{Count: 1, Refresh: time.Minute}, both)
	s.Start(epoch)
	if d := cmp.Diff(both, s.Due(epoch), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
		t.Errorf("first round (-want +got):\n%s", d)
	}
	if next := s.Deadline().Sub(epoch); next < 54*time.Second || next > time.Minute {
		t.Errorf("refresh after %v", next)
	}
}

func TestScheduleTakesARoundAtATime(t *testing.T) {
	s := NewSchedule(Plan{Count: 5}, addresses(3))
	s.Start(epoch)
	if got := s.Due(epoch); len(got) != 3 {
		t.Errorf("first answer %v, want one round", got)
	}
	if s.Stop(); s.Due(at(time.Hour)) != nil {
		t.Error("announces after Stop")
	}
}

func TestSchedulePausesBetweenAnnouncements(t *testing.T) {
	s := NewSchedule(Plan{Count: 2, Interval: 10 * time.Millisecond}, addresses(2))
	s.Start(epoch)
	want := []sent{{0, 0}, {10 * time.Millisecond, 1}, {20 * time.Millisecond, 0}, {30 * time.Millisecond, 1}}
	if d := cmp.Diff(want, run(t, s, time.Hour)); d != "" {
		t.Errorf("announcements (-want +got):\n%s", d)
	}
	s.Start(at(time.Hour))
	s.Due(at(time.Hour + time.Minute)) // late: the pause is from here, nothing is caught up
	if want, got := at(time.Hour+time.Minute+10*time.Millisecond), s.Deadline(); got != want {
		t.Errorf("deadline after a late wake-up %v, want %v", got, want)
	}
}

func TestScheduleSecondBurstAndRefresh(t *testing.T) {
	s := NewSchedule(Plan{Count: 2, Delay: 5 * time.Second, Refresh: time.Minute}, addresses(1))
	s.Start(epoch)
	got := times(run(t, s, 3*time.Minute), 0)
	if d := cmp.Diff([]time.Duration{0, 0, 5 * time.Second, 5 * time.Second}, got[:4]); d != "" {
		t.Errorf("bursts (-want +got):\n%s", d)
	}
	for i := 4; i < len(got); i++ {
		if gap := got[i] - got[i-1]; gap > time.Minute || gap < 54*time.Second {
			t.Errorf("refresh after %v", gap)
		}
	}
	if len(got) < 6 {
		t.Errorf("only %d announcements in three minutes", len(got))
	}
	other := NewSchedule(s.plan, addresses(2)[1:])
	other.Start(epoch)
	if theirs := times(run(t, other, 3*time.Minute), 0); theirs[4] == got[4] {
		t.Error("two holders refresh at the same time")
	}
}

func TestScheduleRepeat(t *testing.T) {
	second := time.Second
	for name, c := range map[string]struct {
		provoked []time.Duration
		want     []time.Duration // after the takeover at 0
	}{
		"one duel: at once, and the last word":   {[]time.Duration{10 * second}, []time.Duration{10 * second, 11 * second}},
		"a volley counts as one more":            {[]time.Duration{10 * second, 10*second + 1, 10*second + 2}, []time.Duration{10 * second, 11 * second, 12 * second}},
		"two duels far apart are both answered":  {[]time.Duration{10 * second, 30 * second}, []time.Duration{10 * second, 11 * second, 30 * second, 31 * second}},
		"the second within a second is deferred": {[]time.Duration{10 * second, 10*second + 900*time.Millisecond}, []time.Duration{10 * second, 11 * second, 12 * second}},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewSchedule(Plan{Count: 1}, addresses(1))
			s.Start(epoch)
			log := run(t, s, 0)[1:]
			for _, p := range c.provoked {
				log = append(log, run(t, s, p-1)...)
				s.Repeat(at(p))
				log = append(log, run(t, s, p)...)
			}
			log = append(log, run(t, s, time.Hour)...)
			if d := cmp.Diff(c.want, times(log, 0)); d != "" {
				t.Errorf("repeats (-want +got):\n%s", d)
			}
		})
	}
}

func TestScheduleRepeatNeedsStart(t *testing.T) {
	s := NewSchedule(Plan{Count: 1}, addresses(1))
	if s.Repeat(epoch); !s.Deadline().IsZero() {
		t.Errorf("deadline %v before Start", s.Deadline())
	}
}

func TestScheduleRepeatTakesNothingFromTheSecondBurst(t *testing.T) {
	s := NewSchedule(Plan{Count: 2, Delay: 5 * time.Second}, addresses(1))
	s.Start(epoch)
	log := run(t, s, 2*time.Second)
	s.Repeat(at(2 * time.Second))
	log = append(log, run(t, s, time.Hour)...)
	want := []time.Duration{0, 0, 2 * time.Second, 3 * time.Second, 5 * time.Second, 5 * time.Second}
	if d := cmp.Diff(want, times(log, 0)); d != "" {
		t.Errorf("announcements (-want +got):\n%s", d)
	}
}

// A peer that advertises every 25 µs for fifteen seconds gets an answer, not an
// echo: two frames for each announcement, twenty frames at most.
func TestScheduleUnderFlood(t *testing.T) {
	s := NewSchedule(Plan{Count: 5, Delay: 5 * time.Second, Refresh: time.Minute}, addresses(1))
	s.Start(epoch)
	run(t, s, 10*time.Second)
	var log []sent
	for now := 10 * time.Second; now < 25*time.Second; now += 25 * time.Microsecond {
		s.Repeat(at(now))
		log = append(log, run(t, s, now)...)
	}
	if n := len(log); n < 3 || n > 10 {
		t.Errorf("%d announcements in fifteen seconds of flood", n)
	}
	if last := times(run(t, s, 40*time.Second), 0); len(last) == 0 || last[0] < 25*time.Second {
		t.Errorf("no last word after the flood: %v", last)
	}
}

// A takeover is announced at once even when earlier ones used their bursts up.
func TestScheduleFlapping(t *testing.T) {
	s := NewSchedule(Plan{Count: 5, Delay: 5 * time.Second}, addresses(1))
	for now := time.Duration(0); now < 10*time.Second; now += time.Second {
		s.Start(at(now))
		if s.Deadline() != at(now) {
			t.Errorf("the takeover at %v is announced at %v", now, s.Deadline().Sub(epoch))
		}
		run(t, s, now+900*time.Millisecond)
		s.Stop()
	}
}

// Whatever is asked of it, the schedule keeps its budget, says nothing after
// Stop, and announces every address once before any twice.
func TestScheduleProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		durations := func(label string, unit time.Duration, most int) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(t, label)) * unit
		}
		plan := Plan{
			Count:    rapid.IntRange(1, 8).Draw(t, "count"),
			Interval: durations("interval", 10*time.Millisecond, 3),
			Delay:    durations("delay", time.Second, 10),
			Refresh:  durations("refresh", time.Second, 90),
		}
		s := NewSchedule(plan, addresses(rapid.IntRange(1, 4).Draw(t, "addresses")))
		period := 2 * time.Second
		if plan.Refresh > 0 {
			period = min(period, plan.Refresh/2)
		}
		const window = time.Minute
		budget := 2*plan.Count + 10 + int(window/period)

		var now time.Duration
		var log []sent
		on, counts := false, make([]int, len(s.addrs))
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			news := run(t, s, now)
			if !on && len(news) > 0 {
				t.Fatalf("announces while stopped: %v", news)
			}
			for _, n := range news {
				counts[n.Address]++
				if slices.Max(counts)-slices.Min(counts) > 1 {
					t.Fatalf("address %d again before others once: %v", n.Address, counts)
				}
			}
			log = append(log, news...)
			switch rapid.SampledFrom([]string{"start", "repeat", "repeat", "stop", "wait"}).Draw(t, "action") {
			case "start":
				s.Start(at(now))
				on = true
				clear(counts)
			case "repeat":
				s.Repeat(at(now))
			case "stop":
				s.Stop()
				on = false
				if !s.Deadline().IsZero() {
					t.Fatalf("deadline after Stop")
				}
			}
			now += rapid.SampledFrom([]time.Duration{0, 7 * time.Millisecond, time.Second, 9 * time.Second}).Draw(t, "pause")
		}
		for address := range s.addrs {
			when := times(log, address)
			for i := budget + 1; i < len(when); i++ { // one more: a round may straddle the window
				if when[i]-when[i-budget-1] < window {
					t.Fatalf("more than %d announcements of address %d within %v before %v", budget, address, window, when[i])
				}
			}
		}
	})
}

// TestScheduleAgain: what changed at this node is announced at once, though a peer had
// a round repeated just before, and within the budget.
func TestScheduleAgain(t *testing.T) {
	s := NewSchedule(Plan{Count: 1}, addresses(1))
	s.Again(epoch)
	if s.Due(epoch) != nil {
		t.Error("announces before Start")
	}
	s.Start(epoch)
	s.Due(epoch)
	s.Repeat(at(time.Minute))
	s.Due(at(time.Minute))
	changed := at(time.Minute + time.Second/2)
	s.Again(changed)
	if s.Due(changed) == nil || s.Due(changed) != nil {
		t.Error("not one round at once")
	}
	if last := s.Deadline(); last.Before(changed.Add(time.Second/2)) || s.Due(last) == nil || !s.Deadline().IsZero() {
		t.Errorf("not one more, but by %v", last)
	}
	n := 0
	for ms := range 60_000 {
		now := at(2*time.Hour + time.Duration(ms)*time.Millisecond)
		s.Again(now)
		if s.Due(now) != nil {
			n++
		}
	}
	if n < 30 || n > 42 {
		t.Errorf("%d rounds in a minute, want 2 Count + 40 at most", n)
	}
}
