//go:build linux

package main

import (
	"testing"
	"time"
)

func TestSummary(t *testing.T) {
	for _, c := range []struct {
		name    string
		figures []figure
		unit    unit
		want    string
	}{
		{"nothing", nil, seconds, "–"},
		{"one", []figure{0.0421}, seconds, "42 ms"},
		{"an odd number", []figure{0.9, 0.1, 0.2}, seconds, "200 ms (100–900)"},
		{"an even number", []figure{0.4, 0.1, 0.2, 0.3}, seconds, "250 ms (100–400)"},
		{"the median decides on the unit", []figure{0.5, 1.5, 3}, seconds, "1.50 s (0.50–3.00)"},
		{"a little", []figure{0.0012, 0.0034, 0.0025}, seconds, "2.5 ms (1.2–3.4)"},
		{"before its time", []figure{-0.012, -0.03, -0.02}, seconds, "-20 ms (-30–-12)"},
		{"never", []figure{never, never}, seconds, "never"},
		{"sometimes never", []figure{never, 1, 2}, seconds, "2.00 s (1.00–never)"},
		{"mostly never", []figure{never, 1, never}, seconds, "never (1.00–never)"},
		{"half never", []figure{never, 1}, seconds, "never (1.00–never)"},
		{"a number", []figure{2, 2, 2}, times, "2 times"},
		{"not at all", []figure{0, 0}, times, "0 times"},
		{"a length", []figure{lasting(1500 * time.Millisecond)}, seconds, "1.50 s"},
	} {
		if got := summarize(c.figures).in(c.unit); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSummaryLeavesTheFiguresInTheirOrder(t *testing.T) {
	figures := []figure{3, 1, 2}
	summarize(figures)
	if figures[0] != 3 || figures[1] != 1 {
		t.Errorf("sorted in place: %v", figures)
	}
}
