package vrrp

import (
	"net/netip"
	"time"
)

// split is a second master on the link, as heard by the one of higher rank.
type split struct {
	since    time.Time // when it was first heard
	last     time.Time // when it was last heard
	until    time.Time // when silence ends it; zero: there is no second master
	peer     netip.Addr
	priority uint8
}

// contested notes another master. One heard within an interval of our own
// takeover is the one we took over from, which has not heard us yet.
func (r *Router) contested(p Packet) {
	now := time.Now()
	fresh := r.split.until.IsZero()
	if fresh && now.Sub(r.count.Since) <= r.cfg.Interval {
		return
	}
	if fresh {
		r.split.since = now
		r.observer.Split(false, 0, p.Source, p.Priority)
	}
	r.split.last, r.split.peer, r.split.priority = now, p.Source, p.Priority
	r.split.until = now.Add(DownInterval(r.cfg.Version, r.cfg.Priority, max(p.Interval, r.cfg.Interval)))
}

// uncontested ends a split by our leaving.
func (r *Router) uncontested(t Transition) {
	if t.From == Master && !r.split.until.IsZero() {
		r.split.last = time.Now()
		r.reunite()
	}
}

// reunite reports the end of a split: the last word of the other master.
func (r *Router) reunite() {
	s := r.split
	r.split = split{}
	r.observer.Split(true, s.last.Sub(s.since), s.peer, s.priority)
}
