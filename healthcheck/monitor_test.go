package healthcheck

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// checkFunc makes a Checker of a function.
type checkFunc func(ctx context.Context) error

func (f checkFunc) Check(ctx context.Context) error { return f(ctx) }

var errSick = errors.New("sick")

// watch runs a monitor for the given bubble time and returns when each probe
// started and what was reported.
func watch(t *testing.T, m Monitor, span time.Duration) (starts []time.Duration, results []Result) {
	t.Helper()
	begin := time.Now()
	inner := m.Checker
	m.Checker = checkFunc(func(ctx context.Context) error {
		starts = append(starts, time.Since(begin))
		return inner.Check(ctx)
	})
	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	m.Run(ctx, func(r Result) { results = append(results, r) })
	return starts, results
}

func equalTimes(t *testing.T, got []time.Duration, want ...time.Duration) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("probes at %v, want %v", got, want)
	}
}

func TestMonitorKeepsAnAbsoluteSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := checkFunc(func(context.Context) error {
			time.Sleep(300 * time.Millisecond)
			return nil
		})
		starts, _ := watch(t, Monitor{Checker: slow, Delay: 200 * time.Millisecond, Interval: time.Second, Timeout: time.Second}, 3500*time.Millisecond)
		equalTimes(t, starts, 200*time.Millisecond, 1200*time.Millisecond, 2200*time.Millisecond, 3200*time.Millisecond)
	})
}

func TestMonitorSkipsMissedBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		stuck := checkFunc(func(context.Context) error { // deaf to its context
			if first {
				first = false
				time.Sleep(3500 * time.Millisecond)
			}
			return nil
		})
		starts, _ := watch(t, Monitor{Checker: stuck, Interval: time.Second, Timeout: time.Second}, 5500*time.Millisecond)
		equalTimes(t, starts, 0, 4*time.Second, 5*time.Second)
	})
}

func TestMonitorIsFastWhileUnsettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := []error{nil, errSick, errSick, errSick, errSick, nil, nil, nil}
		n := 0
		scripted := checkFunc(func(context.Context) error { n++; return answers[min(n, len(answers))-1] })
		starts, results := watch(t, Monitor{Checker: scripted, Interval: 2 * time.Second, FastInterval: 500 * time.Millisecond,
			Timeout: 100 * time.Millisecond, Rise: 2, Fall: 3}, 8*time.Second)
		equalTimes(t, starts, 0, // up
			2*time.Second, 2500*time.Millisecond, 3*time.Second, // down at the third
			5*time.Second, 7*time.Second, 7500*time.Millisecond) // up at the second
		var story strings.Builder
		for _, r := range results {
			fmt.Fprintf(&story, "%v/%v ", r.Verdict, r.Changed)
		}
		want := "up/true up/false up/false down/true down/false down/false up/true "
		if story.String() != want {
			t.Errorf("got  %s\nwant %s", story.String(), want)
		}
	})
}

func TestMonitorTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := checkFunc(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		starts, results := watch(t, Monitor{Checker: hangs, Interval: time.Second, Timeout: 400 * time.Millisecond}, 1500*time.Millisecond)
		equalTimes(t, starts, 0, time.Second)
		if len(results) != 2 || results[0].Verdict != Down || results[0].Latency != 400*time.Millisecond {
			t.Errorf("got %+v", results)
		}
	})
}

func TestMonitorSurvivesAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := checkFunc(func(context.Context) error { panic("index out of range" + strings.Repeat("x", 1<<20)) })
		_, results := watch(t, Monitor{Checker: panics, Interval: time.Second, Timeout: time.Second}, 1500*time.Millisecond)
		if len(results) != 2 || results[0].Verdict != Down {
			t.Fatalf("got %d results", len(results))
		}
		if text := results[0].Err.Error(); !strings.HasPrefix(text, "probe panicked: index out of range") || len(text) > 250 {
			t.Errorf("reason %.300q", text)
		}
	})
}

// A probe that fails on this machine's account says nothing about the server:
// the verdict and the count towards the next one stay.
func TestMonitorLocalErrorsCountNeitherWay(t *testing.T) {
	local := explain("connect", os.NewSyscallError("socket", syscall.EMFILE))
	for _, start := range []error{nil, errSick} {
		t.Run(fmt.Sprint("after ", start), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := true
				starved := checkFunc(func(context.Context) error {
					if first {
						first = false
						return start
					}
					return local
				})
				_, results := watch(t, Monitor{Checker: starved, Interval: time.Second, Timeout: time.Second, Rise: 1, Fall: 1}, 9500*time.Millisecond)
				for _, r := range results[1:] {
					if !r.Local || r.Changed || r.Verdict != results[0].Verdict || r.Err == nil {
						t.Fatalf("got %+v", r)
					}
				}
				if len(results) != 10 {
					t.Errorf("%d results reported, want all 10", len(results))
				}
			})
		})
	}
	t.Run("from the start", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			starved := checkFunc(func(context.Context) error { return local })
			_, results := watch(t, Monitor{Checker: starved, Interval: time.Second, Timeout: time.Second}, 2500*time.Millisecond)
			for _, r := range results {
				if r.Verdict != Unknown {
					t.Errorf("got %+v", r)
				}
			}
		})
	})
}

func TestMonitorReportsNothingOfAnInterruptedProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := checkFunc(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if _, results := watch(t, Monitor{Checker: hangs, Interval: time.Minute, Timeout: time.Minute}, time.Second); len(results) != 0 {
			t.Errorf("got %+v", results)
		}
	})
}

func TestNextBeat(t *testing.T) {
	base := time.Now()
	for _, tt := range []struct{ late, want time.Duration }{
		{-time.Second, 0}, {0, time.Second}, {time.Second - 1, time.Second}, {time.Second, 2 * time.Second}, {3500 * time.Millisecond, 4 * time.Second},
	} {
		if got := nextBeat(base, time.Second, base.Add(tt.late)).Sub(base); got != tt.want {
			t.Errorf("late by %v: next after %v, want %v", tt.late, got, tt.want)
		}
	}
}

// No tenth of the width gets more than twice its share of 500 targets that
// differ in their last digits only.
func TestSpreadIsEvenAndRepeatable(t *testing.T) {
	for _, interval := range []time.Duration{2 * time.Second, 100 * time.Millisecond, 3} {
		width := min(interval, time.Second)
		var share [10]int
		for i := range 500 {
			key := fmt.Sprintf("tcp 10.1.%d.%d:80", i/250, i%250)
			delay := Spread(key, interval)
			if delay < 0 || delay >= width || delay != Spread(key, interval) {
				t.Fatalf("%s: %v of %v", key, delay, width)
			}
			share[delay*10/width]++
		}
		if interval > 10 && slices.Max(share[:]) > 100 {
			t.Errorf("interval %v: shares %v", interval, share)
		}
	}
	if got := Spread("x", 0); got != 0 {
		t.Errorf("no interval: %v", got)
	}
}
