package vrrp

import (
	"net/netip"
	"time"
)

const (
	pathJitter = 32                     // this part of an interval more than the two that are missing is forgiven
	pathLeast  = 100 * time.Millisecond // the least silence that counts, however short the interval
	pathCalm   = 5 * time.Second        // or three intervals, whichever is longer: a path that was down is up again after so long without a gap
)

// Why a path is down, besides the faults of the link of a spare member.
const (
	ReasonNotHeard   = "not_heard"   // the master is heard on another link, and no longer on this one
	ReasonNeverHeard = "never_heard" // likewise, and it never was since it is the master, or since we listen
)

// PathChange says that one of several links on which a router elects has become
// useless to it, or is of use again.
type PathChange struct {
	Down   bool
	Reason string        // ReasonNotHeard, ReasonNeverHeard, or the fault of a spare member's link
	Lasted time.Duration // down: since the last word, so far; else how long it was down
	Known  bool          // of one that is not down any more: it is of use again. Else the router is no backup any more, and cannot tell
	Peer   netip.Addr    // the master, as it was or is heard on the link; zero: it was not
}

// path is what is known of a member's link as one of several.
type path struct {
	fault  string    // of a spare member's link; empty: none
	since  time.Time // of fault
	opened time.Time // when listening began
	told   string    // why it is down, as reported; empty: it is up
	begun  time.Time // of that
	well   time.Time // since when nothing is wrong with it again; zero: something is
}

// lacks notes that a member cannot do its part: it is the whole router's fault, and only
// that of its path where the member is spare and nothing but the link is wrong.
func (r *Router) lacks(m *member, reason string) Event {
	if !m.Spare || m.link.Unfit {
		return m.failed(reason)
	}
	if m.path.fault == "" {
		m.path.since = time.Now()
	}
	m.path.fault = reason
	return nil
}

// unheard tells since when nothing was heard of the master on a member's link, on which
// was listened since from, and when that is long enough to be told; zero: it was not
// heard elsewhere either. never: it was not since it is the master, or since from.
func (m *Machine) unheard(member int, from time.Time) (since, due time.Time, never bool) {
	if from.Before(m.first) {
		from = m.first
	}
	if since, never = m.words[member], m.words[member].Before(from); never {
		since = from
	}
	if m.state != Backup || m.resigned || m.first.IsZero() || m.heard.Sub(since) <= m.interval {
		return since, time.Time{}, never
	}
	return since, since.Add(max(2*m.interval+m.interval/pathJitter, pathLeast)), never
}

// wrong is what is wrong with a path, since when, and from when on that counts; zero:
// nothing is.
func (r *Router) wrong(m *member) (reason string, since, due time.Time) {
	if m.path.fault != "" {
		return m.path.fault, m.path.since, m.path.since
	}
	if len(r.members) == 1 || m.conn == nil {
		return "", since, due
	}
	since, due, never := r.machine.unheard(m.index, m.path.opened)
	if never {
		return ReasonNeverHeard, since, due
	}
	return ReasonNotHeard, since, due
}

// calm is how long a path that was down must be well.
func (r *Router) calm() time.Duration { return max(pathCalm, 3*r.machine.interval) }

// pathDue is when judge has something to say of a path; zero: never, if nothing is heard.
func (r *Router) pathDue(m *member) time.Time {
	_, _, due := r.wrong(m)
	switch p := &m.path; {
	case p.told == "" || !due.IsZero() && !p.well.IsZero():
		return due
	case !due.IsZero():
		return time.Time{}
	case p.well.IsZero():
		return time.Now()
	default:
		return p.well.Add(r.calm())
	}
}

// judge reports what has become of a path. Whatever is queued was heard before.
func (r *Router) judge(m *member, now time.Time) {
	reason, since, due := r.wrong(m)
	p := &m.path
	switch {
	case !due.IsZero() && !now.Before(due):
		p.well = time.Time{}
		if p.told == "" {
			p.told, p.begun = reason, since
			m.Observer.PathChanged(PathChange{Down: true, Reason: reason, Lasted: now.Sub(since), Peer: r.machine.Master(m.index)})
		}
	case p.told == "":
	case p.well.IsZero():
		p.well = now
	case due.IsZero() && now.Sub(p.well) >= r.calm():
		r.pathUp(m, PathChange{Lasted: p.well.Sub(p.begun), Known: true})
	}
}

func (r *Router) pathUp(m *member, c PathChange) {
	c.Reason, c.Peer = m.path.told, r.machine.Master(m.index)
	m.path.told, m.path.well = "", time.Time{}
	m.Observer.PathChanged(c)
}

// unjudged ends what only a backup can tell of a path.
func (r *Router) unjudged(m *member) {
	if p := &m.path; p.told == ReasonNotHeard || p.told == ReasonNeverHeard {
		r.pathUp(m, PathChange{Lasted: time.Since(p.begun)})
	}
}

// enlist makes a member spare, or no longer: its link is judged anew.
func (r *Router) enlist(m *member, spare bool) {
	if m.Spare == spare {
		return
	}
	m.Spare, m.fault, m.path.fault = spare, "", ""
	r.place(m, m.link)
	r.settle()
}
