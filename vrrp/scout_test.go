package vrrp_test

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// scout says what the test says, and writes down what it is told.
type scout struct {
	mu     sync.Mutex
	began  time.Time
	asked  []time.Duration // since began
	met    []netip.Addr
	reason string
}

func (s *scout) Met(router netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.met = append(s.met, router)
}

func (s *scout) Ask() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, time.Since(s.began))
}

func (s *scout) Taken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

func (s *scout) find(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reason = reason
}

// questions are when it was asked since they were taken last; time begins anew.
func (s *scout) questions() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked, s.began = nil, time.Now()
	return asked
}

// scouted is a running node with a scout. What prepare does, it does before.
func scouted(t *testing.T, lan *vrrptest.LAN, prepare ...func(*vrrp.Router)) (*node, *scout) {
	t.Helper()
	n, s := &node{lan: lan, source: addrB, stopped: make(chan struct{})}, &scout{began: time.Now()}
	n.Router = vrrp.NewRouter(vrrp.Config{Version: 3, Priority: 100, Interval: time.Second}, vrrp.Member{
		Version: 3, VRID: 51, Advertised: []netip.Addr{vip}, Addresses: n, Scout: s, Observer: n, Dial: n.dial,
	})
	for _, do := range prepare {
		do(n.Router)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n.stop = cancel
	n.SetLinks(vrrp.Link{Index: 2, Source: addrB})
	go func() { defer close(n.stopped); n.Run(ctx) }()
	synctest.Wait()
	return n, s
}

func (n *node) end() {
	n.stop()
	<-n.stopped
}

// advert is one of lan's other routers.
func advert(priority uint8) vrrp.Advertisement {
	return vrrp.Advertisement{VRID: 51, Priority: priority, Interval: time.Second, Addresses: []netip.Addr{vip}}
}

func expectTimes(t *testing.T, what string, got []time.Duration, want ...time.Duration) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: asked at %v, want %v", what, got, want)
	}
}

// TestWhenABackupAsks: two and a half intervals after the last advert, and at once after a
// resignation; once before each end of the down timer; not for one lost advert, and never
// as master.
func TestWhenABackupAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		b, s := scouted(t, lan)
		other := lan.Dial(51, addrA)
		sleep(3 * time.Second)
		expectTimes(t, "after the start", s.questions(), 2500*time.Millisecond)
		for range 5 {
			other.Send(advert(150))
			sleep(2 * time.Second) // every other one is lost
		}
		expectTimes(t, "with a master", s.questions())
		other.Send(advert(150))
		synctest.Wait()
		s.questions()
		sleep(3500 * time.Millisecond)
		expectTimes(t, "of a master that falls silent", s.questions(), 2500*time.Millisecond)
		sleep(5 * time.Minute)
		if !b.holds() {
			t.Fatal("it is no master")
		}
		expectTimes(t, "as master", s.questions())
		other.Send(advert(200))
		synctest.Wait()
		other.Send(advert(0))
		synctest.Wait()
		sleep(time.Second)
		expectTimes(t, "of a master that resigns", s.questions(), 0)
		if got := s.met; !slices.Equal(got, []netip.Addr{addrA}) {
			t.Errorf("met %v, want %v once", got, addrA)
		}
		b.end()
	})
}

// TestTakenAddressesAreLeftToTheirHolder: instead of master it is in fault, asks on, and
// begins anew when they are free.
func TestTakenAddressesAreLeftToTheirHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		b, s := scouted(t, lan)
		sleep(3 * time.Second)
		s.find("taken")
		mark := b.mark()
		s.questions()
		sleep(10500 * time.Millisecond)
		expect(t, "while they are taken", b.since(mark), "release", "fault:taken")
		if n := len(s.questions()); n < 9 || n > 11 {
			t.Errorf("%d questions in ten seconds, want one a second", n)
		}
		if b.stats().RetryAt.IsZero() || b.stats().Reason != "taken" {
			t.Errorf("it says %+v", b.stats())
		}
		b.SetLinks(vrrp.Link{Index: 2, Source: addrA}) // is no reason to look again
		sleep(500 * time.Millisecond)
		s.find("")
		mark = b.mark()
		sleep(time.Second)
		expect(t, "when they are free", b.since(mark), "silence", "release", "backup:fault_cleared")
		sleep(4 * time.Second)
		if !b.holds() {
			t.Error("it is no master")
		}
		b.end()
	})
}

// TestAMasterIsNotAsked: whoever has its addresses too.
func TestAMasterIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := scouted(t, vrrptest.NewLAN())
		sleep(5 * time.Second)
		mark := b.mark()
		s.find("taken")
		b.SetLinks(vrrp.Link{Index: 2, Source: addrA})
		sleep(time.Minute)
		expect(t, "a master", b.since(mark), "repair")
		b.end()
	})
}

// TestTakenMeanwhile: it shows while somebody is told before the claim.
func TestTakenMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, answered := range []bool{true, false} {
			var serial uint64
			b, s := scouted(t, vrrptest.NewLAN(), func(r *vrrp.Router) {
				r.Announced(0, func(m vrrp.Move) { serial = m.Serial })
				r.SetBefore(10 * time.Second)
			})
			sleep(5 * time.Second)
			mark := b.mark()
			s.find("taken")
			if answered {
				b.Proceed(serial)
			}
			sleep(10 * time.Second)
			expect(t, "who was told", b.since(mark), "release", "fault:taken")
			b.end()
		}
	})
}

// TestTakenGroup: what keeps one member's addresses from it, keeps all from theirs.
func TestTakenGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scout{reason: "taken"}
		g := newGroup([2]*vrrptest.LAN{vrrptest.NewLAN(), vrrptest.NewLAN()}, sourcesA, 150, nil, s).run(t)
		sleep(5 * time.Second)
		if events := g.events(0); g.holds() != [2]bool{} || !slices.Contains(events, "1 fault:sync_group") || !slices.Contains(events, "2 fault:taken") {
			t.Errorf("holds %v: %q", g.holds(), events)
		}
		s.find("")
		sleep(6 * time.Second)
		if g.holds() != [2]bool{true, true} {
			t.Errorf("holds %v when they are free", g.holds())
		}
		g.stop()
		<-g.stopped
	})
}
