//go:build linux

package main

import (
	"strings"
	"testing"
	"time"
)

// TestR39Soak plays one round with every pair; the command plays for as long as it
// is told.
func TestR39Soak(t *testing.T) {
	results, err := soak(t.Context(), 0, func(text string) { t.Log(text) })
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table(results))
	for _, r := range results {
		if r.provoked != 3 || len(r.endings) != 1 {
			t.Errorf("%s: %d faults, %d of them duels, want 3 and 1", r.pair, r.provoked, len(r.endings))
		}
	}
	if err := faults(results); err != nil {
		t.Error(err)
	}
}

// TestFaults: what the soak must not let pass.
func TestFaults(t *testing.T) {
	times := func(list ...time.Duration) []time.Duration { return list }
	fine := result{pair: allPairs()[0], provoked: 9, splits: 3, overlaps: times(0, 5*time.Millisecond, stall), endings: times(0, interval, interval+stall)}
	for _, tt := range []struct {
		what  string
		spoil func(r *result)
	}{
		{"", func(*result) {}},
		{"moved unprovoked", func(r *result) { r.unprovoked = []string{"lb1 lost it"} }},
		{"for 1.1s when one succeeded", func(r *result) { r.overlaps = times(0, 0, 1100*time.Millisecond) }},
		{"as a rule when one succeeded", func(r *result) { r.overlaps = times(0, 60*time.Millisecond, stall) }},
		{"for 2.1s after they heard each other again", func(r *result) { r.endings = times(0, 0, 2100*time.Millisecond) }},
		{"as a rule after they heard each other again", func(r *result) { r.endings = times(0, 1060*time.Millisecond, 2*time.Second) }},
		{"told of 0 splits", func(r *result) { r.splits = 0 }},
		{"told of 3 splits", func(r *result) { r.pair = allPairs()[1] }},
		{"bogus", func(r *result) { r.complaints = []string{"bogus"} }},
	} {
		r := fine
		tt.spoil(&r)
		err := faults([]result{r})
		if (err == nil) != (tt.what == "") || err != nil && !strings.Contains(err.Error(), tt.what) {
			t.Errorf("%q: %v", tt.what, err)
		}
	}
}

// TestBoth counts from a moment on, and only what two held.
func TestBoth(t *testing.T) {
	begin := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }
	duel := []change{{at(1), "lb2", true}, {at(5), "lb2", false}}
	for from, want := range map[int]time.Duration{0: 4 * time.Second, 3: 2 * time.Second, 6: 0} {
		if got := both(duel, at(from)); got != want {
			t.Errorf("from %d s: %v, want %v", from, got, want)
		}
	}
	if got := both([]change{{at(1), "lb1", false}, {at(5), "lb2", true}}, begin); got != 0 {
		t.Errorf("one after the other: %v", got)
	}
}
