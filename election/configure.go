package election

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/hald-project/hald/event"
)

// configure makes the running elections those of cfg. What is equal goes on
// undisturbed, and what can change in place does; the rest leaves in good order and begins anew. Nothing is
// touched before everything new could be built.
func (e *election) configure(cfg Config) error {
	if e.host.shadow {
		cfg = cfg.withoutVirtualMACs()
	}
	instances, order := map[string]*instance{}, make([]string, 0, len(cfg.Instances))
	for _, c := range cfg.Instances {
		order = append(order, c.Name)
	}
	var next, begin []*group
	adapt := map[*group]groupConfig{}
	for _, c := range cfg.groups() {
		var g *group
		if old := e.instances[c.Instances[0].Name]; old != nil && reflect.DeepEqual(old.group.cfg, c) {
			g = old.group
		} else if old != nil && old.group.cfg.becomes(c) && (old.group.running() || old.group.cfg.quiet(c)) {
			g = old.group
			adapt[g] = c
		} else {
			var err error
			if g, err = newGroup(c, e.host, e.out.emit, e.noteChange); err != nil {
				return err
			}
			g.awaits(e.out)
			begin = append(begin, g)
		}
		next = append(next, g)
		for _, in := range g.members {
			instances[in.cfg.Name] = in
		}
	}
	if e.fresh {
		e.fresh = false
		e.resume(cfg.Planned)
		is, err := e.host.realTime()
		if err != nil {
			e.out.emit(event.Event{Name: "vrrp.error", Reason: "realtime_limit", Error: err.Error()})
		}
		if !is {
			e.out.emit(event.Event{Name: "vrrp.not_realtime", Reason: "SCHED_FIFO is not permitted (CAP_SYS_NICE, RLIMIT_RTPRIO): intervals below 50ms are not safe on a busy machine"})
		}
		if err := e.recover(cfg, instances); err != nil {
			return err
		}
	}
	for g, c := range adapt {
		if err := g.adapt(c); err != nil {
			return err
		}
	}
	for _, g := range e.groups {
		if !slices.Contains(next, g) {
			g.stop()
			e.leaving = append(e.leaving, g)
		}
	}
	e.groups, e.instances, e.order = next, instances, order
	for _, g := range begin {
		e.standBy(g)
		g.start(slices.DeleteFunc(slices.Clone(e.leaving), func(l *group) bool { return !l.cfg.precedes(g.cfg) }))
	}
	e.look()
	return nil
}

// recover finds what a previous life still holds. Addresses of an instance are
// handed over by its router, with those of its whole group; others are released
// here.
func (e *election) recover(cfg Config, instances map[string]*instance) error {
	k, err := e.host.kernel()
	if err != nil {
		return err
	}
	defer k.Close()
	links, err := e.host.links()
	if err != nil {
		return err
	}
	left, err := survey(k, links, cfg, nil)
	if err != nil {
		return err
	}
	if err := left.releaseStrays(k); err != nil {
		return fmt.Errorf("release leftovers: %w", err)
	}
	for _, addrs := range left.addresses {
		e.out.emit(event.Event{Name: "daemon.recovered", Address: list(addrs), Count: len(addrs)})
	}
	for _, r := range left.routes {
		e.out.emit(event.Event{Name: "daemon.recovered", Route: r.Destination.String()})
	}
	for _, r := range left.rules {
		e.out.emit(event.Event{Name: "daemon.recovered", Rule: r.String()})
	}
	e.admit(cfg)
	for name := range left.instances {
		in := instances[name]
		in.group.handOver()
		in.group.stamp(e.out.emit, in.cfg)(event.Event{
			Name: "daemon.recovered", Interface: in.cfg.Interface, Address: list(in.cfg.prefixes()), Count: len(in.cfg.Addresses),
		})
	}
	return nil
}
