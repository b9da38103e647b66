package vrrp

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// origin is one of many addresses.
func origin(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(20 + i)}) }

// TestWords: of each sender the newest advert, the newest resignation, and of too
// many senders those of the highest priorities, in the order of the wire.
func TestWords(t *testing.T) {
	type word struct{ from, priority int }
	crowd := func(priority int) (all []word) {
		for i := range 100 {
			all = append(all, word{100 + i, priority})
		}
		return all
	}
	for _, tt := range []struct {
		name        string
		heard, want []word
	}{
		{"one", []word{{1, 150}}, []word{{1, 150}}},
		{"the newest counts", []word{{1, 150}, {2, 120}, {1, 90}}, []word{{2, 120}, {1, 90}}},
		{"a resignation is not hidden by an advert", []word{{1, 150}, {1, 0}, {2, 120}}, []word{{1, 150}, {1, 0}, {2, 120}}},
		{"nor an advert by a resignation", []word{{1, 0}, {2, 120}, {1, 0}}, []word{{2, 120}, {1, 0}}},
		{"resignations of many", []word{{1, 0}, {2, 0}, {3, 0}}, []word{{3, 0}}},
		{"nothing is hidden by a crowd", append([]word{{1, 150}, {1, 0}}, crowd(90)...), append([]word{{1, 150}, {1, 0}}, crowd(90)[100-maxWords+1:]...)},
		{"not even the last word", append(crowd(90), word{1, 150}, word{1, 0}), append(crowd(90)[100-maxWords+1:], word{1, 150}, word{1, 0})},
		{"the newest of equals", crowd(200), crowd(200)[100-maxWords:]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var found words
			for _, h := range tt.heard {
				found = found.add(Packet{Source: origin(h.from), Advertisement: Advertisement{Priority: uint8(h.priority)}})
			}
			var got []word
			for _, p := range found {
				got = append(got, word{int(p.Source.As4()[3]) - 20, int(p.Priority)})
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// TestWordsSayAsMuch: a machine that hears the words alone is where one is that
// heard everything: in the same state, and waiting for the same instant. Only a master
// that answered too often already may have an answer left.
func TestWordsSayAsMuch(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 50_000 {
		cfg := testConfig()
		cfg.NoPreempt = rng.IntN(2) == 0
		cfg.PreemptDelay = time.Duration(rng.IntN(3)) * time.Second
		state := []State{Backup, Master, Leaving}[rng.IntN(3)]
		now := epoch.Add(time.Duration(rng.IntN(int(time.Second))))
		all, few := at(t, state, cfg), at(t, state, cfg)
		now = now.Add(all.Deadline().Sub(epoch) / 2)
		var found words
		var story string
		for range 1 + rng.IntN(12) {
			from := rng.IntN(6)
			h := advert(origin(from), []uint8{1, 90, 100, 110, 150, 254}[from], cfg.Interval)
			if rng.IntN(4) == 0 {
				h.Packet.Priority = 0
			}
			story += fmt.Sprint(" ", from, ":", h.Packet.Priority)
			found = found.add(h.Packet)
			all.Step(now, h)
		}
		for _, p := range found {
			few.Step(now, Heard{Packet: p, Local: local})
		}
		late := all.State() != Master && all.Deadline() != few.Deadline()
		if late || all.State() != few.State() || all.resigned != few.resigned || all.MasterPriority() != few.MasterPriority() {
			t.Fatalf("%v after%s: %v until %v, with the words alone %v until %v", state, story, all.State(), all.Deadline(), few.State(), few.Deadline())
		}
	}
}
