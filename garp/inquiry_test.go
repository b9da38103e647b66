package garp

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// inquest is an inquiry on which time passes by itself: what it asks and says is written
// down.
type inquest struct {
	*Inquiry
	now     time.Time
	routers map[MAC]bool
	log     []string
	frames  int // addresses that were asked for
}

func newInquest(interval time.Duration, addrs ...netip.Addr) *inquest {
	i := &inquest{now: vigilStart, routers: map[MAC]bool{}}
	i.Inquiry = NewInquiry(addrs, interval, func(m MAC) bool { return i.routers[m] })
	return i
}

// until lets time pass up to so long after the start.
func (i *inquest) until(after time.Duration) *inquest {
	elapse(&i.now, vigilStart.Add(after), i.Deadline, func() { i.note(i.Due(i.now)) })
	return i
}

func (i *inquest) note(d Question) {
	at := i.now.Sub(vigilStart)
	i.frames += len(d.Addrs)
	if d.Routers || len(d.Addrs) > 0 {
		i.log = append(i.log, fmt.Sprintf("%v routers %t %v", at, d.Routers, d.Addrs))
	}
	for _, c := range d.Conflicts {
		i.log = append(i.log, fmt.Sprintf("%v report %v %v %d", at, c.MAC, c.Addrs, c.Count))
	}
}

func (i *inquest) begins() *inquest {
	i.Begin(i.now)
	return i
}

func (i *inquest) hears(mac MAC, addrs ...netip.Addr) *inquest {
	for _, a := range addrs {
		i.Heard(i.now, Claim{a, mac})
	}
	return i
}

func (i *inquest) did(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, i.log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	i.log = nil
}

func (i *inquest) taken(t *testing.T, want bool) *inquest {
	t.Helper()
	if got := i.Taken(i.now); got != want {
		t.Errorf("at %v: taken %t, want %t", i.now.Sub(vigilStart), got, want)
	}
	return i
}

// TestInquiryAsksTwiceAndEnds: who is alone with its addresses asks for them no more than
// that, and forgets it.
func TestInquiryAsksTwiceAndEnds(t *testing.T) {
	i := newInquest(time.Second, ours...)
	i.until(time.Hour).did(t)
	i = newInquest(time.Second, ours...).begins()
	i.until(time.Minute).taken(t, false).did(t,
		"0s routers true [192.0.2.1 2001:db8::1]",
		"125ms routers true [192.0.2.1 2001:db8::1]")
	if i.Active() || !i.Deadline().IsZero() {
		t.Error("it is not over")
	}
}

// TestInquiryFindsTheStranger: in three eighths of an interval, and tells of it once; it goes
// on asking for what the stranger has, and notes when that is silent.
func TestInquiryFindsTheStranger(t *testing.T) {
	i := newInquest(time.Second, ours...).begins()
	i.until(time.Millisecond).hears(late, ours[0]).taken(t, false)
	i.until(126*time.Millisecond).hears(late, ours[0]).taken(t, false)
	i.until(374*time.Millisecond).taken(t, false)
	i.until(375*time.Millisecond).taken(t, true).did(t,
		"0s routers true [192.0.2.1 2001:db8::1]",
		"125ms routers true [192.0.2.1 2001:db8::1]",
		"250ms routers true [192.0.2.1]",
		"375ms report 02:00:00:00:00:09 [192.0.2.1] 2")
	for second := 1; second <= 10; second++ {
		i.until(time.Duration(second) * time.Second)
		i.begins().hears(late, ours[0]).taken(t, true)
	}
	for _, line := range i.log {
		if !strings.HasSuffix(line, "routers true [192.0.2.1]") {
			t.Errorf("%s", line)
		}
	}
	if len(i.log) != 9 {
		t.Errorf("%d questions in ten seconds: %q", len(i.log), i.log)
	}
	i.until(12 * time.Second).begins()
	i.until(12900*time.Millisecond).taken(t, true)
	i.until(13250*time.Millisecond).taken(t, false)
	i.frames = 0
	if i.begins().until(14 * time.Second); i.frames != 2*len(ours) {
		t.Errorf("%d addresses were asked for when it was gone, want all twice", i.frames)
	}
}

// TestRouterIsNoStranger: a dead master answers for the addresses, and for its own,
// maybe a moment later.
func TestRouterIsNoStranger(t *testing.T) {
	i := newInquest(time.Second, ours...).begins()
	i.until(time.Millisecond).hears(early, ours...)
	i.until(200 * time.Millisecond)
	i.routers[early] = true
	i.until(time.Second).taken(t, false).hears(early, ours...)
	i.until(3*time.Second).taken(t, false)
	for _, line := range i.log {
		if strings.Contains(line, "report") {
			t.Error(line)
		}
	}
	i.hears(late, ours[1])
	i.routers[late] = true // what is known last counts
	i.until(4*time.Second).taken(t, false)
}

