package vrrp_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

var (
	addrA = netip.MustParseAddr("192.0.2.11")
	addrB = netip.MustParseAddr("192.0.2.12")
	vip   = netip.MustParseAddr("192.0.2.100")
)

// node is a router with a recording host. Everything it records is written on
// the router's goroutine and read after synctest.Wait.
type node struct {
	*vrrp.Router
	lan    *vrrptest.LAN
	source netip.Addr
	port   *vrrptest.Port

	mu       sync.Mutex
	log      []string
	held     bool
	claimErr error
	claiming time.Duration // how long a claim takes
	sendErr  error
	told     func(string) // what it notes is told here too
	scarce   []vrrp.Scarcity
	stall    time.Duration
	round    time.Time // when addresses are to be announced; zero: never
	stop     context.CancelFunc
	stopped  chan struct{}
	still    int // reports of a split that lasts
}

func (n *node) note(s string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, s)
	if n.told != nil {
		n.told(s)
	}
}

// setStall makes the next Repair take that long.
func (n *node) setStall(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stall = d
}

func (n *node) Repair(time.Time) error {
	n.note("repair")
	n.mu.Lock()
	d, err := n.stall, n.claimErr
	n.stall = 0
	n.mu.Unlock()
	time.Sleep(d)
	return err
}

func (n *node) hold(held bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = held
}

func (n *node) holds() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.held
}

// since returns what a node recorded after a mark, mark where it stands.
func (n *node) since(mark int) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.log[mark:])
}

func (n *node) mark() int { return len(n.since(0)) }

func (n *node) Claim() error {
	if n.claimErr != nil {
		return n.claimErr
	}
	n.mu.Lock()
	takes := n.claiming
	n.mu.Unlock()
	time.Sleep(takes)
	n.hold(true)
	n.note("claim")
	return nil
}
func (n *node) Reannounce(time.Time) { n.note("reannounce") }
func (n *node) Release() error       { n.hold(false); n.note("release"); return nil }
func (n *node) Announce(time.Time)   { n.note("announce") }

func (n *node) Silence()             { n.setRound(time.Time{}); n.note("silence") }
func (n *node) Tick(time.Time) error { n.setRound(time.Time{}); n.note("round"); return nil }
func (n *node) Deadline() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.round
}

func (n *node) setRound(at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.round = at
}

func (n *node) setScarcity(s vrrp.Scarcity) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.scarce = append(n.scarce, s)
}

// scarcities are those reported so far.
func (n *node) scarcities() []vrrp.Scarcity {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.scarce)
}

func (n *node) Split(over bool, lasted time.Duration, peer netip.Addr, _ uint8) {
	switch {
	case over:
		n.note("split over after " + lasted.String() + ": " + peer.String())
	case lasted == 0:
		n.note("split: " + peer.String())
	default:
		n.mu.Lock()
		n.still++
		n.mu.Unlock()
	}
}
func (n *node) Conceded(c vrrp.Concession)             { n.note("concede:" + c.Peer.String()) }
func (n *node) Late(time.Duration)                     { n.note("late") }
func (n *node) PathChanged(c vrrp.PathChange)          { n.notePath(c) }
func (n *node) Scarce(s vrrp.Scarcity)                 { n.setScarcity(s) }
func (n *node) Changed(t vrrp.Transition)              { n.note(t.To.String() + ":" + t.Reason) }
func (n *node) Discarded(d vrrp.Discard, _ netip.Addr) { n.note("discard:" + string(d)) }
func (n *node) Mismatched(what string, _ vrrp.Packet)  { n.note("mismatch:" + what) }
func (n *node) Troubled(action string, _ error)        { n.note("trouble:" + action) }

func (n *node) router(priority uint8, startDelay time.Duration) *vrrp.Router {
	return vrrp.NewRouter(vrrp.Config{Version: 3, Priority: priority, Interval: time.Second}, vrrp.Member{
		Version: 3, VRID: 51, Advertised: []netip.Addr{vip}, StartDelay: startDelay, Addresses: n, Observer: n, Dial: n.dial,
	})
}

// stats are the counters while the router runs.
func (n *node) stats() vrrp.Stats { return n.Stats(n.stopped)[0] }

