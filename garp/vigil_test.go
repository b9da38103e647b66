package garp

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const grace = 8 * time.Second

var (
	vigilStart = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ours       = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}
	late       = MAC{2, 0, 0, 0, 0, 9}
	early      = MAC{2, 0, 0, 0, 0, 8}
)

// watch is a vigil on which time passes by itself: what it does is written down.
type watch struct {
	*Vigil
	now time.Time
	log []string
}

func newWatch() *watch {
	return &watch{Vigil: NewVigil(vigilStart, ours, grace), now: vigilStart}
}

// until lets time pass up to so long after the start.
func (w *watch) until(after time.Duration) *watch {
	elapse(&w.now, vigilStart.Add(after), w.Deadline, func() { w.note(w.Due(w.now)) })
	return w
}

// elapse lets time pass up to an end, with a stop at every deadline for what is due.
func elapse(now *time.Time, end time.Time, deadline func() time.Time, due func()) {
	for at := deadline(); !at.IsZero() && !at.After(end); at = deadline() {
		*now = latest(*now, at)
		due()
	}
	*now = end
}

func (w *watch) note(d Duty) {
	at := w.now.Sub(vigilStart)
	if d.Probe {
		w.log = append(w.log, fmt.Sprintf("%v probe", at))
	}
	slices.SortFunc(d.Conflicts, func(a, b Conflict) int { return slices.Compare(a.MAC[:], b.MAC[:]) })
	for _, c := range d.Conflicts {
		w.log = append(w.log, fmt.Sprintf("%v report %v %v %d", at, c.MAC, c.Addrs, c.Count))
	}
	if len(d.Defend) > 0 {
		w.log = append(w.log, fmt.Sprintf("%v defend %v", at, d.Defend))
	}
}

func (w *watch) hears(mac MAC, addrs ...netip.Addr) *watch {
	for _, a := range addrs {
		w.Heard(w.now, Claim{a, mac})
	}
	return w
}