// TestLateStrangerIsNotJudgedBeforeTheRoutersAreAsked: a router that nobody knew may have
// come up meanwhile.
func TestLateStrangerIsNotJudgedBeforeTheRoutersAreAsked(t *testing.T) {
	i := newInquest(time.Second, ours...).begins()
	i.until(400*time.Millisecond).hears(late, ours[0])
	i.until(1499*time.Millisecond).taken(t, false)
	i.until(1500*time.Millisecond).taken(t, true).did(t,
		"0s routers true [192.0.2.1 2001:db8::1]",
		"125ms routers true [192.0.2.1 2001:db8::1]",
		"1.25s routers true [192.0.2.1]",
		"1.375s routers true [192.0.2.1]",
		"1.5s report 02:00:00:00:00:09 [192.0.2.1] 1")
}

// TestNobodyIsJudgedBeforeARouterIsAskedThatWasMetMeanwhile: a new master announces its
// addresses before its first advert is heard.
func TestNobodyIsJudgedBeforeARouterIsAskedThatWasMetMeanwhile(t *testing.T) {
	i := newInquest(time.Second, ours[0]).begins()
	i.until(time.Millisecond).hears(late, ours[0])
	i.until(370 * time.Millisecond)
	i.Met(i.now)
	i.until(619*time.Millisecond).taken(t, false)
	i.until(620*time.Millisecond).taken(t, true).did(t,
		"0s routers true [192.0.2.1]",
		"125ms routers true [192.0.2.1]",
		"250ms routers true [192.0.2.1]",
		"370ms routers true [192.0.2.1]",
		"495ms routers true [192.0.2.1]",
		"620ms report 02:00:00:00:00:09 [192.0.2.1] 1")
	i.Met(i.now)
	i.taken(t, true) // as it was told
}

// TestStandingStillIsNoProof: who could not read the routers' answer asks them again.
func TestStandingStillIsNoProof(t *testing.T) {
	i := newInquest(time.Second, ours[0]).begins()
	i.until(time.Millisecond).hears(early, ours[0])
	i.until(130 * time.Millisecond) // and then it stands still
	i.now = i.now.Add(10 * time.Second)
	i.begins().hears(early, ours[0])
	i.note(i.Due(i.now))
	i.taken(t, false)
	i.routers[early] = true
	i.until(12*time.Second).taken(t, false)
	for _, line := range i.log {
		if strings.Contains(line, "report") {
			t.Error(line)
		}
	}
}

// TestInquiryKeepsToItsBudget: whatever adverts do, and however many addresses there are.
func TestInquiryKeepsToItsBudget(t *testing.T) {
	many := make([]netip.Addr, 1000)
	for i := range many {
		many[i] = netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
	}
	i := newInquest(10*time.Millisecond, many...)
	for ms := range 60_000 / 25 { // overdue every 25 ms for a minute
		i.until(time.Duration(25*ms) * time.Millisecond).begins()
	}
	if i.frames < 2*len(many) || i.frames > 2*(inquiryBurst+6)*len(many) {
		t.Errorf("%d addresses were asked for in a minute, of %d", i.frames, len(many))
	}
	for turn := range slices.Values(i.log) {
		if n := len(strings.Fields(turn)) - 3; n > round {
			t.Errorf("%d addresses at once", n)
		}
	}
	first := newInquest(10*time.Millisecond, many...).begins().until(2 * rounds * time.Second)
	if first.frames != 2*len(many) || len(first.log) != 16 {
		t.Errorf("%d addresses were asked for in %d turns, want 2000 in 16", first.frames, len(first.log))
	}
	if first.until(1017 * time.Millisecond); !strings.HasPrefix(first.log[8], "1s ") {
		t.Errorf("the second time begins at %q, want after a second", first.log[8][:10])
	}
}

// TestForgedStrangers fill neither the memory nor the log.
func TestForgedStrangers(t *testing.T) {
	i := newInquest(time.Second, ours...).begins()
	for n := range 10_000 {
		i.until(time.Duration(n) * time.Millisecond).begins()
		i.hears(MAC{2, 1, 0, 0, byte(n >> 8), byte(n)}, ours[0])
	}
	i.until(10 * time.Second)
	reports := 0
	for _, line := range i.log {
		if strings.Contains(line, "report") {
			reports++
		}
	}
	if len(i.suspects) > maxStrangers || len(i.Inquiry.told) > maxStrangers || reports == 0 || reports > reportBurst+1 {
		t.Errorf("%d suspects, %d told, %d reports", len(i.suspects), len(i.Inquiry.told), reports)
	}
}

// TestStrangerIsToldAgain only after a while, in another inquiry too; and an inquiry that
// is over knows nobody.
func TestStrangerIsToldAgain(t *testing.T) {
	i := newInquest(time.Second, ours[0])
	reports := func(at time.Duration) (n int) {
		i.until(at).begins()
		i.until(at+time.Millisecond).hears(late, ours[0])
		i.until(at+time.Second).taken(t, true)
		for _, line := range i.log {
			if strings.Contains(line, "report") {
				n++
			}
		}
		i.log = nil
		i.End()
		i.taken(t, false)
		return n
	}
	if a, b, c := reports(time.Second), reports(30*time.Second), reports(2*time.Minute); a != 1 || b != 0 || c != 1 {
		t.Errorf("reports: %d, %d half a minute later, %d after two; want 1, 0, 1", a, b, c)
	}
}
