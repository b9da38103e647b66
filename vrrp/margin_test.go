package vrrp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMargin: an episode begins above a half and ends after a minute without more
// than a quarter.
func TestMargin(t *testing.T) {
	const whole = 2600 * time.Millisecond
	half, quarter := whole/2, whole/4
	type delay struct {
		at   time.Duration
		used time.Duration
	}
	for name, c := range map[string]struct {
		delays   []delay
		interval time.Duration
		begins   []time.Duration // when
		lasted   time.Duration   // of the only one that is over; 0: none is
		ended    time.Duration   // when
		worst    time.Duration
	}{
		"half of it is no episode":         {delays: []delay{{0, half}, {time.Second, half}}},
		"early is no delay":                {delays: []delay{{0, -whole}}},
		"one delay":                        {delays: []delay{{time.Second, half + 1}}, begins: []time.Duration{time.Second}, ended: 61 * time.Second, worst: half + 1},
		"told once":                        {delays: []delay{{0, half + 1}, {10 * time.Second, whole}, {20 * time.Second, half + 2}}, begins: []time.Duration{0}, lasted: 20 * time.Second, ended: 80 * time.Second, worst: whole},
		"what cannot begin it keeps it up": {delays: []delay{{0, half + 1}, {50 * time.Second, quarter + 1}}, begins: []time.Duration{0}, lasted: 50 * time.Second, ended: 110 * time.Second, worst: half + 1},
		"little does not":                  {delays: []delay{{0, half + 1}, {50 * time.Second, quarter}}, begins: []time.Duration{0}, ended: 60 * time.Second, worst: half + 1},
		"another one":                      {delays: []delay{{0, half + 1}, {61 * time.Second, half + 1}}, begins: []time.Duration{0, 61 * time.Second}, ended: 60 * time.Second, worst: half + 1},
		"long intervals take longer":       {delays: []delay{{0, half + 1}}, interval: 10 * time.Second, begins: []time.Duration{0}, ended: 200 * time.Second, worst: half + 1},
	} {
		var m margin
		var begins []time.Duration
		over, ended := Scarcity{}, time.Duration(0)
		for at := time.Duration(0); at < 210*time.Second && over.Margin == 0 || at < 62*time.Second; at += time.Second {
			now := epoch.Add(at)
			if s, ends := m.rest(now, max(time.Second, c.interval)); ends {
				over, ended = s, at
			}
			for _, d := range c.delays {
				if d.at == at && m.spend(now, Scarcity{Used: d.used, Margin: whole}) {
					begins = append(begins, at)
				}
			}
		}
		want := Scarcity{}
		if c.worst > 0 {
			want = Scarcity{Over: true, Used: c.worst, Margin: whole, Lasted: c.lasted}
		}
		if d := cmp.Diff(c.begins, begins) + cmp.Diff(want.Used, over.Used); d != "" || over.Over != want.Over || over.Lasted != want.Lasted || ended != c.ended {
			t.Errorf("%s: began at %v, over at %v: %+v; want %v, %v, %+v", name, begins, ended, over, c.begins, c.ended, want)
		}
	}
}

// TestWaits: what is measured is how long a known master's next word was waited for.
func TestWaits(t *testing.T) {
	type word struct {
		from     netip.Addr
		priority uint8
		after    time.Duration
	}
	master := word{above, 150, 900 * time.Millisecond}
	for name, c := range map[string]struct {
		words []word
		used  time.Duration // by the last
		ok    bool
	}{
		"the next":                   {[]word{master, {above, 150, 3 * time.Second}}, 2 * time.Second, true},
		"early":                      {[]word{master, {above, 150, 900 * time.Millisecond}}, -100 * time.Millisecond, true},
		"the first ever":             {words: []word{master}},
		"another master":             {words: []word{master, {below, 150, 3 * time.Second}}},
		"one that resigned":          {words: []word{master, {above, 0, time.Second}, {above, 150, 100 * time.Millisecond}}},
		"resigning":                  {words: []word{master, {above, 0, 3 * time.Second}}},
		"too low to be followed":     {words: []word{master, {above, 50, 3 * time.Second}}},
		"low for a moment, it seems": {words: []word{master, {above, 50, time.Second}, {above, 150, time.Second}}},
	} {
		m := at(t, Backup, testConfig())
		now := epoch
		var used time.Duration
		var ok bool
		for _, h := range c.words {
			now = now.Add(h.after)
			w := m.waits(0, h.from)
			m.Step(now, advert(h.from, h.priority, time.Second))
			used, ok = w.over(m, now)
		}
		if ok != c.ok || ok && used != c.used {
			t.Errorf("%s: used %v, %t; want %v, %t", name, used, ok, c.used, c.ok)
		}
	}
}
