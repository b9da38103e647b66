package vrrp_test

import (
	"context"
	"fmt"
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

// herald is told of the moves of a node, and notes them with its actions.
type herald struct {
	*node
	mu   sync.Mutex
	last uint64 // serial
}

// awaiting starts a node that waits so long before its addresses move.
func awaiting(t *testing.T, lan *vrrptest.LAN, source netip.Addr, priority uint8, bound time.Duration) *herald {
	t.Helper()
	h := &herald{node: &node{lan: lan, source: source, stopped: make(chan struct{})}}
	h.Router = h.router(priority, 0)
	h.Announced(100, func(m vrrp.Move) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.last = m.Serial
		what := "before"
		if m.Abandoned {
			what = "not after all"
		}
		h.note(fmt.Sprintf("%s %s>%s:%s", what, m.From, m.To, m.Reason))
	})
	h.SetBefore(bound)
	ctx, cancel := context.WithCancel(t.Context())
	h.stop = cancel
	h.SetLinks(vrrp.Link{Index: 2, Source: source})
	go func() { defer close(h.stopped); h.Run(ctx) }()
	synctest.Wait()
	return h
}

// proceed answers the last move.
func (h *herald) proceed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Proceed(h.last)
}

func (h *herald) end() {
	h.SetBefore(0)
	h.stop()
	<-h.stopped
}

// moves are notes without those of the upkeep.
func moves(notes []string) []string {
	return slices.DeleteFunc(notes, func(s string) bool { return s == "repair" })
}

const down = 3420 * time.Millisecond // a little more than the down interval of priority 150

// A claim waits for the answer, no longer than the bound; nobody else's answer counts.
func TestAClaimWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, answered := range []bool{true, false} {
			a := awaiting(t, vrrptest.NewLAN(), addrA, 150, 10*time.Second)
			sleep(down)
			expect(t, "when the timer was due", a.since(3), "before backup>master:master_silent")
			a.Proceed(7)
			sleep(5 * time.Second)
			if a.holds() || a.stats().Sent != 0 {
				t.Error("it did not wait")
			}
			if answered {
				a.proceed()
				synctest.Wait()
			} else {
				sleep(5 * time.Second)
			}
			expect(t, "then", a.since(4), "claim", "announce", "master:master_silent")
			if d := a.stats().WakeupDelay; d.Max > 100*time.Millisecond {
				t.Errorf("the wait counts as being late: %v", d.Max)
			}
			a.end()
		}
	})
}

// A master that is heard while a claim waits is followed, and the claim is off; who waits
// for a claim goes on waiting when the master resigns or is one to be preempted.
func TestWhatHappensWhileAClaimWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			name     string
			priority uint8 // heard
			want     []string
		}{
			{"a better master", 200, []string{"not after all master>backup:master_silent"}},
			{"a master of lower priority", 100, []string{"claim", "announce", "master:preempt"}},
			{"a master that resigns", 0, []string{"claim", "announce", "master:master_resigned"}},
		} {
			lan := vrrptest.NewLAN()
			a := awaiting(t, lan, addrA, 150, 10*time.Second)
			sleep(down)
			mark := a.mark()
			a.port.Deliver(vrrp.Packet{Source: addrB, Advertisement: vrrp.Advertisement{
				VRID: 51, Priority: tt.priority, Interval: time.Second, Addresses: []netip.Addr{vip}}})
			synctest.Wait()
			a.proceed()
			sleep(500 * time.Millisecond)
			expect(t, tt.name, a.since(mark), tt.want...)
			a.end()
		}
	})
}