func (n *node) dial(l vrrp.Link) (vrrp.Conn, error) {
	n.port = n.lan.Dial(51, l.Source)
	return n.port, nil
}

func start(t *testing.T, lan *vrrptest.LAN, source netip.Addr, priority uint8) *node {
	t.Helper()
	n := &node{lan: lan, source: source, stopped: make(chan struct{})}
	n.Router = n.router(priority, 0)
	ctx, cancel := context.WithCancel(t.Context())
	n.stop = cancel
	n.SetLinks(vrrp.Link{Index: 2, Source: source})
	go func() { defer close(n.stopped); n.Run(ctx) }()
	synctest.Wait()
	return n
}

func sleep(d time.Duration) { time.Sleep(d); synctest.Wait() }

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func pair(t *testing.T) (*vrrptest.LAN, *node, *node) {
	lan := vrrptest.NewLAN()
	a, b := start(t, lan, addrA, 150), start(t, lan, addrB, 100)
	sleep(5 * time.Second)
	if !a.holds() || b.holds() {
		t.Fatalf("after the election a holds: %v, b holds: %v; want only a", a.holds(), b.holds())
	}
	return lan, a, b
}

func TestStopIsMakeBeforeBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		expect(t, "a's way to master", a.since(0), "silence", "release", "backup:startup", "claim", "announce", "master:master_silent")
		mark, began := a.mark(), time.Now()
		a.stop()
		sleep(609 * time.Millisecond)
		if !a.holds() || b.holds() {
			t.Error("before Skew_Time is over the old master must still answer")
		}
		<-a.stopped
		if !b.holds() || a.holds() {
			t.Error("a must hold until b does")
		}
		if d := time.Since(began); d < 609*time.Millisecond || d > 611*time.Millisecond {
			t.Errorf("hand-over took %v, want Skew_Time, 609.375 ms", d)
		}
		expect(t, "a's leaving", a.since(mark), "silence", "leaving:shutdown", "release", "init:shutdown")
		b.stop()
		<-b.stopped
	})
}

func TestStopAloneTakesOneInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, vrrptest.NewLAN(), addrA, 150)
		sleep(5 * time.Second)
		began := time.Now()
		a.stop()
		<-a.stopped
		if d := time.Since(began); d != time.Second || a.holds() {
			t.Errorf("left after %v, holding: %v; want 1s, false", d, a.holds())
		}
	})
}

func TestPreemption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		b := start(t, lan, addrB, 100)
		sleep(5 * time.Second)
		a := start(t, lan, addrA, 150)
		sleep(5 * time.Second)
		if !a.holds() || b.holds() {
			t.Error("the higher priority must take over")
		}
		expect(t, "b's way", b.since(6), "silence", "release", "backup:higher_priority")
		b.stop()
		a.stop()
		<-a.stopped
		<-b.stopped
	})
}

// TestQueuedAdvertBeatsTheTimer gives a backup an advert that it is not woken
// for, as after a pause: when its timer fires it must look before it claims.
func TestQueuedAdvertBeatsTheTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan, a, b := pair(t)
		lan.Lose(func(from, to netip.Addr) bool { return true })
		mark := b.mark()
		sleep(2 * time.Second)
		b.port.Queue(vrrp.Packet{Source: addrA, Advertisement: vrrp.Advertisement{
			VRID: 51, Priority: 150, Interval: time.Second, Addresses: []netip.Addr{vip}}})
		sleep(3 * time.Second)
		expect(t, "b, that had a packet waiting", b.since(mark))
		sleep(3 * time.Second)
		expect(t, "b, that had none", b.since(mark), "claim", "announce", "master:master_silent")
		a.stop()
		b.stop()
		<-a.stopped
		<-b.stopped
	})
}

