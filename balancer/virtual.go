package balancer

import (
	"slices"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/ipvsctl"
)

// virtual is one virtual server: as it is configured, with the servers that were found,
// and where it stands.
type virtual struct {
	service *service
	state   state
	want    []ipvsctl.Service // what of it the reconciler is told
	stale   bool              // something happened to it since its last step
}

// due tells whether a step of the service may change anything.
func (v *virtual) due(now time.Time) bool {
	return v.stale || !v.state.wake.IsZero() && !now.Before(v.state.wake)
}

// advance takes every service that something happened to one step further and passes
// on what follows: the wish to the reconciler, the events to the director, the next
// wake-up.
func (p *pool) advance(idle map[ipvsctl.DestinationKey]bool) {
	now := time.Now()
	tell := func(e event.Event) { // a clock is read once for ten thousand of them
		e.Time = now
		p.out.tell(e)
	}
	f := facts{now: now, said: p.watches.said, idle: idle, overrides: p.overrides, desk: new(desk)}
	changed := false
	var wake time.Time
	for _, v := range p.services {
		if v.due(now) {
			changed = p.step(v, f, tell) || changed
		}
		if w := v.state.wake; !w.IsZero() && (wake.IsZero() || w.Before(wake)) {
			wake = w
		}
	}
	for _, v := range p.gone {
		narrateGone(v.service, v.state, tell)
		changed = true
	}
	p.gone = nil
	p.wish(changed)
	p.track()
	if !wake.IsZero() {
		p.wake.Reset(wake.Sub(now))
	}
	p.rested = time.Now().Add(min(restAfterStep*time.Since(now), longestRest))
}

// step takes one service one step further and tells whether something else is wanted of
// it now. Before the kernel's table was read nothing is: that is the beginning.
func (p *pool) step(v *virtual, f facts, tell func(event.Event)) (changed bool) {
	before := v.state
	if p.view.seen {
		before.adopt(v.service, p.view.last)
	}
	v.stale = false
	v.state = step(v.service, before, f)
	narrate(v.service, before, v.state, p.watches.status, tell)
	if !p.view.seen {
		v.state.table = nil
		return false
	}
	want := v.state.want(v.service)
	if slices.EqualFunc(want, v.want, ipvsctl.Service.Equal) {
		return false
	}
	v.want = want
	return true
}

// wish tells the reconciler what is wanted, if that has changed.
func (p *pool) wish(changed bool) {
	if !p.view.seen || p.wished && !changed {
		return
	}
	want := make([]ipvsctl.Service, 0, len(p.services))
	for _, v := range p.services {
		want = append(want, v.want...)
	}
	p.wished = true
	p.keeping.reconciler.Set(want)
}
