package election

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp/vrrptest"
)

// say tells an election what its trackers say.
func (p *process) say(verdicts ...Verdict) {
	p.enc.Encode(Command{Track: &Track{Verdicts: verdicts}})
	synctest.Wait()
}

func tracking(priority uint8, trackers ...Tracker) Instance {
	c := shop(priority)
	c.Trackers = trackers
	return c
}

// TestWeightMovesTheMaster, there and back.
func TestWeightMovesTheMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		a, b := launch(newFakeHost(lan, addrA), false), launch(newFakeHost(lan, addrB), false)
		a.configure(tracking(150, tracker("script", "nginx", -60)))
		b.configure(shop(100))
		a.say(verdict("script", "nginx", "up"))
		sleep(5 * time.Second)
		if !a.holds(vip) || b.holds(vip) {
			t.Fatal("a is not master")
		}
		mark := len(a.names())
		a.say(verdict("script", "nginx", "down"))
		for !b.holds(vip) {
			if !a.holds(vip) {
				t.Fatal("nobody holds the address")
			}
			sleep(time.Millisecond)
		}
		sleep(time.Second)
		expect(t, "events", a.names()[mark:], "track.down", "vrrp.priority", "address.released", "master>backup:higher_priority")
		if s := a.status()[0]; s.Priority != 150 || s.EffectivePriority != 90 || len(s.Faults) != 0 || s.Trackers[0].State != "down" {
			t.Errorf("status: %+v", s)
		}
		p := a.events[mark+1]
		if p.Priority != 90 || p.Reason != "script:nginx" || p.Instance != "shop" || p.VRID != 51 {
			t.Errorf("event: %+v", p)
		}
		a.say(verdict("script", "nginx", "up"))
		sleep(5 * time.Second)
		if !a.holds(vip) || b.holds(vip) {
			t.Error("a is not master again")
		}
		a.leave(t)
		b.leave(t)
	})
}

// TestWithoutWeightItIsAFault: pending until the first verdict, and all reasons in
// the status.
func TestWithoutWeightItIsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(tracking(150, tracker("script", "nginx", 0), tracker("tcp", "db", 0)))
		sleep(time.Hour)
		expect(t, "before a verdict", a.names(), "init>fault:track_pending:script:nginx", "vrrp.fault")
		expect(t, "faults", a.status()[0].Faults, "track_pending:script:nginx", "track_pending:tcp:db")
		a.say(verdict("script", "nginx", "up"), verdict("tcp", "db", "up"))
		sleep(5 * time.Second)
		if !a.holds(vip) {
			t.Fatal("not master")
		}
		mark := len(a.names())
		a.say(verdict("script", "nginx", "up"), verdict("tcp", "db", "down"))
		sleep(time.Second)
		expect(t, "events", a.names()[mark:], "track.down", "address.released", "master>fault:track_tcp:db", "vrrp.fault")
		a.change(func() { a.up = false })
		sleep(time.Second)
		expect(t, "faults", a.status()[0].Faults, "link_down", "track_tcp:db")
		a.change(func() { a.up = true })
		a.say(verdict("script", "nginx", "up"), verdict("tcp", "db", "up"))
		sleep(5 * time.Second)
		if !a.holds(vip) {
			t.Error("not master again")
		}
		a.leave(t)
	})
}

// TestABrokenDirectorDoesNotPreempt: it boots beside a healthy master of lower
// priority, and takes over once its service is known to be well.
func TestABrokenDirectorDoesNotPreempt(t *testing.T) {
	for _, weight := range []int{0, -60} {
		synctest.Test(t, func(t *testing.T) {
			lan := vrrptest.NewLAN()
			b := launch(newFakeHost(lan, addrB), false)
			b.configure(shop(100))
			sleep(5 * time.Second)
			a := launch(newFakeHost(lan, addrA), false)
			a.configure(tracking(150, tracker("script", "nginx", weight)))
			for _, known := range []string{"unknown", "down"} {
				a.say(verdict("script", "nginx", known))
				sleep(10 * time.Second)
				if a.holds(vip) || !b.holds(vip) {
					t.Errorf("weight %d: the director whose service is %s took over", weight, known)
				}
			}
			a.say(verdict("script", "nginx", "up"))
			sleep(5 * time.Second)
			if !a.holds(vip) || b.holds(vip) {
				t.Errorf("weight %d: the director that is well again did not take over", weight)
			}
			a.leave(t)
			b.leave(t)
		})
	}
}

