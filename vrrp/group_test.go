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

// Two directors on an IPv4 link and an IPv6 link, on which their addresses are
// in the other order.
var (
	sourcesA = [2]netip.Addr{addrA, netip.MustParseAddr("fe80::12")}
	sourcesB = [2]netip.Addr{addrB, netip.MustParseAddr("fe80::11")}
	vips     = [2]netip.Addr{vip, netip.MustParseAddr("2001:db8::100")}
)

// group is a router of two members, each with a recording host of its own.
type group struct {
	*vrrp.Router
	members [2]*node
	links   [2]vrrp.Link
	stop    context.CancelFunc
	stopped chan struct{}

	mu    sync.Mutex
	story []string // what both members did, in order
}

// wire records what is sent, and fails when told to.
type wire struct {
	vrrp.Conn
	node *node
}

func (w wire) Send(a vrrp.Advertisement) error {
	w.node.mu.Lock()
	err := w.node.sendErr
	w.node.mu.Unlock()
	if err != nil {
		return err
	}
	w.node.told(fmt.Sprint("advert ", a.Priority))
	return w.Conn.Send(a)
}

func newGroup(lans [2]*vrrptest.LAN, sources [2]netip.Addr, priority uint8, scouts ...vrrp.Scout) *group {
	return newGroupWith(lans, sources, priority, false, scouts...)
}

// newGroupWith may have a second member that is spare.
func newGroupWith(lans [2]*vrrptest.LAN, sources [2]netip.Addr, priority uint8, spare bool, scouts ...vrrp.Scout) *group {
	g := &group{stopped: make(chan struct{})}
	var members []vrrp.Member
	for i := range g.members {
		n := &node{lan: lans[i], source: sources[i], stopped: g.stopped}
		n.told = func(s string) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.story = append(g.story, fmt.Sprint(i+1, " ", s))
		}
		g.members[i] = n
		g.links[i] = vrrp.Link{Index: 2 + i, Source: sources[i]}
		members = append(members, vrrp.Member{
			Version: 3, VRID: 51, Advertised: vips[i : i+1], Addresses: n, Observer: n, Spare: spare && i == 1,
			Dial: func(l vrrp.Link) (vrrp.Conn, error) {
				c, err := n.dial(l)
				return wire{c, n}, err
			},
		})
	}
	for i, s := range scouts {
		members[i].Scout = s
	}
	g.Router = vrrp.NewRouter(vrrp.Config{Version: 3, Priority: priority, Interval: time.Second}, members...)
	return g
}

func (g *group) run(t *testing.T) *group {
	ctx, cancel := context.WithCancel(t.Context())
	g.stop = cancel
	g.SetLinks(g.links[0], g.links[1])
	go func() { defer close(g.stopped); g.Run(ctx) }()
	synctest.Wait()
	return g
}

// fault says what is wrong with a member's link from now on; empty: nothing.
func (g *group) fault(member int, reason string) {
	g.links[member].Fault = reason
	g.SetLinks(g.links[0], g.links[1])
	synctest.Wait()
}

// holds tells for each member whether it holds its address.
func (g *group) holds() [2]bool { return [2]bool{g.members[0].holds(), g.members[1].holds()} }

// since returns what both did since a mark.
func (g *group) since(mark int) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.story[mark:])
}

// events is since without the regular adverts, and without what is said of the paths.
func (g *group) events(mark int) []string {
	return slices.DeleteFunc(g.since(mark), func(s string) bool {
		return strings.Contains(s, " path ") || s == "1 advert 150" || s == "2 advert 150" || s == "1 advert 100" || s == "2 advert 100"
	})
}

func (g *group) mark() int { return len(g.since(0)) }

var all, none = [2]bool{true, true}, [2]bool{}

func newLANs() [2]*vrrptest.LAN { return [2]*vrrptest.LAN{vrrptest.NewLAN(), vrrptest.NewLAN()} }

