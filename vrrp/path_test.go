package vrrp_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

func (n *node) notePath(c vrrp.PathChange) {
	what := "up"
	switch {
	case c.Down:
		what = "down"
	case !c.Known:
		what = "unknown"
	}
	n.note(fmt.Sprintf("path %s: %s %v", what, c.Reason, c.Lasted))
}

// paths are the reports of that kind since a mark.
func (g *group) paths(mark int) (list []string) {
	for _, s := range g.since(mark) {
		if strings.Contains(s, " path ") {
			list = append(list, s)
		}
	}
	return list
}

// twoPaths is twoGroups whose second link is spare.
func twoPaths(t *testing.T) ([2]*vrrptest.LAN, *group, *group) {
	lans := newLANs()
	a, b := newGroupWith(lans, sourcesA, 150, true).run(t), newGroupWith(lans, sourcesB, 100, true).run(t)
	sleep(5 * time.Second)
	if a.holds() != all || b.holds() != none {
		t.Fatalf("after the election a holds %v, b %v; want only a, both", a.holds(), b.holds())
	}
	return lans, a, b
}

// TestPathIsSilent: a link that loses everything moves nobody while another is whole.
// The backup says so when two adverts are missing, and when it was well for a while.
func TestPathIsSilent(t *testing.T) {
	for member := range 2 {
		synctest.Test(t, func(t *testing.T) {
			lans, a, b := twoGroups(t)
			markA, markB := a.mark(), b.mark()
			lans[member].Lose(everybody)
			sleep(1400 * time.Millisecond)
			expect(t, "after one advert that is missing", b.paths(markB))
			sleep(632 * time.Millisecond)
			down := fmt.Sprint(member+1, " path down: not_heard 2.03125s")
			expect(t, "after two", b.paths(markB), down)
			sleep(15*time.Second - 2032*time.Millisecond)
			lans[member].Lose(nil)
			sleep(5 * time.Second)
			expect(t, "5 s after its end", b.paths(markB), down)
			sleep(time.Second)
			expect(t, "6 s after its end", b.paths(markB), down, fmt.Sprint(member+1, " path up: not_heard 16s"))
			expect(t, "a", a.events(markA))
			expect(t, "b", b.events(markB))
			if s := b.Stats(nil)[member]; s.PathDown != "" {
				t.Errorf("%+v", s)
			}
			a.end()
			b.end()
		})
	}
}

// TestPathOfLossesIsQuiet: single adverts that are missing are no news, and neither is a
// master that dies.
func TestPathOfLossesIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lans, a, b := twoGroups(t)
		mark := b.mark()
		for range 10 {
			lans[0].Lose(everybody)
			sleep(time.Second)
			lans[0].Lose(nil)
			sleep(time.Second)
		}
		lans[0].Lose(everybody)
		lans[1].Lose(everybody)
		sleep(5 * time.Second)
		if b.holds() != all {
			t.Errorf("b holds %v", b.holds())
		}
		expect(t, "b's paths", b.paths(mark))
		a.end()
		b.end()
	})
}

// TestPathsAreCutOneByOne: with the last of them the backup takes over, and cannot tell
// of the first any longer.
func TestPathsAreCutOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lans, a, b := twoGroups(t)
		mark := b.mark()
		lans[0].Lose(everybody)
		sleep(10 * time.Second)
		if s := b.Stats(nil)[0]; s.PathDown != vrrp.ReasonNotHeard || s.State != vrrp.Backup || s.PathDownSince.IsZero() {
			t.Errorf("%+v", s)
		}
		lans[1].Lose(everybody)
		sleep(4 * time.Second)
		if b.holds() != all {
			t.Errorf("b holds %v", b.holds())
		}
		expect(t, "b's paths", b.paths(mark), "1 path down: not_heard 2.03125s", "1 path unknown: not_heard 13.609375s")
		a.end()
		b.end()
	})
}

// TestPathThatNeverWas: a master that is heard on one link only, from the beginning.
func TestPathThatNeverWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lans := newLANs()
		lans[1].Lose(everybody)
		a := newGroup(lans, sourcesA, 150).run(t)
		sleep(5 * time.Second)
		b := newGroup(lans, sourcesB, 100).run(t)
		sleep(3 * time.Second)
		expect(t, "b's paths", b.paths(0), "2 path down: never_heard 2.03125s")
		b.end()
		expect(t, "b's paths after its end", b.paths(0), "2 path down: never_heard 2.03125s", "2 path unknown: never_heard 2.5859375s")
		a.end()
	})
}

// TestPathOfANewMaster: one that is heard on one link first, as one that elects on each link
// by itself, has been silent on the other only since then.
func TestPathOfANewMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lans := newLANs()
		lans[1].Lose(everybody)
		a, b := newGroup(lans, sourcesA, 150).run(t), newGroup(lans, sourcesB, 100).run(t)
		sleep(3900 * time.Millisecond)
		lans[1].Lose(nil)
		sleep(5 * time.Second)
		expect(t, "b's paths after the start", b.paths(0))

		a.fault(0, "link_down")
		sleep(10 * time.Second)
		a.fault(0, "")
		sleep(10 * time.Second)
		expect(t, "a's paths after a fault of one link", a.paths(0))
		expect(t, "b's paths after it", b.paths(0))
		a.end()
		b.end()
	})
}

