package simulate

import (
	"slices"
	"time"

	"github.com/hald-project/hald/vrrp"
)

// tenure adds up who had an election's addresses.
type tenure struct {
	owners      []string
	began       bool // there was an owner
	since       time.Duration
	none, two   stretch
	transitions int
}

// stretch is the sum and the longest of some lengths of time.
type stretch struct {
	total, longest, running time.Duration
}

// pass adds time for which the stretch went on, or ends it.
func (s *stretch) pass(on bool, d time.Duration) {
	if !on {
		s.running = 0
		return
	}
	s.total += d
	s.running += d
	s.longest = max(s.longest, s.running)
}

// own keeps the account of an election whose owners change.
func (w *world) own(e *election) {
	t := &w.tenures[e.index]
	t.pass(w.now)
	if e.held {
		t.owners = append(t.owners, e.node.name)
		t.began = true
		return
	}
	t.owners = slices.DeleteFunc(t.owners, func(name string) bool { return name == e.node.name })
}

// pass brings the account up to date.
func (t *tenure) pass(now time.Duration) {
	if d := now - t.since; t.began && d > 0 {
		t.none.pass(len(t.owners) == 0, d)
		t.two.pass(len(t.owners) > 1, d)
	}
	t.since = now
}

// note writes a transition into the history.
func (w *world) note(e *election, t vrrp.Transition) {
	if t.From != t.To {
		w.tenures[e.index].transitions++
	}
	w.history = append(w.history, Entry{
		At: Seconds(w.now), Director: e.node.name, Election: e.name, From: t.From.String(), To: t.To.String(),
		Reason: t.Reason, Peer: w.names[t.Peer], Priority: int(t.PeerPriority),
	})
}

// result is the history and the account at the end.
func (w *world) result(end time.Duration) Result {
	r := Result{End: Seconds(end), History: w.history}
	for i, role := range w.cast.elections {
		t := &w.tenures[i]
		t.pass(end)
		slices.Sort(t.owners)
		r.Summary = append(r.Summary, Summary{
			Election: role.name, Instances: role.instances, Transitions: t.transitions, Bound: Seconds(role.bound),
			None: Seconds(t.none.total), LongestNone: Seconds(t.none.longest), Two: Seconds(t.two.total), LongestTwo: Seconds(t.two.longest), Owners: t.owners,
		})
	}
	return r
}
