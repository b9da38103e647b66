package director

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hald-project/hald/event"
)

// TestSplitsAreOne: whatever sees a split, and in whatever order, it is told once when it
// begins and once when it is over, with all that saw it.
func TestSplitsAreOne(t *testing.T) {
	t0 := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }
	heard := func(s splits, reason string, when, lasted float64) (event.Event, bool) {
		return s.heard(event.Event{Name: "vrrp.split", Reason: reason, Instance: "web", Peer: "b", Time: at(when), DurationMS: lasted * 1000, Count: 3})
	}
	sees := func(s splits, since float64) (event.Event, bool) {
		return s.begin(viaPeer, at(since), event.Event{Name: "vrrp.split", Reason: "start", Instance: "web", Peer: "b", Error: "it says so"})
	}
	for name, c := range map[string]struct {
		play func(s splits, tell func(event.Event, bool))
		want []string
	}{
		"adverts alone, as they are told": {func(s splits, tell func(event.Event, bool)) {
			tell(heard(s, "start", 0, 0))
			tell(heard(s, "end", 9, 5))
		}, []string{"start adverts 0 3", "end adverts 5000 3"}},
		"the peer alone": {func(s splits, tell func(event.Event, bool)) {
			tell(sees(s, 0))
			tell(sees(s, 0))
			tell(s.end(viaPeer, "web", at(7)))
			tell(s.end(viaPeer, "web", at(8)))
		}, []string{"start peer 0 0", "end peer 7000 0"}},
		"the peer, then adverts, which last longer": {func(s splits, tell func(event.Event, bool)) {
			tell(sees(s, 0))
			tell(heard(s, "start", 10, 0))
			tell(s.end(viaPeer, "web", at(10.5)))
			tell(heard(s, "end", 15, 1))
		}, []string{"start peer 0 0", "end peer,adverts 11000 0"}},
		"adverts, then the peer, who says longer": {func(s splits, tell func(event.Event, bool)) {
			tell(heard(s, "start", 1, 0))
			tell(sees(s, 0))
			tell(heard(s, "end", 9, 4))
			tell(s.end(viaPeer, "web", at(7)))
		}, []string{"start adverts 0 3", "end adverts,peer 6000 3"}},
		"adverts come and go under the peer's eyes": {func(s splits, tell func(event.Event, bool)) {
			tell(sees(s, 0))
			for i := range 3 {
				tell(heard(s, "start", float64(10+i), 0))
				tell(heard(s, "end", float64(10+i)+0.5, 0.1))
			}
			tell(s.end(viaPeer, "web", at(20)))
		}, []string{"start peer 0 0", "end peer,adverts 20000 0"}},
		"one end of nothing": {func(s splits, tell func(event.Event, bool)) { tell(heard(s, "end", 1, 1)) }, nil},
		"the election dies": {func(s splits, tell func(event.Event, bool)) {
			tell(heard(s, "start", 0, 0))
			for _, e := range s.endAll(viaAdverts, at(3)) {
				tell(e, true)
			}
			tell(heard(s, "start", 5, 0))
		}, []string{"start adverts 0 3", "end adverts 3000 3", "start adverts 0 3"}},
		"the instance is gone": {func(s splits, tell func(event.Event, bool)) {
			tell(heard(s, "start", 0, 0))
			tell(sees(s, 0))
			tell(s.forget("web", at(4)))
			tell(s.forget("web", at(5)))
		}, []string{"start adverts 0 3", "end adverts,peer 4000 3"}},
	} {
		s, told := splits{}, []string(nil)
		c.play(s, func(e event.Event, tell bool) {
			if !tell {
				return
			}
			if told = append(told, fmt.Sprintf("%s %s %.0f %d", e.Reason, e.Via, e.DurationMS, e.Count)); e.Instance != "web" || e.Peer != "b" {
				t.Errorf("%s: %+v", name, e)
			}
		})
		if !slices.Equal(told, c.want) {
			t.Errorf("%s: told %q, want %q", name, told, c.want)
		}
	}
}
