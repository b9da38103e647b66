package event

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRingKeepsTheNewestInOrder(t *testing.T) {
	for _, test := range []struct {
		name  string
		size  int
		added []uint64
		want  []uint64
	}{
		{"empty", 3, nil, []uint64{}},
		{"not full", 3, []uint64{1, 2}, []uint64{1, 2}},
		{"just full", 3, []uint64{1, 2, 3}, []uint64{1, 2, 3}},
		{"over", 3, []uint64{1, 2, 3, 4}, []uint64{2, 3, 4}},
		{"twice round", 3, []uint64{1, 2, 3, 4, 5, 6, 7, 8}, []uint64{6, 7, 8}},
		{"one", 1, []uint64{1, 2, 3}, []uint64{3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ring := NewRing(test.size)
			for _, seq := range test.added {
				ring.Add(Event{Seq: seq})
			}
			got := []uint64{}
			for _, e := range ring.Events() {
				got = append(got, e.Seq)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRingAfter(t *testing.T) {
	ring := NewRing(3)
	for seq := uint64(1); seq <= 5; seq++ {
		ring.Add(Event{Seq: seq})
	}
	for after, want := range map[uint64][]uint64{0: {3, 4, 5}, 2: {3, 4, 5}, 4: {5}, 5: {}, 6: {3, 4, 5}} {
		got := []uint64{}
		events, _ := ring.After(after)
		for _, e := range events {
			got = append(got, e.Seq)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %d (-want +got):\n%s", after, diff)
		}
	}
	_, newer := ring.After(5)
	select {
	case <-newer:
		t.Error("there is another one")
	default:
	}
	ring.Add(Event{Seq: 6})
	<-newer
}

func TestRingGivesACopy(t *testing.T) {
	ring := NewRing(2)
	ring.Add(Event{Seq: 1})
	ring.Events()[0].Seq = 9
	if got := ring.Events()[0].Seq; got != 1 {
		t.Errorf("the ring's own event was changed through the copy: seq %d", got)
	}
}
