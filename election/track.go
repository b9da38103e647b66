package election

import (
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

// handOver makes the router begin with handing over what a previous life left.
func (g *group) handOver() {
	g.resigning.Store(true)
	g.router.HandOver()
}

// noting notes the end of that.
func (g *group) noting(changed func(vrrp.Transition)) func(vrrp.Transition) {
	return func(t vrrp.Transition) {
		if t.To != vrrp.Leaving {
			g.resigning.Store(false)
		}
		changed(t)
	}
}

// priority is the effective one of the election: a group is as fit as its least
// fit member.
func (g *group) priority() uint8 {
	least := uint8(ownerPriority)
	for _, in := range g.members {
		least = min(least, in.fit.priority())
	}
	return least
}

// unfitness is why the trackers keep the instance from being master now.
func (in *instance) unfitness() []string {
	if in.group.resigning.Load() {
		return nil
	}
	return in.fit.faults()
}

// reconsider is for new verdicts, for transitions, and for the time that passes:
// an interface that came back counts after a while.
func (e *election) reconsider() {
	if e.weigh() {
		e.look()
	}
}

// weigh brings the priorities in line with what the trackers say now. It tells
// whether the faults of an instance are others than its router knows.
func (e *election) weigh() (changed bool) {
	now := time.Now()
	for _, g := range e.groups {
		priority, moved := g.priority(), []string(nil)
		for _, in := range g.members {
			moved = append(moved, e.judge(in, now)...)
			changed = changed || !slices.Equal(in.unfitness(), in.unfit)
		}
		p := g.priority()
		if p == priority {
			continue
		}
		g.router.SetPriority(p)
		e.noteChange(vrrp.Transition{})
		for _, in := range g.members {
			in.emit(event.Event{Name: "vrrp.priority", Priority: int(p), Reason: strings.Join(moved, " ")})
		}
	}
	return changed
}

// judge takes what is known of an instance's trackers, and names those that add
// something else to its priority than before.
func (e *election) judge(in *instance, now time.Time) (moved []string) {
	worths := in.fit.worths()
	news := in.fit.hear(in.cfg.Name, e.verdicts)
	if e.links != nil {
		news = append(news, in.fit.see(now, e.links)...)
	}
	for _, n := range news {
		in.emit(n)
		e.noteChange(vrrp.Transition{})
	}
	return in.fit.moved(worths)
}
