package vrrp

import (
	"net/netip"
	"time"
)

// split is a second master on a member's link, as heard by one that does not
// yield to it.
type split struct {
	since    time.Time // when it was first heard
	last     time.Time // when it was last heard
	until    time.Time // when silence ends it; zero: there is no second master
	peer     netip.Addr
	priority uint8
}

// contested notes another master. One heard within an interval of our own
// takeover is the one we took over from, which has not heard us yet.
func (r *Router) contested(m *member, p Packet) {
	now := time.Now()
	fresh := m.split.until.IsZero()
	if fresh && now.Sub(r.since) <= r.cfg.Interval {
		return
	}
	lasted := time.Duration(0)
	if fresh {
		m.split.since = now
	} else {
		lasted = max(1, now.Sub(m.split.since))
	}
	m.Observer.Split(false, lasted, p.Source, p.Priority)
	m.split.last, m.split.peer, m.split.priority = now, p.Source, p.Priority
	m.split.until = now.Add(DownInterval(r.cfg.Version, r.cfg.Priority, max(p.Interval, r.cfg.Interval)))
}

// uncontested ends a split by our leaving.
func (m *member) uncontested() {
	if !m.split.until.IsZero() {
		m.split.last = time.Now()
		m.reunite()
	}
}

// reunite reports the end of a split: the last word of the other master.
func (m *member) reunite() {
	s := m.split
	m.split = split{}
	m.Observer.Split(true, s.last.Sub(s.since), s.peer, s.priority)
}
