package healthcheck

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"
)

// Monitor probes one target for as long as it runs.
type Monitor struct {
	Checker      Checker
	Delay        time.Duration // before the first probe; see Spread
	Interval     time.Duration // from one probe's start to the next's, above 0
	FastInterval time.Duration // the same while the verdict is not settled; 0: Interval
	Timeout      time.Duration // of one probe, above 0
	Rise, Fall   int           // see Tally
}

// Prompter is a Checker that may learn between two probes that the next one will
// find something else.
type Prompter interface {
	Checker
	// Await waits until ctx ends, or answers true when a probe is worthwhile at
	// once. It never runs beside Check.
	Await(ctx context.Context) bool
}

// Gauge is a Checker that finds a number as well.
type Gauge interface {
	Checker
	// Measure is Check with what was read, which counts when the error is nil.
	Measure(ctx context.Context) (Reading, error)
}

// Reading is what a Gauge found.
type Reading struct {
	Value int
	Found bool   // there is a number; else Value is 0
	Wrong string // why there is none where one was looked for
}

// found is a Reading of a number.
func found(n int) Reading { return Reading{Value: n, Found: true} }

// promptPause is the shortest time between two probes of a Prompter.
const promptPause = 100 * time.Millisecond

// Result is one probe and what it made of the verdict.
type Result struct {
	Err     error         // nil: passed
	Reading Reading       // of a Gauge
	Latency time.Duration // how long the probe took
	Local   bool          // Err is this machine's fault and counted neither way
	Verdict Verdict       // after this result
	Changed bool          // this result changed the verdict
}

// Run probes until ctx ends and calls report, from this goroutine, after every
// probe. A probe that ctx interrupts is not reported.
//
// The schedule is absolute: a late probe does not shift the next one, and
// beats that were missed are skipped, never made up for.
func (m *Monitor) Run(ctx context.Context, report func(Result)) {
	tally := Tally{Rise: m.Rise, Fall: m.Fall}
	due := time.Now().Add(m.Delay)
	timer := time.NewTimer(m.Delay)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		began := time.Now()
		result := m.probe(ctx)
		if ctx.Err() != nil {
			return
		}
		if !result.Local {
			result.Changed = tally.Add(result.Err == nil)
		}
		result.Verdict = tally.Verdict()
		report(result)

		gap := m.Interval
		if !tally.Settled() && m.FastInterval > 0 {
			gap = m.FastInterval
		}
		due = nextBeat(due, gap, time.Now())
		next := due
		if m.prompted(ctx, due) {
			if next = began.Add(promptPause); due.Before(next) {
				next = due
			}
		}
		timer.Reset(time.Until(next))
	}
}

// prompted waits until a probe is due for a Prompter to say that one is
// worthwhile earlier.
func (m *Monitor) prompted(ctx context.Context, due time.Time) bool {
	p, ok := m.Checker.(Prompter)
	if !ok {
		return false
	}
	ctx, cancel := context.WithDeadline(ctx, due)
	defer cancel()
	return p.Await(ctx)
}

// probe runs the checker once. A panic in it is a failed probe: a server must
// not be able to end the process by what it sends.
func (m *Monitor) probe(ctx context.Context) (result Result) {
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	start := time.Now()
	defer func() {
		if r := recover(); r != nil {
			result.Err = fmt.Errorf("probe panicked: %s", clip(fmt.Sprint(r)))
		}
		result.Latency = time.Since(start)
		result.Local = result.Err != nil && isLocal(result.Err)
	}()
	if g, ok := m.Checker.(Gauge); ok {
		result.Reading, result.Err = g.Measure(ctx)
		return result
	}
	result.Err = m.Checker.Check(ctx)
	return result
}

// nextBeat is the first beat after now on the line that goes through due in
// steps of gap.
func nextBeat(due time.Time, gap time.Duration, now time.Time) time.Time {
	late := now.Sub(due)
	if late < 0 {
		return due
	}
	return due.Add((late/gap + 1) * gap)
}

// Spread is a delay for the first probe of the target called key: less than
// one interval and one second, the same on every start, and evenly
// distributed over keys so that a thousand monitors do not fire together.
func Spread(key string, interval time.Duration) time.Duration {
	width := min(interval, time.Second)
	if width <= 0 {
		return 0
	}
	hash := fnv.New64a()
	hash.Write([]byte(key))
	mixed := hash.Sum64()
	mixed ^= mixed >> 32 // the low bits of FNV follow the last byte
	mixed *= 0x9e3779b97f4a7c15
	mixed ^= mixed >> 29
	return time.Duration(mixed % uint64(width))
}
