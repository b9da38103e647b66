package lab

import (
	"testing"
	"time"
)

func TestOwnership(t *testing.T) {
	history := ownership([]Change{
		{at(0), "lb1", true}, {at(0), "lb2", false},
		{at(200), "lb1", true}, // a lease renewed
		{at(900), "lb1", false},
		{at(600), "lb2", true}, // told late
		{at(1500), "lb2", false},
		{at(1700), "lb1", true},
	})
	if want := "0.000s lb1, 0.600s lb1+lb2, 0.900s lb2, 1.500s none, 1.700s lb1"; history.String() != want {
		t.Fatalf("history: %v, want %v", history, want)
	}
	now := at(2000)
	for _, c := range []struct {
		what      string
		got, want time.Duration
	}{
		{"both", history.Both(now), 300 * time.Millisecond},
		{"none", history.None(now), 200 * time.Millisecond},
		{"both since 700 ms", history.Since(at(700)).Both(now), 200 * time.Millisecond},
		{"none since 1600 ms", history.Since(at(1600)).None(now), 100 * time.Millisecond},
		{"both since 950 ms", history.Since(at(950)).Both(now), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	if got := history.Transfers(); got != 2 {
		t.Errorf("%d transfers, want 2", got)
	}
}
