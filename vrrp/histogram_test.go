package vrrp

import (
	"math"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	for i := 1; i < len(HistogramBounds); i++ {
		if HistogramBounds[i] <= HistogramBounds[i-1] {
			t.Errorf("bound %d is %v after %v", i, HistogramBounds[i], HistogramBounds[i-1])
		}
	}
	last := len(HistogramBounds)
	for _, tt := range []struct {
		d      time.Duration
		bucket int
	}{{0, 0}, {50 * time.Microsecond, 0}, {50*time.Microsecond + 1, 1}, {time.Millisecond, 4}, {time.Second, 13}, {50*time.Second + 1, last}, {math.MaxInt64, last}} {
		var h Histogram
		if h.add(tt.d); h.Buckets[tt.bucket] != 1 || h.Count != 1 || h.Max != tt.d || h.Sum != tt.d {
			t.Errorf("%v: %+v", tt.d, h)
		}
	}
}

// TestGaps: only what a backup hears one after the other is a gap.
func TestGaps(t *testing.T) {
	var g gaps
	for i, s := range []State{Backup, Backup, Master, Backup, Backup} {
		g.heard(epoch.Add(time.Duration(i*i)*time.Second), s)
	}
	if g.Count != 2 || g.Sum != 8*time.Second || g.Max != 7*time.Second {
		t.Errorf("%+v", g)
	}
}
