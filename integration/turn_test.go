package integration

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// scene is a pair of directors at work with every instrument on it.
type scene struct {
	*lab.Lab
	t         *testing.T
	cluster   lab.Cluster
	lb1, lb2  *lab.Hald
	client    *lab.Probe
	owners    *lab.Watch
	wire      *lab.Capture // nil: none, as it ends with the interface
	began     time.Time
	held      map[string]holding // by its processes, in the beginning
	deaf      *lab.Hald          // the one that may call the other director a stranger; nil: neither
	preferred int                // how often somebody was
	routers   int                // virtual ones, where they are many
	intruder  string             // the MAC of a stranger, whom both may call so
	lossy     bool               // both may: adverts are lost, and their announcements are not
}

// lively is the advertisement interval of scenarios in which the master changes
// often: a stall of the machine is still shorter than the down interval.
const lively = 500 * time.Millisecond

// begin sets the scene: lb1 is master, the client is served. The interval is lively
// unless the cluster has its own.
func begin(t *testing.T, c lab.Cluster) *scene {
	t.Helper()
	if c.Interval == 0 {
		c.Interval = lively
	}
	// The checks are no part of these scenarios: a slow moment shall not take a
	// real server out.
	c.Check.Fall = 10
	l := lab.New(t)
	s := &scene{Lab: l, t: t, cluster: c, owners: l.WatchOwners(lab.VIP), wire: l.Capture(), began: time.Now()}
	s.lb1, s.lb2, s.client = pair(t, l, c)
	s.held = s.settled()
	return s
}

func (s *scene) directors() []*lab.Hald { return []*lab.Hald{s.lb1, s.lb2} }

// prefer lets a director's election go before the other one's, until it is preferred, as if it had a processor of
// its own: it hears at once what it is told, and not when the other one has done all
// that it has to do.
func (s *scene) prefer(h *lab.Hald) {
	s.t.Helper()
	for _, m := range h.Process().Members() {
		if strings.HasPrefix(m.Command, "hald worker election") {
			s.preferred++
			s.Run(h.Name(), "chrt", "--all-tasks", "--fifo", "--pid", strconv.Itoa(10+s.preferred), strconv.Itoa(m.Pid)) // 10 is hald's own
			return
		}
	}
	s.t.Fatalf("%s has no election", h.Name())
}

// turn is a change of master and what it cost.
type turn struct {
	start, end time.Time
	history    lab.Ownership
	gap        lab.Gap // the client's longest
	lost       int     // requests of the client
}

// turns makes something happen after which a director must be master alone, and
// looks on for a while.
func (s *scene) turns(to string, act func()) turn {
	s.t.Helper()
	u := turn{start: time.Now()}
	act()
	s.AwaitMaster(to, settle)
	s.lookOn()
	u.end = time.Now()
	u.history = s.owners.Ownership().Since(u.start)
	samples := s.client.Since(u.start)
	u.gap, u.lost = samples.LongestGap(), samples.Lost()
	return u
}

// stall is the longest time since a moment for which the client did not get to
// run.
func (s *scene) stall(from time.Time) (longest time.Duration) {
	for _, sample := range s.client.Since(from) {
		longest = max(longest, sample.Idle+sample.Sent.Sub(sample.Due))
	}
	return longest
}

// lookOn waits until the client was served by a request that was sent so much
// later that all requests before are over: what goes wrong after a change, goes
// wrong soon.
func (s *scene) lookOn() {
	s.t.Helper()
	from := time.Now().Add(lab.RequestTimeout)
	s.Eventually(settle, "the client is served", func() bool {
		return slices.ContainsFunc(s.client.Since(from), lab.Sample.Served)
	})
}

// none is how long nobody had the address, both how long two had it.
func (u turn) none() time.Duration { return u.history.None(u.end) }
func (u turn) both() time.Duration { return u.history.Both(u.end) }

// kept is how long a director went on to have the address.
func (u turn) kept(director string) time.Duration {
	for i := len(u.history) - 1; i >= 0; i-- {
		if tenure := u.history[i]; slices.Contains(tenure.Owners, director) {
			if tenure.To.IsZero() {
				tenure.To = u.end
			}
			return tenure.To.Sub(u.start)
		}
	}
	return 0
}
