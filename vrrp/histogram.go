package vrrp

import "time"

// HistogramBounds are the upper ends of a Histogram's buckets, inclusive. What is
// longer than the last falls into one bucket more.
var HistogramBounds = [...]time.Duration{
	50 * time.Microsecond, 100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 50 * time.Second,
}

// Histogram counts durations by size. It is a value: what is handed out does not
// change any more.
type Histogram struct {
	Buckets  [len(HistogramBounds) + 1]uint64 // how many in each, not summed up
	Count    uint64
	Sum, Max time.Duration
}

func (h *Histogram) add(d time.Duration) {
	i := 0
	for i < len(HistogramBounds) && d > HistogramBounds[i] {
		i++
	}
	h.Buckets[i]++
	h.Count++
	h.Sum += d
	h.Max = max(h.Max, d)
}

// gaps measures the time between the advertisements that a backup believes.
type gaps struct {
	Histogram
	last time.Time // zero: none was heard since the state was entered
}

func (g *gaps) heard(now time.Time, s State) {
	if s != Backup {
		g.last = time.Time{}
		return
	}
	if !g.last.IsZero() {
		g.add(now.Sub(g.last))
	}
	g.last = now
}