func twoGroups(t *testing.T) ([2]*vrrptest.LAN, *group, *group) {
	lans := newLANs()
	a, b := newGroup(lans, sourcesA, 150).run(t), newGroup(lans, sourcesB, 100).run(t)
	sleep(5 * time.Second)
	if a.holds() != all || b.holds() != none {
		t.Fatalf("after the election a holds %v, b %v; want only a, both", a.holds(), b.holds())
	}
	return lans, a, b
}

func (g *group) end() { g.stop(); <-g.stopped }

func everybody(netip.Addr, netip.Addr) bool { return true }

func TestGroupClaimsEverywhereBeforeItSpeaksAnywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := twoGroups(t)
		mark, left := b.mark(), a.mark()
		a.stop()
		sleep(609 * time.Millisecond)
		if a.holds() != all || b.holds() != none {
			t.Errorf("before Skew_Time is over a holds %v, b %v", a.holds(), b.holds())
		}
		sleep(time.Millisecond)
		expect(t, "b", b.since(mark), "1 claim", "2 claim", "1 advert 100", "2 advert 100", "1 announce", "2 announce",
			"1 master:master_resigned", "2 master:master_resigned")
		expect(t, "a", a.since(left), "1 silence", "2 silence", "1 advert 0", "2 advert 0", "1 leaving:shutdown", "2 leaving:shutdown",
			"1 release", "2 release", "1 init:shutdown", "2 init:shutdown")
		b.end()
	})
}

// TestGroupHearsOnAnyMember: whatever one link loses, nothing happens while the
// other is whole.
func TestGroupHearsOnAnyMember(t *testing.T) {
	for member := range 2 {
		for name, lost := range map[string]func(from, to netip.Addr) bool{
			"to the backup": func(_, to netip.Addr) bool { return slices.Contains(sourcesB[:], to) },
			"to the master": func(_, to netip.Addr) bool { return slices.Contains(sourcesA[:], to) },
			"both ways":     everybody,
			"every other":   func() func(_, _ netip.Addr) bool { n := 0; return func(_, _ netip.Addr) bool { n++; return n%2 == 0 } }(),
		} {
			t.Run(fmt.Sprint("member ", member+1, " ", name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					lans, a, b := twoGroups(t)
					lans[member].Lose(lost)
					ma, mb := a.mark(), b.mark()
					sleep(time.Hour)
					expect(t, "a", a.events(ma))
					expect(t, "b", b.events(mb))
					a.end()
					b.end()
				})
			})
		}
	}
}

// TestGroupElectsOverOneLink: a link that is deaf from the start, with nothing to
// see on it, makes no second master.
func TestGroupElectsOverOneLink(t *testing.T) {
	for _, priority := range []uint8{100, 150} { // the tie is b's by the first link, a's by the second
		for member := range 2 {
			synctest.Test(t, func(t *testing.T) {
				lans := newLANs()
				lans[member].Lose(everybody)
				a, b := newGroup(lans, sourcesA, priority), newGroup(lans, sourcesB, 100)
				a.run(t)
				b.run(t)
				sleep(15 * time.Second)
				ha, hb := a.holds(), b.holds()
				if ha == hb || ha[0] != ha[1] || hb[0] != hb[1] {
					t.Errorf("priority %d, link %d deaf: a holds %v, b %v", priority, member+1, ha, hb)
				}
				ma, mb := a.mark(), b.mark()
				sleep(time.Hour)
				expect(t, "a", a.events(ma))
				expect(t, "b", b.events(mb))
				a.end()
				b.end()
			})
		}
	}
}

