package main

import (
	"math"
	"testing"
)

func TestSized(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 9949: "9.9 kB", 9950: "10 kB", 999499: "999 kB", 999500: "1.0 MB",
		34e6: "34 MB", 1e12: "1.0 TB", math.MaxUint64: "18 EB",
	} {
		if got := sized(n); got != want {
			t.Errorf("sized(%d) = %s, want %s", n, got, want)
		}
	}
}