func (w *watch) did(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, w.log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestVigilOfNobody: the addresses are asked for when they are taken, when the
// previous holder must have given them up, and every now and then.
func TestVigilOfNobody(t *testing.T) {
	newWatch().until(20*time.Minute).did(t, "0s probe", "8s probe", "10m8s probe")
}

// TestVigilReportsAndDefends: one who comes later is reported at once and
// answered, and then only answered, once in ten seconds, whatever it sends.
func TestVigilReportsAndDefends(t *testing.T) {
	w := newWatch().until(time.Minute).hears(late, ours[0], ours[0])
	for i := range 25 {
		w.until(time.Minute+time.Duration(i)*time.Second).hears(late, ours[0])
	}
	w.until(2*time.Minute).did(t, "0s probe", "8s probe",
		"1m0.3s report 02:00:00:00:00:09 [192.0.2.1] 3", "1m0.3s defend [192.0.2.1]",
		"1m10.8s defend [192.0.2.1]", "1m21.3s defend [192.0.2.1]", "1m31.8s defend [192.0.2.1]")
}

// TestVigilGrace: the previous holder may answer in the grace. If it still does
// afterwards, it is reported, and not fought.
func TestVigilGrace(t *testing.T) {
	w := newWatch().until(0).hears(early, ours...).until(5*time.Second).hears(early, ours[0])
	w.until(time.Minute).did(t, "0s probe", "8s probe")

	w = newWatch().until(0).hears(early, ours...).until(grace).hears(early, ours...)
	w.until(time.Minute).did(t, "0s probe", "8s probe", "8.3s report 02:00:00:00:00:08 [192.0.2.1 2001:db8::1] 2")
}

// TestVigilReportsSeldom: who goes on is reported every ten minutes, who comes
// back at once.
func TestVigilReportsSeldom(t *testing.T) {
	w := newWatch().until(0).hears(early, ours[0])
	for at := grace; at < 15*time.Minute; at += 30 * time.Second {
		w.until(at).hears(early, ours[0])
	}
	w.until(20*time.Minute).hears(early, ours[1]).until(30*time.Minute).did(t, "0s probe", "8s probe",
		"8.3s report 02:00:00:00:00:08 [192.0.2.1] 1", "10m8s probe",
		"10m38.3s report 02:00:00:00:00:08 [192.0.2.1] 21",
		"20m0.3s report 02:00:00:00:00:08 [192.0.2.1 2001:db8::1] 9", "20m0.3s defend [2001:db8::1]", "20m8s probe")
}

// TestVigilSuspended: a split has its own report, and what is claimed in it is
// contradicted; what it leaves behind has another grace, and who claims an address right
// after it, as the master of one more moment does, is answered at the end of that.
func TestVigilSuspended(t *testing.T) {
	w := newWatch().until(time.Minute).hears(late, ours[0]) // heard before the advertisement was
	w.Suspend(w.now, true)
	w.until(2*time.Minute).hears(late, ours[0])
	w.Suspend(w.now, false)
	w.hears(late, ours[0]).until(3*time.Minute).did(t, "0s probe", "8s probe", "1m0.02s defend [192.0.2.1]", "2m0s probe", "2m8s probe", "2m8s defend [192.0.2.1]")
	w.log = nil
	w.hears(late, ours[0]).until(4*time.Minute).did(t, "3m0.3s report 02:00:00:00:00:09 [192.0.2.1] 1", "3m0.3s defend [192.0.2.1]")
}

// TestVigilAnswersTheSilent: a master of a moment, whose adverts were lost, has left
// clients with its MAC; it is answered, in the grace at its end. One that answers in
// turn is not fought, until it was silent for a minute.
func TestVigilAnswersTheSilent(t *testing.T) {
	w := newWatch().until(insistence).hears(early, ours[0]).until(20*time.Second).hears(early, ours...)
	w.until(time.Minute).did(t, "0s probe", "8s probe", "8s defend [192.0.2.1]",
		"20.3s report 02:00:00:00:00:08 [192.0.2.1 2001:db8::1] 2", "20.3s defend [192.0.2.1 2001:db8::1]")

	w = newWatch().until(5*time.Second).hears(early, ours[0]).until(grace+insistence/2).hears(early, ours[0])
	for at := 30 * time.Second; at <= 5*time.Minute; at += 30 * time.Second {
		w.until(at).hears(early, ours[0])
	}
	w.log = nil
	w.until(6*time.Minute).hears(early, ours[0]).until(7*time.Minute).did(t,
		"6m0.3s report 02:00:00:00:00:08 [192.0.2.1] 11", "6m0.3s defend [192.0.2.1]")
}

// TestVigilContradicts: the last word after every burst of another master is ours,
// by one announcement; also after one that does not end.
func TestVigilContradicts(t *testing.T) {
	w := newWatch().until(time.Minute-time.Second).hears(late, ours[1]) // long before
	w.until(time.Minute)
	w.Suspend(w.now, true)
	w.log = nil
	burst := func(at, length time.Duration) {
		for end := at + length; at < end; at += 10 * time.Millisecond {
			w.until(at).hears(late, ours[0], netip.MustParseAddr("192.0.2.2"))
		}
	}
	burst(time.Minute, 50*time.Millisecond)
	burst(time.Minute+5*time.Second, 110*time.Millisecond)
	w.until(2*time.Minute).hears(late, ours...).until(3*time.Minute).did(t,
		"1m0.06s defend [192.0.2.1]", "1m5.1s defend [192.0.2.1]", "1m5.12s defend [192.0.2.1]", "2m0.02s defend [192.0.2.1 2001:db8::1]")
}

// TestVigilContradictsSeldom: whatever is claimed, three times and then every five
// seconds; the last word stays ours.
func TestVigilContradictsSeldom(t *testing.T) {
	w := newWatch()
	w.Suspend(w.now, true)
	for i := range 60_000 {
		w.until(time.Duration(i)*time.Millisecond).hears(MAC{2, 1, 0, byte(i >> 16), byte(i >> 8), byte(i)}, ours...)
	}
	w.until(time.Hour)
	if n := len(w.log); n < 14 || n > 15 || len(w.strangers) > 0 {
		t.Errorf("in a minute: %d, %q; %d strangers are remembered", n, w.log, len(w.strangers))
	}
	if last := w.log[len(w.log)-1]; last < "1m0" {
		t.Errorf("the last word after the flood: %s", last)
	}
}

func TestVigilMindsItsOwn(t *testing.T) {
	newWatch().until(time.Minute).hears(late, netip.MustParseAddr("192.0.2.2"), netip.Addr{}).until(2*time.Minute).did(t, "0s probe", "8s probe")
}

// TestVigilFlood: forged MACs neither fill the memory nor the log, and provoke no
// more announcements than one.
func TestVigilFlood(t *testing.T) {
	w := newWatch().until(grace)
	w.log = nil
	for i := range 60_000 { // a minute
		w.until(grace + time.Duration(i)*time.Millisecond)
		w.hears(MAC{2, 1, 0, byte(i >> 16), byte(i >> 8), byte(i)}, ours...)
		if len(w.strangers) > maxStrangers {
			t.Fatalf("%d strangers are remembered", len(w.strangers))
		}
	}
	count := map[string]int{}
	for _, line := range w.log {
		var at, what string
		fmt.Sscan(line, &at, &what)
		count[what]++
	}
	if count["report"] > reportBurst+2 || count["defend"] > 7 {
		t.Errorf("in a minute: %v", count)
	}
}