// TestPathFlaps: what comes and goes faster than it can be called well is one episode.
func TestPathFlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lans, a, b := twoGroups(t)
		mark := b.mark()
		for range 20 {
			lans[1].Lose(everybody)
			sleep(3 * time.Second)
			lans[1].Lose(nil)
			sleep(3 * time.Second)
		}
		sleep(5 * time.Second)
		expect(t, "b's paths", b.paths(mark), "2 path down: not_heard 2.03125s", "2 path up: not_heard 1m58s")
		a.end()
		b.end()
	})
}

// TestSpareLinkIsNoFault: the link of a spare member may be down from the beginning, go
// and come, and fail to send; the election goes on by the other.
func TestSpareLinkIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lans, a, b := twoPaths(t)
		markA, markB := a.mark(), b.mark()
		a.fault(1, "link_down")
		b.fault(1, "link_down")
		sleep(20 * time.Second)
		expect(t, "a", a.paths(markA), "2 path down: link_down 0s")
		expect(t, "b", b.paths(markB), "2 path down: link_down 0s")
		if s := a.Stats(nil); s[0].State != vrrp.Master || s[1].PathDown != "link_down" || s[0].PathDown != "" {
			t.Errorf("%+v", s)
		}
		a.fault(1, "")
		b.fault(1, "")
		sleep(6 * time.Second)
		expect(t, "a, with its link again", a.paths(markA), "2 path down: link_down 0s", "2 path up: link_down 20s")
		expect(t, "b, with its link again", b.paths(markB), "2 path down: link_down 0s", "2 path up: link_down 20s")
		lans[0].Lose(everybody)
		sleep(5 * time.Second)
		if a.holds() != all || b.holds() != none {
			t.Errorf("by the spare link alone a holds %v, b %v", a.holds(), b.holds())
		}
		a.end()
		b.end()
	})
}

// TestSpareLinkThatCannotSend is told once, however often it is tried.
func TestSpareLinkThatCannotSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := twoPaths(t)
		n, markA, markB := a.members[1], a.mark(), b.mark()
		n.mu.Lock()
		n.sendErr = fmt.Errorf("no buffer")
		n.mu.Unlock()
		sleep(20 * time.Second)
		expect(t, "a's paths", a.paths(markA), "2 path down: send 0s")
		expect(t, "b's paths", b.paths(markB), "2 path down: not_heard 2.03125s")
		n.mu.Lock()
		n.sendErr = nil
		n.mu.Unlock()
		sleep(20 * time.Second)
		if got := a.paths(markA); len(got) != 2 || !strings.HasPrefix(got[1], "2 path up: send") {
			t.Errorf("a's paths: %q", got)
		}
		if a.holds() != all || b.holds() != none {
			t.Errorf("a holds %v, b %v", a.holds(), b.holds())
		}
		a.end()
		b.end()
	})
}

// TestElectionBeginsWithoutItsSpareLink: neither a start nor the end of a fault waits for it.
func TestElectionBeginsWithoutItsSpareLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lans := newLANs()
		a := newGroupWith(lans, sourcesA, 150, true)
		a.links[1].Fault = "interface_missing"
		a.run(t)
		sleep(5 * time.Second)
		if a.holds() != all {
			t.Fatalf("a holds %v", a.holds())
		}
		expect(t, "a's paths", a.paths(0), "2 path down: interface_missing 0s")
		a.fault(0, "link_down")
		sleep(time.Second)
		if a.holds() != none {
			t.Errorf("a holds %v with its first link down", a.holds())
		}
		a.fault(0, "")
		sleep(5 * time.Second)
		if a.holds() != all {
			t.Errorf("a holds %v after the fault", a.holds())
		}
		a.end()
	})
}

// TestSpareMemberIsUnfit: a tracker of it is the router's all the same.
func TestSpareMemberIsUnfit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := twoPaths(t)
		a.links[1].Unfit = true
		a.fault(1, "track_script:x")
		sleep(time.Second)
		if a.holds() != none || b.holds() != all {
			t.Errorf("a holds %v, b %v", a.holds(), b.holds())
		}
		a.links[1].Unfit = false
		a.fault(1, "")
		sleep(5 * time.Second)
		if a.holds() != all || b.holds() != none {
			t.Errorf("fit again a holds %v, b %v", a.holds(), b.holds())
		}
		a.end()
		b.end()
	})
}

// TestMemberBecomesSpare while its link is down, and is needed again.
func TestMemberBecomesSpare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := twoGroups(t)
		a.fault(1, "link_down")
		sleep(time.Second)
		if a.holds() != none {
			t.Fatalf("a holds %v", a.holds())
		}
		amend := func(spare bool) {
			var all []vrrp.Amendment
			for i, n := range a.members {
				nothing := func(time.Time, vrrp.State) error { return nil }
				all = append(all, vrrp.Amendment{Advertised: vips[i : i+1], Dial: n.dial, Hold: nothing, Back: nothing, Spare: spare && i == 1})
			}
			if err := a.Amend(all, nil); err != nil {
				t.Error(err)
			}
		}
		amend(true)
		sleep(5 * time.Second)
		if a.holds() != all || b.holds() != none {
			t.Errorf("with a spare member a holds %v, b %v", a.holds(), b.holds())
		}
		amend(false)
		sleep(5 * time.Second)
		if a.holds() != none || b.holds() != all {
			t.Errorf("with a member that is needed a holds %v, b %v", a.holds(), b.holds())
		}
		a.end()
		b.end()
	})
}