// TestTrackedInterface: the election judges it by itself, and a flapping one does
// not make the instance flap.
func TestTrackedInterface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(tracking(150, tracker("interface", "eth0", -60), tracker("interface", "eth9", -5)))
		sleep(5 * time.Second)
		if s := a.status()[0]; s.EffectivePriority != 145 || s.Trackers[1].Error != "interface_missing" {
			t.Errorf("status: %+v", s)
		}
		mark := len(a.names())
		for range 10 {
			a.change(func() { a.up = false })
			sleep(time.Second)
			a.change(func() { a.up = true })
			sleep(time.Second)
		}
		changes := 0
		for _, name := range a.names()[mark:] {
			if name == "vrrp.priority" {
				changes++
			}
		}
		if changes != 1 {
			t.Errorf("the priority changed %d times, want once, down", changes)
		}
		sleep(5 * time.Second)
		if s := a.status()[0]; s.EffectivePriority != 145 {
			t.Errorf("it never came back: %+v", s)
		}
		a.leave(t)
	})
}

// TestVerdictsOutliveAConfiguration: what is known counts for an instance that
// begins anew.
func TestVerdictsOutliveAConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.say(verdict("script", "nginx", "up"))
		a.configure(tracking(150, tracker("script", "nginx", 0)))
		sleep(5 * time.Second)
		a.configure(tracking(160, tracker("script", "nginx", 0)))
		sleep(10 * time.Second)
		if !a.holds(vip) || slices.Contains(a.names(), "vrrp.fault") {
			t.Errorf("holds: %v, events %q", a.holds(vip), a.names())
		}
		a.leave(t)
	})
}

// TestLeftoversAreHandedOverBeforeATrackerCounts: a successor is told, though
// nothing is known yet.
func TestLeftoversAreHandedOverBeforeATrackerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		b := launch(newFakeHost(lan, addrB), false)
		b.configure(shop(100))
		sleep(100 * time.Millisecond)
		dead := newFakeHost(lan, addrA)
		dead.addrs[vip] = time.Now().Add(time.Hour)
		a := launch(dead, false)
		a.configure(tracking(150, tracker("script", "nginx", 0)))
		for !b.holds(vip) {
			if !a.holds(vip) {
				t.Fatal("the leftovers went before a successor had the address")
			}
			sleep(time.Millisecond)
		}
		sleep(time.Second)
		expect(t, "faults", a.status()[0].Faults, "track_pending:script:nginx")
		a.leave(t)
		b.leave(t)
	})
}

// TestASyncGroupIsAsFitAsItsLeastFitMember: in priority, and in faults.
func TestASyncGroupIsAsFitAsItsLeastFitMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		inside, outside := tracking(150, tracker("script", "nginx", -60)), tracking(150, tracker("tcp", "db", 0), tracker("script", "nginx", -20))
		outside.Name, outside.VRID, outside.Addresses = "outside", 52, []Address{{Prefix: second}}
		a.enc.Encode(Command{Configure: &Config{Instances: []Instance{inside, outside}, Groups: []Group{{Name: "edge", Members: []string{"shop", "outside"}}}}})
		say := func(inside, outside, db string) {
			a.say(verdict("script", "nginx", inside), Verdict{Instance: "outside", Kind: "script", Name: "nginx", State: outside},
				Verdict{Instance: "outside", Kind: "tcp", Name: "db", State: db})
			sleep(5 * time.Second)
		}
		for _, step := range []struct {
			inside, outside string
			priority        int
		}{{"up", "up", 150}, {"up", "down", 130}, {"down", "down", 90}, {"down", "up", 90}} {
			say(step.inside, step.outside, "up")
			for _, s := range a.status() {
				if s.State != "master" || s.EffectivePriority != step.priority {
					t.Errorf("inside %s, outside %s: %s is %s with %d", step.inside, step.outside, s.Name, s.State, s.EffectivePriority)
				}
			}
		}
		say("up", "up", "down")
		for _, s := range a.status() {
			if why := map[string]string{"shop": "sync_group", "outside": "track_tcp:db"}[s.Name]; s.State != "fault" || !slices.Equal(s.Faults, []string{why}) {
				t.Errorf("%s is %s with %q", s.Name, s.State, s.Faults)
			}
		}
		a.leave(t)
	})
}
