package election

import (
	"maps"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

// askAgain is how many intervals a hand-over may take: it ends in two.
const askAgain = 4

// planned is the planned work in force, and under way.
type planned struct {
	maintenance *Maintenance
	retreat     *retreat // ordered, but some instance is master still; nil: not
	standby     map[string]Standby
}

// retreat is the way into maintenance: what is master is handed over first.
type retreat struct {
	maintenance Maintenance
	asked       map[string]time.Time // when each master was asked to hand over
}

// resume goes on with the planned work of a previous life.
func (e *election) resume(p Planned) {
	e.planned.standby = maps.Clone(p.Standby)
	switch m := p.Maintenance; {
	case m == nil:
	case m.over(time.Now()):
		e.out.emit(event.Event{Name: "maintenance.off", Reason: "time_over", DurationMS: event.Milliseconds(m.Until.Sub(m.Since))})
	default:
		e.withdraw(*m, "kept")
	}
}

// standBy lets an election that is about to start begin as the one before it
// ended.
func (e *election) standBy(g *group) {
	for _, in := range g.members {
		if s, ok := e.planned.standby[in.cfg.Name]; ok {
			g.router.StandBy(s.Until)
		}
	}
}

// maintain begins the way into maintenance, or ends it.
func (e *election) maintain(o MaintenanceOrder) {
	next := Maintenance{Since: time.Now(), Until: o.Until, By: o.By}
	switch {
	case !o.On:
		e.endRetreat()
		e.rejoin("ordered")
	case e.planned.maintenance != nil: // another end
		next.Since = e.planned.maintenance.Since
		e.planned.maintenance = &next
	default:
		e.planned.retreat = &retreat{next, map[string]time.Time{}}
	}
	e.publish()
}

// plan keeps up with what the routers say: who stands by, whether the way into
// maintenance is free, whether its end has come.
func (e *election) plan(all []Status) {
	for _, s := range all {
		if s.Standby == nil {
			delete(e.planned.standby, s.Name)
			continue
		}
		if e.planned.standby == nil {
			e.planned.standby = map[string]Standby{}
		}
		e.planned.standby[s.Name] = *s.Standby
	}
	maps.DeleteFunc(e.planned.standby, func(name string, _ Standby) bool { return e.instances[name] == nil })
	if e.planned.retreat != nil {
		e.proceed(all)
	}
	if m := e.planned.maintenance; m != nil && m.over(time.Now()) {
		e.rejoin("time_over")
	}
}

// proceed goes into maintenance when nobody depends on this director any more,
// and gives it up when somebody does: a hand-over that was refused leaves the
// whole director in the election, and an owner's is. A backup that hears no master
// may be about to become it.
func (e *election) proceed(all []Status) {
	r := e.planned.retreat
	ready := len(all) == len(e.order)
	for _, s := range all {
		in, asked := e.instances[s.Name], r.asked[s.Name]
		switch {
		case s.State == vrrp.Backup.String() && s.MasterPriority == 0:
			ready = false
		case s.State != vrrp.Master.String():
		case s.EffectivePriority == vrrp.Owner, s.Reason == vrrp.ReasonRefused && !asked.IsZero() && s.Since.After(asked):
			e.out.emit(event.Event{Name: "maintenance.refused", Instance: s.Name, VRID: s.VRID, Reason: "no_successor", By: r.maintenance.By})
			e.endRetreat()
			return
		default: // asked again if another order was quicker
			if ready = false; asked.IsZero() || time.Since(asked) > askAgain*in.cfg.Interval+statusEvery {
				r.asked[s.Name] = time.Now()
				in.group.router.Yield(time.Time{})
			}
		}
	}
	if ready {
		e.endRetreat()
		e.withdraw(r.maintenance, "ordered")
	}
}

// endRetreat lets what was handed over for it stand by no longer.
func (e *election) endRetreat() {
	if e.planned.retreat == nil {
		return
	}
	for name := range e.planned.retreat.asked {
		if in := e.instances[name]; in != nil {
			in.group.router.TakeBack()
		}
	}
	e.planned.retreat = nil
}

// withdraw silences every instance.
func (e *election) withdraw(m Maintenance, reason string) {
	e.planned.maintenance = &m
	ev := event.Event{Name: "maintenance.on", Reason: reason, By: m.By}
	if !m.Until.IsZero() {
		ev.DurationMS = event.Milliseconds(time.Until(m.Until))
	}
	e.out.emit(ev)
	e.look()
}

// rejoin ends maintenance: every instance begins as backup.
func (e *election) rejoin(reason string) {
	if e.planned.maintenance == nil {
		return
	}
	e.out.emit(event.Event{Name: "maintenance.off", Reason: reason, DurationMS: event.Milliseconds(time.Since(e.planned.maintenance.Since))})
	e.planned.maintenance = nil
	e.look()
}

func (m *Maintenance) over(now time.Time) bool { return !m.Until.IsZero() && !now.Before(m.Until) }

// report is what the director keeps for the next life.
func (p *planned) report() *Planned {
	return &Planned{Maintenance: p.maintenance, Standby: maps.Clone(p.standby)}
}