// TestQueuedAdvertBeatsTheAnnouncement: who has lost the addresses, though it has not
// heard of it yet, does not announce them after the one that has them.
func TestQueuedAdvertBeatsTheAnnouncement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, vrrptest.NewLAN(), addrA, 150)
		sleep(10 * time.Second)
		mark := a.mark()
		sleep(1100*time.Millisecond - time.Since(a.stats().Since)%time.Second) // after an advert
		a.setRound(time.Now().Add(1500 * time.Millisecond))
		sleep(1200 * time.Millisecond)
		a.port.Queue(vrrp.Packet{Source: addrB, Advertisement: vrrp.Advertisement{
			VRID: 51, Priority: 200, Interval: time.Second, Addresses: []netip.Addr{vip}}})
		sleep(500 * time.Millisecond)
		expect(t, "a master, that had a better one's advert waiting", a.since(mark), "silence", "release", "backup:higher_priority")
		a.stop()
		<-a.stopped
	})
}

func TestPartitionHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan, a, b := pair(t)
		lan.Lose(func(from, to netip.Addr) bool { return true })
		sleep(5 * time.Second)
		if !a.holds() || !b.holds() {
			t.Fatal("a partition has a master on each side")
		}
		lan.Lose(nil)
		mark := a.mark()
		sleep(time.Second)
		if got := a.since(mark); len(got) < 2 || got[1] != "split: 192.0.2.12" {
			t.Errorf("a did %q, want it to report the second master", got)
		}
		sleep(5 * time.Second)
		if got := a.since(mark); got[len(got)-1] != "split over after 0s: 192.0.2.12" {
			t.Errorf("a did %q, want it to report the end of the split", got)
		}
		if !a.holds() || b.holds() {
			t.Error("after healing only the higher priority may hold")
		}
		if !slices.Contains(a.since(mark), "reannounce") {
			t.Errorf("the survivor did not announce again: %q", a.since(mark))
		}
		a.stop()
		b.stop()
		<-a.stopped
		<-b.stopped
	})
}

func TestLeftoversAreHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		b := start(t, lan, addrB, 100)
		sleep(100 * time.Millisecond)
		a := &node{lan: lan, source: addrA, stopped: make(chan struct{})}
		a.Router = a.router(150, 0)
		a.HandOver()
		ctx, cancel := context.WithCancel(t.Context())
		a.SetLinks(vrrp.Link{Index: 2, Source: addrA})
		go func() { defer close(a.stopped); a.Run(ctx) }()
		sleep(609 * time.Millisecond)
		expect(t, "a, before b is heard", a.since(0), "silence", "leaving:leftovers", "claim")
		sleep(time.Millisecond)
		if !b.holds() {
			t.Error("b must take over Skew_Time after the resignation")
		}
		expect(t, "a, when b was heard", a.since(3), "release", "init:shutdown", "silence", "release", "backup:startup")
		cancel()
		<-a.stopped
		b.stop()
		<-b.stopped
	})
}

func TestClaimFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		b := start(t, lan, addrB, 100)
		sleep(5 * time.Second)
		bad := &node{lan: lan, source: addrA, claimErr: errors.New("no"), stopped: make(chan struct{})}
		bad.Router = bad.router(150, 0)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(bad.stopped); bad.Run(ctx) }()
		bad.SetLinks(vrrp.Link{Index: 2, Source: addrA})
		sleep(4 * time.Second)
		expect(t, "a node that cannot claim", bad.since(0), "silence", "release", "backup:startup",
			"trouble:claim", "master:preempt", "silence", "release", "fault:claim")
		if !b.holds() {
			t.Error("b must stay master")
		}
		cancel()
		<-bad.stopped
		b.stop()
		<-b.stopped
	})
}

func TestLinkFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		mark := a.mark()
		a.SetLinks(vrrp.Link{Index: 2, Fault: "link_down"})
		synctest.Wait()
		expect(t, "link down", a.since(mark), "silence", "release", "fault:link_down")
		sleep(time.Second)
		if !b.holds() {
			t.Error("b must take over Skew_Time after the priority-0 advert")
		}
		before := a.stats()
		mark = a.mark()
		a.SetLinks(vrrp.Link{Index: 2, Fault: "interface_missing"})
		synctest.Wait()
		expect(t, "another fault", a.since(mark), "fault:interface_missing")
		after := a.stats()
		if after.Reason != "interface_missing" || after.Transitions != before.Transitions || after.Since != before.Since {
			t.Errorf("a fault that turned into another: %+v, before %+v", after, before)
		}
		mark = a.mark()
		a.SetLinks(vrrp.Link{Index: 7, Source: addrA})
		synctest.Wait()
		expect(t, "link back, as another interface", a.since(mark), "silence", "release", "backup:fault_cleared")
		sleep(5 * time.Second)
		mark = a.mark()
		a.SetLinks(vrrp.Link{Index: 7, Source: addrA})
		synctest.Wait()
		expect(t, "a change of the addresses while master", a.since(mark), "repair")
		mark = a.mark()
		a.SetLinks(vrrp.Link{Index: 9, Source: addrA})
		synctest.Wait()
		expect(t, "interface made anew while master", a.since(mark), "silence", "release", "fault:link_changed",
			"silence", "release", "backup:fault_cleared")
		a.stop()
		b.stop()
		<-a.stopped
		<-b.stopped
	})
}

