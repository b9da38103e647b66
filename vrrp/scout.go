package vrrp

import (
	"net/netip"
	"time"
)

// takenRetry is how often is looked whether the addresses are still taken.
const takenRetry = time.Second

// Scout finds out who has a member's addresses before they are claimed. Its methods are
// called from the router's goroutine and must not block.
type Scout interface {
	// Met tells of a router of this virtual router: who is where that is may have the
	// addresses rightly.
	Met(router netip.Addr)
	// Ask says that it may soon be our turn: the master is overdue.
	Ask()
	// Taken is why the addresses must not be claimed, because somebody else has them;
	// empty: they may.
	Taken() string
}

// noScout asks nobody, and knows of nothing.
type noScout struct{}

func (noScout) Met(netip.Addr) {}
func (noScout) Ask()           {}
func (noScout) Taken() string  { return "" }

// Overdue is since when a backup has reason to ask who has the addresses; zero when it
// has none. It is half an interval and the skew before the down timer ends, so that one lost
// advertisement is no reason; where the master resigned, that is at once.
func (m *Machine) Overdue() time.Time {
	if m.state != Backup {
		return time.Time{}
	}
	return m.deadline.Add(-m.skew(m.cfg.Priority) - m.interval/2)
}

// doubt is when the members' scouts are to ask; zero when they have been asked before this
// down timer ends, or there is no reason.
func (r *Router) doubt() time.Time {
	if r.machine.Deadline().Equal(r.asked) {
		return time.Time{}
	}
	return r.machine.Overdue()
}

// ask has every member's scout ask.
func (r *Router) ask() {
	r.asked = r.machine.Deadline()
	for _, m := range r.members {
		m.Scout.Ask()
	}
}

// taken is the fault of a backup whose turn it is, and one of whose members' addresses
// somebody else has, to whom they are left. A master leaves them to nobody.
func (r *Router) taken() bool {
	if r.machine.State() != Backup {
		return false
	}
	var reason string
	for _, m := range r.members {
		if m.taken(time.Now()) {
			reason = m.fault
		}
	}
	if reason != "" {
		r.step(Failed{reason})
	}
	return reason != ""
}

// taken notes that somebody else has a member's addresses, and when to look again.
func (m *member) taken(now time.Time) bool {
	reason := m.Scout.Taken()
	if reason == "" {
		return false
	}
	m.Scout.Ask() // it goes on
	m.fault, m.retry = reason, now.Add(takenRetry)
	return true
}
