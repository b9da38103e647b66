//go:build linux

package main

import (
	"slices"
	"testing"
	"time"
)

func TestPlan(t *testing.T) {
	p, err := newPlan(3, "", "1s,100ms")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.intervals, []time.Duration{time.Second, 100 * time.Millisecond}) || p.runs != 3 {
		t.Errorf("%+v", p)
	}
	if first, second := p.partsAt(0), p.partsAt(1); len(first) != len(parts) || len(second) >= len(first) {
		t.Errorf("%d parts at the first interval and %d at the second, of %d", len(first), len(second), len(parts))
	}
}

func TestPlanMeasuresOnlyWhatIsAsked(t *testing.T) {
	p, err := newPlan(1, "kill,peers", "1s")
	if err != nil {
		t.Fatal(err)
	}
	if now := p.partsAt(0); len(now) != 1 || now[0].name != "kill" {
		t.Errorf("%v", now)
	}
}

func TestPlanRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, c := range []struct {
		runs            int
		only, intervals string
	}{{0, "", "1s"}, {1, "kill,coffee", "1s"}, {1, "", "1"}, {1, "", ""}} {
		if _, err := newPlan(c.runs, c.only, c.intervals); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}