// A master that is to leave advertises until the answer is there, and only then
// resigns; the successor takes over as from any other.
func TestAMasterWaitsToLeaveAndAdvertises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, leave := range map[string]func(h *herald){
			"stop":            func(h *herald) { h.stop() },
			"handover":        func(h *herald) { h.Yield(time.Time{}) },
			"tracker":         func(h *herald) { h.SetLinks(vrrp.Link{Index: 2, Source: addrA, Fault: "script:proxy", Unfit: true}) },
			"handover, stop":  func(h *herald) { h.Yield(time.Time{}); synctest.Wait(); h.stop() },
			"nobody to await": func(h *herald) { h.stop(); synctest.Wait(); h.SetBefore(0); synctest.Wait() },
		} {
			lan := vrrptest.NewLAN()
			a := awaiting(t, lan, addrA, 150, 10*time.Second)
			b := start(t, lan, addrB, 100)
			sleep(down)
			a.proceed()
			sleep(5 * time.Second)
			if !a.holds() {
				t.Fatal("it is not master")
			}
			mark, sent := a.mark(), a.stats().Sent
			leave(a)
			if name != "nobody to await" {
				sleep(5 * time.Second)
				if got := moves(a.since(mark)); len(got) != 1 || !strings.HasPrefix(got[0], "before master>") || !a.holds() || b.holds() || a.stats().Sent != sent+5 {
					t.Errorf("%s: while it waits %q, %d adverts", name, got, a.stats().Sent-sent)
				}
				a.proceed()
			}
			sleep(time.Second)
			if a.holds() || !b.holds() {
				t.Errorf("%s: after that the old master holds: %t, the new one: %t; %q", name, a.holds(), b.holds(), a.since(mark))
			}
			a.end()
			b.stop()
			<-b.stopped
		}
	})
}

// What takes the addresses away by itself is not awaited, and the order that waits is
// carried out then.
func TestALossIsNotAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, order := range map[string]func(h *herald){"nothing": func(*herald) {}, "handover": func(h *herald) { h.Yield(time.Time{}) }, "stop": func(h *herald) { h.stop() }} {
			for cause, lose := range map[string]func(h *herald){
				"link down": func(h *herald) { h.SetLinks(vrrp.Link{Fault: "link_down"}) },
				"a better master": func(h *herald) {
					h.port.Deliver(vrrp.Packet{Source: addrB, Advertisement: vrrp.Advertisement{VRID: 51, Priority: 200, Interval: time.Second, Addresses: []netip.Addr{vip}}})
				},
			} {
				a := awaiting(t, vrrptest.NewLAN(), addrA, 150, 10*time.Second)
				sleep(down)
				a.proceed()
				sleep(time.Second)
				order(a)
				synctest.Wait()
				mark := a.mark()
				lose(a)
				synctest.Wait()
				if a.holds() || slices.ContainsFunc(a.since(mark), func(s string) bool { return strings.HasPrefix(s, "before") }) {
					t.Errorf("%s, %s: %q", name, cause, a.since(mark))
				}
				if name == "stop" {
					<-a.stopped // without a further wait
					continue
				}
				if _, standby := a.stats().Until, a.stats().StandBy; standby != (name == "handover") {
					t.Errorf("%s, %s: standing by %t", name, cause, standby)
				}
				a.end()
			}
		}
	})
}

// An order that is taken back, or a tracker that recovers, while it is waited leaves
// everything as it is.
func TestALeaveThatIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := awaiting(t, vrrptest.NewLAN(), addrA, 150, 10*time.Second)
		sleep(down)
		a.proceed()
		sleep(time.Second)
		mark := a.mark()
		a.Yield(time.Time{})
		sleep(time.Second)
		a.TakeBack()
		sleep(20 * time.Second)
		a.SetLinks(vrrp.Link{Index: 2, Source: addrA, Fault: "script:proxy", Unfit: true})
		sleep(time.Second)
		a.SetLinks(vrrp.Link{Index: 2, Source: addrA})
		sleep(20 * time.Second)
		expect(t, "while both are off", moves(a.since(mark)), "before master>backup:handover", "not after all backup>master:handover",
			"before master>fault:script:proxy", "not after all fault>master:script:proxy")
		if !a.holds() || a.stats().StandBy {
			t.Error("it is not the master it was")
		}
		a.end()
	})
}