// TestStalledMasterLetsGoFirst stalls a master's loop for longer than the down
// interval, with a change of its link and a timer waiting when it goes on.
func TestStalledMasterLetsGoFirst(t *testing.T) {
	for range 20 { // the loop takes either first
		synctest.Test(t, func(t *testing.T) {
			_, a, b := pair(t)
			mark := a.mark()
			a.setStall(10 * time.Second)
			a.SetLinks(vrrp.Link{Index: 2, Source: addrA})
			sleep(time.Second)
			a.SetLinks(vrrp.Link{Index: 2, Source: addrA})
			sleep(9*time.Second + time.Millisecond)
			got := a.since(mark)
			expect(t, "a, after its stall", got[:min(5, len(got))], "repair", "silence", "release", "backup:stalled", "late")
			if slices.Contains(got[1:], "repair") || !b.holds() {
				t.Errorf("a did %q; b holds: %v", got, b.holds())
			}
			a.stop()
			b.stop()
			<-a.stopped
			<-b.stopped
		})
	}
}

// TestClaimingTakesTime: a claim that takes longer than the peers wait, as one of a
// thousand addresses may at a short interval, is no sleep.
func TestClaimingTakesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		a := start(t, lan, addrA, 150)
		a.mu.Lock()
		a.claiming = 5 * time.Second
		a.mu.Unlock()
		sleep(20 * time.Second)
		if got := a.since(0); !a.holds() || slices.Contains(got, "backup:stalled") {
			t.Errorf("did %q", got)
		}
		a.stop()
		<-a.stopped
	})
}

// slowPort takes its time over one advert, as for a process that is stopped between
// deciding to send and sending.
type slowPort struct {
	*vrrptest.Port
	stall chan time.Duration
}

func (p slowPort) Send(a vrrp.Advertisement) error {
	select {
	case d := <-p.stall:
		time.Sleep(d)
	default:
	}
	return p.Port.Send(a)
}

// TestSleepOverAnAdvertIsASleep: a master that slept between deciding to advertise
// and doing it lets go like any other that slept.
func TestSleepOverAnAdvertIsASleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		a := &node{lan: lan, source: addrA, stopped: make(chan struct{})}
		stall := make(chan time.Duration, 1)
		a.Router = vrrp.NewRouter(vrrp.Config{Version: 3, Priority: 150, Interval: time.Second}, vrrp.Member{
			Version: 3, VRID: 51, Advertised: []netip.Addr{vip}, Addresses: a, Observer: a,
			Dial: func(l vrrp.Link) (vrrp.Conn, error) { return slowPort{lan.Dial(51, l.Source), stall}, nil },
		})
		ctx, cancel := context.WithCancel(t.Context())
		a.SetLinks(vrrp.Link{Index: 2, Source: addrA})
		go func() { defer close(a.stopped); a.Run(ctx) }()
		sleep(5 * time.Second)
		mark := a.mark()
		stall <- 10 * time.Second
		sleep(12 * time.Second)
		if got := a.since(mark); !slices.Contains(got, "backup:stalled") {
			t.Errorf("did %q", got)
		}
		cancel()
		<-a.stopped
	})
}

