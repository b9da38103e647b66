package notify

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hald-project/hald/event"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func of(instance string, seq uint64) item {
	return item{event: event.Event{Instance: instance, Seq: seq}, at: noon}
}

// names are the jobs as "instance:seq,seq", sorted.
func names(jobs []job) (list []string) {
	for _, j := range jobs {
		name := j.key + ":"
		for _, e := range j.events {
			name += fmt.Sprint(e.Seq) + ","
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func expect(t *testing.T, what string, got []job, want ...string) {
	t.Helper()
	if !slices.Equal(names(got), want) {
		t.Errorf("%s: started %v, want %v", what, names(got), want)
	}
}

// One instance is told in order, one event at a time, even while it fails; others do
// not wait for it.
func TestOneAtATimeForEachInstance(t *testing.T) {
	q := newQueue(0, time.Hour)
	for _, i := range []item{of("a", 1), of("a", 2), of("b", 3), of("", 4), of("", 5)} {
		q.add(i)
	}
	expect(t, "at first", q.start(noon), ":4,", "a:1,", "b:3,")
	expect(t, "at once again", q.start(noon))
	q.failed("a", noon, 0, false, 1)
	q.told("b")
	q.told("")
	expect(t, "after one failure", q.start(noon), ":5,")
	expect(t, "after the pause", q.start(q.deadline()), "a:1,")
	q.told("a")
	expect(t, "after the success", q.start(noon), "a:2,")
	if q.length() != 2 {
		t.Errorf("%d events are being told, want 2", q.length())
	}
}

// The pauses double from half a second or one to half a minute or one.
func TestPausesGrow(t *testing.T) {
	for luck, want := range map[float64][]time.Duration{
		0: {500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second},
		1: {time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute},
	} {
		q, now := newQueue(0, time.Hour), noon
		q.add(of("a", 1))
		var pauses []time.Duration
		for range want {
			q.start(now)
			q.failed("a", now, 0, false, luck)
			pauses = append(pauses, q.deadline().Sub(now))
			now = q.deadline()
		}
		if !slices.Equal(pauses, want) {
			t.Errorf("luck %v: pauses %v, want %v", luck, pauses, want)
		}
	}
}

func TestGivingUp(t *testing.T) {
	for _, tt := range []struct {
		name     string
		giveUp   time.Duration
		wait     time.Duration
		hopeless bool
		lost     int
	}{
		{"there is time", 2 * time.Second, 0, false, 0},
		{"one attempt", 0, 0, false, 1},
		{"nothing can change", time.Hour, 0, true, 1},
		{"the other side wants to be left alone for longer", time.Minute, 2 * time.Minute, false, 1},
		{"for less", time.Minute, 30 * time.Second, false, 0},
	} {
		q := newQueue(0, tt.giveUp)
		ended := false
		q.add(item{event: event.Event{Instance: "a"}, at: noon, done: func() { ended = true }})
		q.start(noon)
		if lost := q.failed("a", noon, tt.wait, tt.hopeless, 1); lost != tt.lost || ended != (lost > 0) {
			t.Errorf("%s: %d lost, ended %t, want %d", tt.name, lost, ended, tt.lost)
		}
		if tt.wait > 0 && tt.lost == 0 && q.deadline().Sub(noon) != tt.wait {
			t.Errorf("%s: next attempt after %v", tt.name, q.deadline().Sub(noon))
		}
	}
}

// The attempts of an event end when its time is over, however many there were.
func TestAttemptsEnd(t *testing.T) {
	q, now, attempts := newQueue(0, 10*time.Second), noon, 0
	q.add(of("a", 1))
	for lost := 0; lost == 0; now = q.deadline() {
		q.start(now)
		attempts++
		lost = q.failed("a", now, 0, false, 1)
	}
	if attempts != 4 { // after 0, 1, 3 and 7 seconds
		t.Errorf("%d attempts", attempts)
	}
}

// Too many events push out the oldest ones, which are counted once.
func TestTheOldestMakeRoom(t *testing.T) {
	q, ended := newQueue(0, time.Hour), 0
	for seq := range uint64(maxWaiting + 3) {
		i := of("a", seq)
		i.done = func() { ended++ }
		q.add(i)
	}
	if q.length() != maxWaiting || q.takeDropped() != 3 || q.takeDropped() != 0 || ended != 3 {
		t.Errorf("%d wait, %d ended", q.length(), ended)
	}
	expect(t, "the oldest left", q.start(noon), "a:3,")
}

// Events within a moment are told together, and those that come while they are told, after them.
func TestCollecting(t *testing.T) {
	q := newQueue(10*time.Second, time.Hour)
	q.add(of("a", 1))
	q.add(item{event: event.Event{Instance: "b", Seq: 2}, at: noon.Add(9 * time.Second)})
	expect(t, "too early", q.start(noon.Add(9*time.Second)))
	if q.deadline() != noon.Add(10*time.Second) {
		t.Errorf("due at %v", q.deadline())
	}
	expect(t, "after the moment", q.start(q.deadline()), ":1,2,")
	q.add(of("a", 3))
	expect(t, "while they are told", q.start(noon.Add(time.Hour)))
	if n := q.told(""); n != 2 {
		t.Errorf("told %d", n)
	}
	q.hurry()
	expect(t, "in a hurry", q.start(noon.Add(time.Second)), ":3,")
}

func TestAbandoning(t *testing.T) {
	q := newQueue(0, time.Hour)
	for _, i := range []item{of("a", 1), of("a", 2), of("b", 3), of("c", 4)} {
		q.add(i)
	}
	q.start(noon)
	q.failed("b", noon, 0, false, 0)
	if lost := q.abandon(false); lost != 1 || q.length() != 3 {
		t.Errorf("%d lost, %d left", lost, q.length())
	}
	if lost := q.abandon(true); lost != 1 || q.length() != 2 {
		t.Errorf("%d lost, %d left: those under way", lost, q.length())
	}
}

// Whatever happens, each instance's events are told in order, each told, lost or
// there still, and never two of an instance at once.
func TestQueueKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newQueue(0, time.Duration(rapid.IntRange(0, 20).Draw(t, "give up"))*time.Second)
		now, seq, ended := noon, uint64(0), 0
		underWay, last := map[string]uint64{}, map[string]uint64{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				seq++
				q.add(item{event: event.Event{Instance: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "instance"), Seq: seq}, at: now, done: func() { ended++ }})
			case 1:
				now = now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond)
			case 2:
				for _, j := range q.start(now) {
					if _, twice := underWay[j.key]; twice {
						t.Fatalf("two attempts for %q", j.key)
					}
					if len(j.events) != 1 || j.events[0].Seq < last[j.key] {
						t.Fatalf("%q: %v after %d", j.key, j.events, last[j.key])
					}
					underWay[j.key], last[j.key] = j.events[0].Seq, j.events[0].Seq
				}
			case 3:
				for key := range underWay {
					if rapid.Bool().Draw(t, "well") {
						q.told(key)
					} else {
						q.failed(key, now, 0, false, 0.5)
					}
					delete(underWay, key)
				}
			}
		}
		if q.length()+ended != int(seq) {
			t.Fatalf("%d events came, %d are left and %d ended", seq, q.length(), ended)
		}
	})
}
