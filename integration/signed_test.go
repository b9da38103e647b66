package integration

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/integration/lab"
)

// labKey signs the adverts of a lab in which they are signed.
const labKey = "the key of the lab, 32 to 64 bytes"

// forged are advertisements of somebody without the key, who would be obeyed
// where there is none: a stranger, the better director, the master resigning.
func forged() [][]byte {
	as := func(director string, priority uint8) []byte {
		return stranger(func(a *lab.Advert) { a.Source, a.Priority = lab.DirectorAddress[director].Addr(), priority })
	}
	return [][]byte{stranger(func(a *lab.Advert) { a.Priority = 255 }), as("lb1", 255), as("lb2", 255), as("lb1", 0), as("lb2", 0)}
}

// TestR25SignedAdverts: where adverts are signed, neither forged nor recorded
// ones have any effect, and the key is nowhere to be read.
func TestR25SignedAdverts(t *testing.T) {
	t.Parallel()
	const interval = 200 * time.Millisecond
	l := lab.New(t)
	c := lab.Cluster{Interval: interval, Key: labKey, Services: lab.EachMethod, Check: patient}
	s := office(t, l, c, l.Hald("lb1", c), l.Hald("lb2", c))
	lb1, lb2, client, capture, owners := s.lb1, s.lb2, s.client, s.wire, s.owners
	start := time.Now()
	attack := func(frames ...[]byte) {
		for range 20 {
			l.Inject(frames...)
			time.Sleep(interval / 3)
		}
	}
	attack(forged()...)
	recorded := capture.Adverts("lb1", start)
	if len(recorded) < 5 {
		t.Fatalf("%d adverts recorded", len(recorded))
	}
	attack(recorded[0].Bytes, recorded[len(recorded)-1].Bytes)
	end := time.Now()
	if history := owners.Ownership().Since(start); history.Transfers() > 0 || history.None(end) > 0 || len(capture.Adverts("lb2", start)) > 0 {
		t.Errorf("forged or recorded adverts moved the address: %v", history)
	}
	punctual(t, between(l, capture, start, end), interval, end.Sub(start))
	undisturbed(t, client.Stop().Since(start))
	for _, h := range []*lab.Hald{lb1, lb2} {
		events, _ := foreign(h)
		t.Logf("%s: %v", h.Name(), events)
		// The kernel lets nobody hear words from an address of its own.
		if events["unsigned"] == 0 || (events["replayed"] > 0) != (h == lb2) || len(events) > 2 {
			t.Errorf("%s reported %v, want unsigned ones, and lb2 replayed ones", h.Name(), events)
		}
	}

	// What a dead master said does not keep its successor away, nor depose it.
	lb1.Kill()
	died := time.Now()
	for len(capture.Adverts("lb2", died)) == 0 && time.Since(died) < settle {
		l.Inject(recorded[len(recorded)-1].Bytes)
		time.Sleep(interval / 4)
	}
	took := time.Since(died)
	t.Logf("lb2 took over %v after the death of lb1, whose adverts go on", took)
	if took > c.DownInterval("lb2")+machineStall {
		t.Errorf("recordings kept lb2 from taking over for %v", took)
	}
	l.AwaitMaster("lb2", settle)
	attack(slices.Concat(forged(), [][]byte{recorded[0].Bytes, recorded[len(recorded)-1].Bytes})...)
	if state := documentOf(t, lb2).Instances[0].State; state != "master" {
		t.Errorf("lb2 is %s: forged adverts, or recordings of a dead master, matter", state)
	}
	out, _ := lb2.Command("status", "-o", "json")
	if strings.Contains(out+logOf(t, l, "lb1")+logOf(t, l, "lb2"), labKey) {
		t.Error("the key is in the log or the status")
	}
	lb1.Start()
	s.audit("lb1")
}

// TestR32ClockSteps: clocks that are set by an hour to either side cost signed
// adverts nothing: no transition, none discarded.
func TestR32ClockSteps(t *testing.T) {
	const interval = 100 * time.Millisecond
	l := lab.New(t)
	c := lab.Cluster{Interval: interval, Key: labKey, Services: lab.EachMethod, Check: patient}
	s := office(t, l, c, l.Hald("lb1", c), l.Hald("lb2", c))
	lb1, lb2 := s.lb1, s.lb2
	before1, before2 := documentOf(t, lb1).Instances[0], documentOf(t, lb2).Instances[0]
	var steps time.Duration
	step := func(by time.Duration) {
		steps += by
		setClock(t, by)
		time.Sleep(2 * time.Second)
	}
	defer func() { setClock(t, -steps) }()
	step(time.Hour)
	step(-2 * time.Hour)
	step(time.Hour)
	after1, after2 := documentOf(t, lb1).Instances[0], documentOf(t, lb2).Instances[0]
	t.Logf("lb2 heard %d adverts meanwhile and discarded %d", after2.AdvertsReceived-before2.AdvertsReceived, after2.AdvertsDiscarded-before2.AdvertsDiscarded)
	if after1.Transitions != before1.Transitions || after2.Transitions != before2.Transitions || after1.State != "master" {
		t.Errorf("transitions %d and %d, before %d and %d; lb1 is %s", after1.Transitions, after2.Transitions, before1.Transitions, before2.Transitions, after1.State)
	}
	if after2.AdvertsDiscarded != before2.AdvertsDiscarded || after2.AdvertsReceived-before2.AdvertsReceived < 40 {
		t.Errorf("lb2 heard %d adverts and discarded %d", after2.AdvertsReceived-before2.AdvertsReceived, after2.AdvertsDiscarded-before2.AdvertsDiscarded)
	}
	s.audit("lb1")
}

// setClock sets the guest's clock, which all nodes share.
func setClock(t *testing.T, by time.Duration) {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_REALTIME, &now); err != nil {
		t.Fatal(err)
	}
	now.Sec += int64(by / time.Second)
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &now); err != nil {
		t.Fatal(err)
	}
}