// TestGroupTie: of two masters with one priority the first member's addresses
// name one, whichever links come back first, and whatever one link loses in one
// direction.
func TestGroupTie(t *testing.T) {
	toA := func(_, to netip.Addr) bool { return slices.Contains(sourcesA[:], to) }
	toB := func(_, to netip.Addr) bool { return slices.Contains(sourcesB[:], to) }
	for name, tt := range map[string]struct {
		first, second func(from, to netip.Addr) bool
		winner        int // 1: a, 2: b
		within        time.Duration
	}{
		"both heal":                           {nil, nil, 2, time.Second},
		"the first heals":                     {nil, everybody, 2, time.Second},
		"only the second heals":               {everybody, nil, 1, 5 * time.Second},
		"the first heals towards the lower":   {toB, nil, 2, time.Second},
		"the second heals towards the lower":  {nil, toB, 2, time.Second},
		"the second heals towards the higher": {nil, toA, 2, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lans := newLANs()
				lans[0].Lose(everybody)
				lans[1].Lose(everybody)
				a, b := newGroup(lans, sourcesA, 100).run(t), newGroup(lans, sourcesB, 100).run(t)
				sleep(4100 * time.Millisecond)
				if a.holds() != all || b.holds() != all {
					t.Fatal("a partition has a master on each side")
				}
				lans[0].Lose(tt.first)
				lans[1].Lose(tt.second)
				ma, mb := a.mark(), b.mark()
				sleep(tt.within)
				for _, after := range []time.Duration{0, time.Hour} {
					sleep(after)
					ha, hb := a.holds(), b.holds()
					if (ha == all) != (tt.winner == 1) || (hb == all) != (tt.winner == 2) {
						t.Errorf("%v later a holds %v, b %v", after, ha, hb)
					}
				}
				changes := 0
				for _, s := range append(a.since(ma), b.since(mb)...) {
					if s == "1 backup:higher_address" || s == "1 master:master_silent" {
						changes++
					}
				}
				if changes != 1 {
					t.Errorf("%d transitions, want one", changes)
				}
				a.end()
				b.end()
			})
		})
	}
}

func TestGroupFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := twoGroups(t)
		mark := a.mark()
		a.fault(1, "link_down")
		expect(t, "the second link goes down", a.since(mark), "1 silence", "2 silence", "1 advert 0", "2 advert 0",
			"1 release", "2 release", "1 fault:sync_group", "2 fault:link_down")
		sleep(700 * time.Millisecond)
		if b.holds() != all {
			t.Errorf("b holds %v, Skew_Time after the resignation", b.holds())
		}
		before := a.Stats(nil)
		mark = a.mark()
		a.fault(0, "no_address")
		a.fault(1, "")
		expect(t, "one fault more, one less", a.since(mark), "1 fault:no_address", "2 fault:sync_group")
		after := a.Stats(nil)
		if after[0].Reason != "no_address" || after[1].Reason != "sync_group" || after[1].Since != before[1].Since || after[1].Transitions != before[1].Transitions {
			t.Errorf("%+v", after)
		}
		mark = a.mark()
		sleep(time.Hour)
		expect(t, "an hour of fault", a.since(mark))
		a.fault(0, "")
		sleep(5 * time.Second)
		expect(t, "the last fault is over", a.events(mark), "1 silence", "2 silence", "1 release", "2 release",
			"1 backup:fault_cleared", "2 backup:fault_cleared", "1 claim", "2 claim", "1 announce", "2 announce", "1 master:preempt", "2 master:preempt")
		if a.holds() != all || b.holds() != none {
			t.Errorf("a holds %v, b %v", a.holds(), b.holds())
		}
		a.end()
		b.end()
	})
}

// TestGroupNeedsEveryLink: with a link missing at start nothing is claimed.
func TestGroupNeedsEveryLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newGroup(newLANs(), sourcesA, 150)
		a.links[1].Fault = "interface_missing"
		a.run(t)
		sleep(10 * time.Second)
		expect(t, "a", a.since(0), "1 release", "2 release", "1 fault:sync_group", "2 fault:interface_missing")
		a.end()
	})
}

func TestGroupClaimFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lans := newLANs()
		b := newGroup(lans, sourcesB, 100).run(t)
		sleep(5 * time.Second)
		bad := newGroup(lans, sourcesA, 150)
		bad.members[1].claimErr = context.DeadlineExceeded
		bad.run(t)
		mark := bad.mark()
		sleep(4 * time.Second)
		expect(t, "a group that cannot claim on one link", bad.since(mark), "1 claim", "2 trouble:claim", "1 master:preempt", "2 master:preempt",
			"1 silence", "2 silence", "1 advert 0", "2 advert 0", "1 release", "2 release", "1 fault:sync_group", "2 fault:claim")
		if bad.holds() != none || b.holds() != all {
			t.Errorf("the bad one holds %v, b %v", bad.holds(), b.holds())
		}
		bad.end()
		b.end()
	})
}

