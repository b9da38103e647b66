package election

import (
	"reflect"
	"slices"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

// becomes tells whether an election can go over to another configuration as it
// runs, without a transition or a lost advertisement.
func (c groupConfig) becomes(next groupConfig) bool {
	return c.Name == next.Name && slices.EqualFunc(c.Instances, next.Instances, Instance.Becomes)
}

// Becomes tells the same of one instance: only its weight in the election, what it
// holds, or how it signs is different. An owner is none by degrees.
func (c Instance) Becomes(next Instance) bool {
	if c.owns() != next.owns() || !c.keeps(next) {
		return false
	}
	c.Addresses, c.Routes, c.Rules, c.Lease, c.Announce = next.Addresses, next.Routes, next.Rules, next.Lease, next.Announce
	c.Routers, c.Hold, c.Concede = next.Routers, next.Hold, next.Concede
	c.Password, c.Keys, c.Lenient = next.Password, next.Keys, next.Lenient
	c.Priority, c.NoPreempt, c.PreemptDelay, c.Before, c.Trackers = next.Priority, next.NoPreempt, next.PreemptDelay, next.Before, next.Trackers
	return reflect.DeepEqual(c, next)
}

// adapt goes over to a configuration that this one becomes. On an error it is to be
// called again, with the one before.
func (g *group) adapt(c groupConfig) error {
	before, quiet := g.priority(), g.cfg.quiet(c)
	var amendments []vrrp.Amendment
	for i, in := range g.members {
		a, err := in.amendment(c.Instances[i])
		if err != nil {
			return err
		}
		a.Spare = c.spare(i)
		amendments = append(amendments, a)
	}
	g.cfg = c
	for i, in := range g.members {
		in.cfg, in.spare = c.Instances[i], c.spare(i)
		in.fit = in.fit.renewed(in.cfg)
	}
	if !quiet {
		if err := g.router.Amend(amendments, g.done); err != nil {
			return err
		}
	}
	first := c.Instances[0]
	g.router.SetPreempt(vrrp.SetPreempt{NoPreempt: first.NoPreempt, Delay: first.PreemptDelay})
	g.router.SetConcede(first.Concede)
	g.router.SetBefore(c.before())
	p := g.priority()
	if p == before {
		return nil
	}
	g.router.SetPriority(p)
	for _, in := range g.members {
		in.emit(event.Event{Name: "vrrp.priority", Priority: int(p), Reason: "configuration"})
	}
	return nil
}

// renewed is the fitness by another configuration. Trackers that were there keep
// what they said; the others join.
func (f *fitness) renewed(c Instance) *fitness {
	next := newFitness(c.Priority, c.Trackers)
	for i := range next.trackers {
		t := &next.trackers[i]
		known := slices.IndexFunc(f.trackers, func(k tracked) bool { return k.id() == t.id() })
		if known >= 0 {
			t.verdict, t.upSince, t.joined = f.trackers[known].verdict, f.trackers[known].upSince, f.trackers[known].joined
		} else {
			t.joined = true
		}
	}
	return next
}
