package integration

import (
	"slices"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestR04Kill: of a director whose every process was killed, the kernel forwards
// on until the peer has the address and then gives it up by itself.
func TestR04Kill(t *testing.T) {
	s := begin(t, lab.Cluster{})
	down := s.cluster.DownInterval("lb2")
	var kills, returns []turn
	var taken, stale, ready figures
	for range tries {
		u := s.turns("lb2", s.lb1.Kill)
		kills = append(kills, u)
		taken, stale = append(taken, s.silence(u)), append(stale, u.kept("lb1"))
		returns = append(returns, s.turns("lb1", s.lb1.Start))
		ready = append(ready, s.ready(s.lb1))
	}
	ready.within(t, "backup after the start", time.Second)
	taken.within(t, "from the last advert of the one to the first of the other", down+prompt)
	stale.within(t, "the dead one's kernel held the address", down+3*time.Second)
	seamless(t, kills)
	seamless(t, returns)
	s.audit("lb1")
}

// TestR04KillAndRestart: a director that is started again finds what it had
// before it was killed. The kernel's lease is long: all is up to hald.
func TestR04KillAndRestart(t *testing.T) {
	s := begin(t, lab.Cluster{Lease: time.Minute})
	var restarts, returns []turn
	var ready figures
	for _, peer := range []string{"has taken over", "has not missed it"} {
		restarts = append(restarts, s.turns("lb2", func() {
			s.lb1.Kill()
			if peer == "has taken over" {
				s.Eventually(settle, "lb2 holds the VIP", func() bool { return s.Holds("lb2", lab.VIP) })
			}
			s.lb1.Start()
			s.lb1.AwaitEvent(settle, "leftovers", func(e lab.Event) bool { return e.Name == "daemon.recovered" })
		}))
		returns = append(returns, s.turns("lb1", func() {}))
		ready = append(ready, s.ready(s.lb1))
	}
	ready.within(t, "backup after the start", time.Second)
	seamless(t, restarts)
	seamless(t, returns)
	s.audit("lb1")
}

// silence is what lay between the last advert of lb1 and the first of lb2, as it
// was on the wire.
func (s *scene) silence(u turn) time.Duration {
	s.t.Helper()
	return s.sinceTheLast(s.wire.Adverts("lb2", u.start))
}

// outage is what lay between the last advert of lb1 and what lb2 tells the clients of
// the address: they have it for the last time after the one, and again with the other.
func (s *scene) outage(u turn) time.Duration {
	s.t.Helper()
	return s.sinceTheLast(slices.DeleteFunc(s.wire.Announcements("lb2", u.start), func(f lab.Frame) bool {
		return f.ARP.SenderIP != lab.VIP.Addr()
	}))
}

// sinceTheLast is how long before what lb2 said first the last advert of lb1 was.
func (s *scene) sinceTheLast(theirs []lab.Frame) time.Duration {
	s.t.Helper()
	if len(theirs) == 0 {
		s.t.Fatal("lb2 said nothing")
	}
	before := s.wire.Adverts("lb1", s.began)
	for i := len(before) - 1; i >= 0; i-- {
		if before[i].Time.Before(theirs[0].Time) {
			return theirs[0].Time.Sub(before[i].Time)
		}
	}
	s.t.Fatal("lb1 said nothing")
	return 0
}

// ready is how long a daemon that was started took to be backup, in which it handed over
// what a previous life had left.
func (s *scene) ready(h *lab.Hald) time.Duration {
	s.t.Helper()
	var started time.Time
	for _, e := range h.Events() {
		switch {
		case e.Name == "daemon.started":
			started = parsed(e).TS
		case e.Name == "vrrp.transition" && e.To == "backup":
			return parsed(e).TS.Sub(started)
		}
	}
	s.t.Fatalf("%s did not become backup", h.Name())
	return 0
}

// TestR05Workers: of a director one process dies.
func TestR05Workers(t *testing.T) {
	s := begin(t, lab.Cluster{})

	// The election: the director hands over for it, starts it again, and it
	// takes its place back.
	var turns []turn
	var words, skews figures
	for range tries {
		u := s.turns("lb2", s.lb1.KillElection)
		words, skews = append(words, s.lastWords(u)), append(skews, s.silence(u))
		turns = append(turns, u)
		s.restarted(s.lb1, "election")
		turns = append(turns, s.turns("lb1", func() {}))
	}
	t.Run("Election", func(t *testing.T) {
		seamless(t, turns)
		words.within(t, "from the death to the advert of priority 0", oneUpdate)
		skews.within(t, "from that to the first advert of the peer", s.cluster.SkewTime("lb2")+late)
	})

	// Its balancer, and both workers of the backup: nothing happens.
	for _, c := range []struct {
		name, worker string
		director     *lab.Hald
		kill         func()
	}{
		{"Balancer", "balancer", s.lb1, s.lb1.KillBalancer},
		{"BalancerOfTheBackup", "balancer", s.lb2, s.lb2.KillBalancer},
		{"ElectionOfTheBackup", "election", s.lb2, s.lb2.KillElection},
	} {
		told := len(transitions(s.lb1))
		u := s.turns("lb1", func() {
			c.kill()
			if got := s.table(c.director); !slices.Equal(got, desired()) {
				t.Errorf("the table without a balancer: %v", got)
			}
			s.restarted(c.director, c.worker)
			if got := s.table(c.director); !slices.Equal(got, desired()) {
				t.Errorf("the table with a new balancer: %v", got)
			}
		})
		t.Run(c.name, func(t *testing.T) {
			figures{u.gap.Length()}.within(t, "gap", oneUpdate)
			if len(u.history) != 1 || len(transitions(s.lb1)) != told {
				t.Errorf("the master was disturbed: %v, %v", u.history, transitions(s.lb1)[told:])
			}
		})
	}

	// The director: its workers leave in good order.
	turns = nil
	for range 2 {
		members := s.lb1.Process().Members()
		turns = append(turns, s.turns("lb2", s.lb1.KillDirector))
		s.Eventually(settle, "the workers have left", func() bool { return !slices.ContainsFunc(members, lab.Member.Lives) })
		turns = append(turns, s.turns("lb1", s.lb1.Start))
	}
	t.Run("Director", func(t *testing.T) { seamless(t, turns) })
	s.audit("lb1")
}

// lastWords is how long after the death of lb1's election somebody resigned for it.
func (s *scene) lastWords(u turn) time.Duration {
	s.t.Helper()
	death := s.lb1.AwaitEvent(settle, "the election process died", func(e lab.Event) bool {
		return e.Name == "worker.exited" && e.Reason == "election"
	})
	for _, f := range s.wire.Adverts("lb1", u.start) {
		if f.Advert.Priority == 0 {
			return f.Time.Sub(parsed(death).TS)
		}
	}
	s.t.Fatal("nobody resigned")
	return 0
}

// restarted waits until a director tells that a worker was started again.
func (s *scene) restarted(h *lab.Hald, worker string) {
	s.t.Helper()
	h.AwaitEvent(settle, "the "+worker+" process was started again", func(e lab.Event) bool {
		return e.Name == "worker.restarted" && e.Reason == worker
	})
}
