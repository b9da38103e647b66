package integration

import (
	"flag"
	"slices"
	"testing"
	"time"
)

// What a machine that others use too adds to a figure: now and then much, but
// seldom to most of several. A fault of the subject shows in all of them, and is
// hundreds of milliseconds long.
const (
	// oneUpdate is the client's gap when another director answers for the
	// address: one ARP update, and what a request takes.
	oneUpdate = 100 * time.Millisecond
	// prompt is how late a takeover may be, on the wire.
	prompt = 20 * time.Millisecond
	// late is what a timer, or the reader of what the kernel tells, may be late by.
	late = 50 * time.Millisecond
	// noise is what a single figure may have on top. What the lab's control knows
	// to be the machine's doing is not in the figures.
	noise = 300 * time.Millisecond
)

// full has the faults last as long, and be as many, as docs/scorecard.md asks, where the
// suite has no time for it: make scorecard.
var full = flag.Bool("full", false, "play the faults of docs/scorecard.md at full length")

// tries is how often what is measured is played.
const tries = 5

// figures are repeated measurements of the same thing.
type figures []time.Duration

func (f figures) median() time.Duration {
	sorted := slices.Sorted(slices.Values(f))
	return sorted[len(sorted)/2]
}

// within tells what was measured and holds it against a bound, which the median
// must keep, and a single one but for noise.
func (f figures) within(t *testing.T, what string, bound time.Duration) {
	t.Helper()
	t.Logf("%s: %v, bound %v", what, f.rounded(), bound)
	if median, worst := f.median(), slices.Max(f); median > bound || worst > bound+noise {
		t.Errorf("%s: median %v, worst %v, want %v", what, median, worst, bound)
	}
}

// rounded are the figures for the eye.
func (f figures) rounded() figures {
	var r figures
	for _, d := range f {
		r = append(r, d.Round(100*time.Microsecond))
	}
	return r
}
