//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// never is the value of what did not happen as long as it was waited for.
var never = math.Inf(1)

// unit is what a figure counts.
type unit int

const (
	seconds unit = iota
	times
)

// figure is one observation of one event: seconds, a number of times, or never.
type figure = float64

// lasting is a length of time as a figure.
func lasting(d time.Duration) figure { return d.Seconds() }

// summary is what a table shows of all the runs. With values that are never
// reached the middle one is still the middle one.
type summary struct {
	runs                  int
	median, least, utmost figure
}

func summarize(figures []figure) summary {
	n := len(figures)
	if n == 0 {
		return summary{}
	}
	sorted := slices.Sorted(slices.Values(figures))
	return summary{
		runs: n,
		// The lower and the upper middle are one value in an odd number.
		median: (sorted[(n-1)/2] + sorted[n/2]) / 2,
		least:  sorted[0],
		utmost: sorted[n-1],
	}
}

// in writes the summary as "median (least–utmost)", all in the unit that suits
// the median.
func (s summary) in(u unit) string {
	switch {
	case s.runs == 0:
		return "–"
	case math.IsInf(s.least, 1):
		return "never"
	}
	scale := s.median
	if math.IsInf(scale, 1) {
		scale = s.least
	}
	name, factor, digits := " times", 1.0, 0
	if u == seconds {
		switch scale = math.Abs(scale); {
		case scale < 0.01:
			name, factor, digits = " ms", 1000, 1
		case scale < 1:
			name, factor, digits = " ms", 1000, 0
		default:
			name, factor, digits = " s", 1, 2
		}
	}
	write := func(f figure) string {
		if math.IsInf(f, 1) {
			return "never"
		}
		return fmt.Sprintf("%.*f", digits, f*factor)
	}
	if math.IsInf(s.median, 1) {
		name = ""
	}
	if s.least == s.utmost {
		return write(s.median) + name
	}
	return fmt.Sprintf("%s%s (%s–%s)", write(s.median), name, write(s.least), write(s.utmost))
}
