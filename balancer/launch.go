package balancer

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/hald-project/hald/healthcheck"
)

// follow starts the checks that services which come, or trackers, need, and stops those
// that nobody needs any more. One that is still needed goes on undisturbed, with its
// verdict. Among the checks are all that do not run yet. After an error all is as it was.
func (w *watches) follow(ctx context.Context, come, gone []*virtual, trackers []tracker, checks checks) error {
	ready := launches{build: w.build, all: make(map[checkID]launch), alike: make(map[checkID]*healthcheck.Plan)}
	need := func(id checkID) error {
		if w.running[id] != nil {
			return nil
		}
		return ready.prepare(id, checks.all[id])
	}
	tracked := make(map[checkID]bool)
	for _, t := range trackers {
		if t.Check != nil {
			tracked[t.check] = true
			if err := need(t.check); err != nil {
				return err
			}
		}
	}
	for _, v := range come {
		for id := range v.service.probed() {
			if err := need(id); err != nil {
				return err
			}
		}
	}
	for id, l := range ready.all {
		if err := w.start(ctx, id, checks.all[id], l); err != nil {
			for id := range ready.all {
				w.end(id)
			}
			return fmt.Errorf("%s: %w", checks.all[id].whole().describe(), err)
		}
	}
	w.serve(come, gone, tracked)
	return nil
}

// serve notes whom the checks are for now, and stops those that are for nobody.
func (w *watches) serve(come, gone []*virtual, tracked map[checkID]bool) {
	for _, v := range come {
		for id := range v.service.probed() {
			w.running[id].serves(v)
		}
	}
	left := w.tracked
	w.tracked = tracked
	for _, v := range gone {
		for id := range v.service.probed() {
			w.running[id].leaves(v)
			left[id] = true
		}
	}
	for id := range left {
		if !tracked[id] && len(w.running[id].services) == 0 {
			w.end(id)
		}
	}
}

// launch is a check that is about to run: in the loop as planned, or else in a monitor.
type launch struct {
	monitor healthcheck.Monitor
	plan    *healthcheck.Plan // nil: it has a monitor
}

// launches are all that are about to.
type launches struct {
	build func(Check) (healthcheck.Checker, error)
	all   map[checkID]launch
	alike map[checkID]*healthcheck.Plan // by the identity of a check without its target
}

// prepare makes a check ready to run. Checks that differ in their targets alone share a
// plan.
func (l launches) prepare(id checkID, a aimed) error {
	if _, ready := l.all[id]; ready {
		return nil
	}
	if plan := l.alike[a.kind]; plan != nil {
		l.all[id] = launch{plan: plan}
		return nil
	}
	check := a.whole()
	if check.Interval <= 0 || check.Timeout <= 0 {
		return fmt.Errorf("%s: interval and timeout must be above 0", check.describe())
	}
	checker, err := l.build(check)
	if err != nil {
		return fmt.Errorf("%s: %w", check.describe(), err)
	}
	ready := launch{monitor: healthcheck.Monitor{
		Checker: checker, Delay: healthcheck.Spread(string(id[:]), check.Interval),
		Interval: check.Interval, FastInterval: check.FastInterval, Timeout: check.Timeout,
		Rise: check.Rise, Fall: check.Fall,
	}}
	if healthcheck.Loops(checker) {
		if ready.plan, err = healthcheck.NewPlan(ready.monitor); err != nil {
			return fmt.Errorf("%s: %w", check.describe(), err)
		}
		l.alike[a.kind] = ready.plan
	}
	l.all[id] = ready
	return nil
}

func (w *watches) start(ctx context.Context, id checkID, a aimed, l launch) error {
	started := &watch{kind: a.check.Kind, weighs: a.check.Weighs}
	if l.plan == nil {
		w.observe(ctx, l.monitor, started)
	} else if err := w.enter(ctx, l.plan, a.target, started); err != nil {
		return err
	}
	w.running[id] = started
	return nil
}

// observe gives a check a monitor of its own.
func (w *watches) observe(ctx context.Context, m healthcheck.Monitor, started *watch) {
	ctx, started.stop = context.WithCancel(ctx)
	w.group.Go(func() {
		m.Run(ctx, func(r healthcheck.Result) {
			select {
			case w.results <- outcome{started, r}:
			case <-ctx.Done():
			}
		})
	})
}

// enter gives a check to the loop, which starts with the first.
func (w *watches) enter(ctx context.Context, p *healthcheck.Plan, target netip.AddrPort, started *watch) error {
	if w.loop == nil {
		loop, err := healthcheck.NewLoop(w.news)
		if err != nil {
			return err
		}
		w.loop = loop
		w.group.Go(func() {
			if err := loop.Run(ctx); err != nil {
				w.failed <- err
			}
		})
	}
	started.job = w.loop.Add(p, target, started)
	return nil
}

// end stops a check, if it runs.
func (w *watches) end(id checkID) {
	old := w.running[id]
	switch {
	case old == nil:
		return
	case old.job != nil:
		w.loop.Remove(old.job)
	default:
		old.stop()
	}
	delete(w.running, id)
}