// TestGroupSpeaksEverywhereOrNowhere: a master that cannot send on one link is
// no master on the others.
func TestGroupSpeaksEverywhereOrNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := twoGroups(t)
		n := a.members[1]
		n.mu.Lock()
		n.sendErr = context.DeadlineExceeded
		n.mu.Unlock()
		mark := a.mark()
		sleep(3700 * time.Millisecond)
		if got := a.events(mark); !slices.Contains(got, "2 fault:send") || !slices.Contains(got, "1 fault:sync_group") {
			t.Errorf("a: %q", got)
		}
		if a.holds() != none || b.holds() != all {
			t.Errorf("a holds %v, b %v", a.holds(), b.holds())
		}
		a.end()
		b.end()
	})
}

// TestGroupDrainsEveryLinkBeforeATimeout is TestQueuedAdvertBeatsTheTimer on each
// link.
func TestGroupDrainsEveryLinkBeforeATimeout(t *testing.T) {
	for member := range 2 {
		synctest.Test(t, func(t *testing.T) {
			lans, a, b := twoGroups(t)
			lans[0].Lose(everybody)
			lans[1].Lose(everybody)
			mark := b.mark()
			sleep(2 * time.Second)
			b.members[member].port.Queue(vrrp.Packet{Source: sourcesA[member], Advertisement: vrrp.Advertisement{
				VRID: 51, Priority: 150, Interval: time.Second, Addresses: vips[member : member+1]}})
			sleep(3 * time.Second)
			expect(t, "b, that had a packet waiting", b.events(mark))
			a.end()
			b.end()
		})
	}
}

func TestGroupAnswersOnEveryLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lans := newLANs()
		a := newGroup(lans, sourcesA, 150).run(t)
		sleep(5 * time.Second)
		mark := a.mark()
		for range 2 {
			a.members[1].port.Deliver(vrrp.Packet{Source: sourcesB[1], Advertisement: vrrp.Advertisement{
				VRID: 51, Priority: 100, Interval: time.Second, Addresses: vips[1:]}})
			synctest.Wait()
		}
		expect(t, "a", a.since(mark), "1 advert 150", "2 advert 150", "1 reannounce", "2 reannounce", "2 split: fe80::11",
			"1 advert 150", "2 advert 150", "1 reannounce", "2 reannounce")
		s := a.Stats(nil)
		if s[0].Received != 0 || s[1].Received != 2 || s[0].Sent != s[1].Sent || s[0].Master != sourcesA[0] || s[1].Master != sourcesA[1] {
			t.Errorf("%+v", s)
		}
		a.end()
	})
}

func TestGroupHandover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := twoGroups(t)
		a.Yield(time.Time{})
		sleep(5 * time.Second)
		if a.holds() != none || b.holds() != all {
			t.Errorf("a holds %v, b %v", a.holds(), b.holds())
		}
		if s := a.Stats(nil); s[0].Master != sourcesB[0] || s[1].Master != sourcesB[1] {
			t.Errorf("%+v", s)
		}
		a.TakeBack()
		sleep(5 * time.Second)
		if a.holds() != all || b.holds() != none {
			t.Errorf("taken back: a holds %v, b %v", a.holds(), b.holds())
		}
		a.end()
		b.end()
	})
}

func TestGroupHandsOverLeftovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lans := newLANs()
		b := newGroup(lans, sourcesB, 100).run(t)
		sleep(100 * time.Millisecond)
		a := newGroup(lans, sourcesA, 150)
		a.HandOver()
		a.run(t)
		sleep(600 * time.Millisecond)
		expect(t, "a, before b is heard", a.since(0), "1 silence", "2 silence", "1 advert 0", "2 advert 0",
			"1 leaving:leftovers", "2 leaving:leftovers", "1 claim", "2 claim")
		sleep(100 * time.Millisecond)
		if a.holds() != none || b.holds() != all {
			t.Errorf("a holds %v, b %v", a.holds(), b.holds())
		}
		a.end()
		b.end()
	})
}