// TestOneWayLossIsReported: a deaf backup claims what a live master holds. Only
// the master can know.
func TestOneWayLossIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan, a, b := pair(t)
		lan.Lose(func(_, to netip.Addr) bool { return to == addrB })
		mark := a.mark()
		sleep(15 * time.Second)
		lan.Lose(nil)
		sleep(10 * time.Second)
		var splits []string
		for _, s := range a.since(mark) {
			if strings.HasPrefix(s, "split") {
				splits = append(splits, s)
			}
		}
		if len(splits) != 2 || splits[0] != "split: 192.0.2.12" || !strings.HasPrefix(splits[1], "split over after 1") {
			t.Errorf("a reported %q", splits)
		}
		a.mu.Lock()
		if a.still < 8 {
			t.Errorf("a reported the split %d times while it lasted", a.still)
		}
		a.mu.Unlock()
		if !a.holds() || b.holds() {
			t.Errorf("a holds: %v, b holds: %v", a.holds(), b.holds())
		}
		a.stop()
		b.stop()
		<-a.stopped
		<-b.stopped
	})
}

func TestStartDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &node{lan: vrrptest.NewLAN(), source: addrA, stopped: make(chan struct{})}
		a.Router = a.router(150, 10*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		a.SetLinks(vrrp.Link{Index: 2, Source: addrA})
		go func() { defer close(a.stopped); a.Run(ctx) }()
		sleep(9999 * time.Millisecond)
		expect(t, "before the delay is over", a.since(0))
		sleep(2 * time.Millisecond)
		expect(t, "after it", a.since(0), "silence", "release", "backup:startup")
		a.SetLinks(vrrp.Link{Index: 2, Fault: "link_down"})
		sleep(time.Second)
		mark := a.mark()
		a.SetLinks(vrrp.Link{Index: 2, Source: addrA})
		sleep(9 * time.Second)
		expect(t, "link back, before the delay is over", a.since(mark))
		sleep(2 * time.Second)
		expect(t, "and after", a.since(mark), "silence", "release", "backup:fault_cleared")
		cancel()
		<-a.stopped
	})
}

func TestStatsAndPriority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		a.SetPriority(50)
		sleep(10 * time.Second)
		s := b.stats()
		if s.State != vrrp.Master || s.Master != addrB || s.Transitions != 2 || s.Sent == 0 {
			t.Errorf("b after a lowered its priority: %+v", s)
		}
		if s := a.stats(); s.State != vrrp.Backup || s.Master != addrB || s.Priority != 50 || s.Received == 0 {
			t.Errorf("a: %+v", s)
		} else if g := s.AdvertGap; g.Count < 5 || g.Max != time.Second || s.WakeupDelay.Count == 0 {
			t.Errorf("a heard at %+v and woke up at %+v", g, s.WakeupDelay)
		}
		a.stop()
		b.stop()
		<-a.stopped
		<-b.stopped
	})
}

// TestADay lets a pair live a simulated day: nothing may happen.
func TestADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		ma, mb := a.mark(), b.mark()
		before := a.stats()
		sleep(24 * time.Hour)
		after := a.stats()
		if n := after.Sent - before.Sent; n != 86400 {
			t.Errorf("%d advertisements a day, want 86400", n)
		}
		if len(a.since(ma))+len(b.since(mb)) != 0 {
			t.Errorf("a did %q, b did %q", a.since(ma), b.since(mb))
		}
		a.stop()
		b.stop()
		<-a.stopped
		<-b.stopped
	})
}

// TestFloodOfMastersIsFewWords: whoever finds a queue full of adverts that it must
// follow, each of another master, hears a few of them and no more.
func TestFloodOfMastersIsFewWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		before := b.stats()
		from := netip.MustParseAddr("192.0.2.100")
		for i := range 60 {
			from = from.Next()
			b.port.Queue(vrrp.Packet{Source: from, Checksum: vrrp.RFC5798, Advertisement: vrrp.Advertisement{VRID: 51, Priority: uint8(190 + i), Interval: time.Second, Addresses: []netip.Addr{vip}}})
		}
		sleep(2 * time.Second)
		s := b.stats()
		if received := s.Received - before.Received; received < 60 {
			t.Errorf("%d packets were received", received)
		}
		if heard := s.AdvertGap.Count - before.AdvertGap.Count; heard < 8 || heard > 12 {
			t.Errorf("the machine heard %d adverts", heard)
		}
		a.stop()
		b.stop()
		<-a.stopped
		<-b.stopped
	})
}
