package balancer

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/healthcheck"
)

// watches are the running checks, one for each distinct one however many
// services name it: in one loop those that it can do, each with a monitor of its
// own the others. The pool owns them.
type watches struct {
	build   func(Check) (healthcheck.Checker, error)
	results chan outcome            // from the monitors
	news    chan []healthcheck.News // from the loop
	loop    *healthcheck.Loop       // of the checks that one can do; nil: none was needed
	failed  chan error              // why the loop ended
	running map[checkID]*watch
	tracked map[checkID]bool // those that trackers need
	group   sync.WaitGroup
}

// watch is one check and what it last found.
type watch struct {
	stop     context.CancelFunc
	job      *healthcheck.Job // in the loop; nil: it has a monitor
	verdict  healthcheck.Verdict
	read     healthcheck.Reading // of the last probe that passed
	weighs   bool                // which is a weight
	last     CheckStatus
	services []*virtual // whose servers it is for
}

// outcome is one result on its way to the pool.
type outcome struct {
	from   *watch
	result healthcheck.Result
}

// follow starts the checks that services which come, or trackers, need, and stops those
// that nobody needs any more. One that is still needed goes on undisturbed, with its
// verdict. Among the checks are all that do not run yet. After an error all is as it was.
func (w *watches) follow(ctx context.Context, come, gone []*virtual, trackers []tracker, checks map[checkID]Check) error {
	checkers := make(map[checkID]healthcheck.Checker)
	need := func(id checkID) error {
		if w.running[id] != nil || checkers[id] != nil {
			return nil
		}
		check := checks[id]
		if check.Interval <= 0 || check.Timeout <= 0 {
			return fmt.Errorf("%s: interval and timeout must be above 0", check.describe())
		}
		checker, err := w.build(check)
		if err != nil {
			return fmt.Errorf("%s: %w", check.describe(), err)
		}
		checkers[id] = checker
		return nil
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
	for id, checker := range checkers {
		if err := w.start(ctx, id, checks[id], checker); err != nil {
			for id := range checkers {
				w.end(id)
			}
			return fmt.Errorf("%s: %w", checks[id].describe(), err)
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

// end stops a check, if it runs.
func (w *watches) end(id checkID) {
	if old := w.running[id]; old != nil {
		old.stop()
		delete(w.running, id)
	}
}

// serves notes that a check is for a service, whose servers may share it.
func (w *watch) serves(v *virtual) {
	if !slices.Contains(w.services, v) {
		w.services = append(w.services, v)
	}
}

func (w *watch) leaves(v *virtual) {
	w.services = slices.DeleteFunc(w.services, func(of *virtual) bool { return of == v })
}

func (w *watches) start(ctx context.Context, id checkID, check Check, checker healthcheck.Checker) error {
	started := &watch{last: CheckStatus{Kind: check.Kind}, weighs: check.Weighs}
	monitor := healthcheck.Monitor{
		Checker: checker, Delay: healthcheck.Spread(string(id[:]), check.Interval),
		Interval: check.Interval, FastInterval: check.FastInterval, Timeout: check.Timeout,
		Rise: check.Rise, Fall: check.Fall,
	}
	if healthcheck.Loops(checker) {
		if err := w.enter(ctx, monitor, started); err != nil {
			return err
		}
	} else {
		w.observe(ctx, monitor, started)
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
func (w *watches) enter(ctx context.Context, m healthcheck.Monitor, started *watch) (err error) {
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
	if started.job, err = w.loop.Add(m, started); err != nil {
		return err
	}
	started.stop = func() { w.loop.Remove(started.job) }
	return nil
}

// take keeps a result and tells whether what is decided by it, or else what is known
// of it, is new.
func (o outcome) take() (verdict, detail bool) {
	was, read := o.from.last, o.from.read
	o.from.last.OK = o.result.Err == nil
	o.from.last.Error = ""
	if o.result.Err != nil {
		o.from.last.Error = o.result.Err.Error()
		o.from.last.Failures++
	} else {
		o.from.read = o.result.Reading
	}
	o.from.last.LatencyMS = event.Milliseconds(o.result.Latency)
	o.from.verdict = o.result.Verdict
	verdict = o.result.Changed || o.from.weighs && weightOf(read) != weightOf(o.from.read)
	for _, v := range o.from.services {
		v.stale = v.stale || verdict
	}
	return verdict, was.OK != o.from.last.OK || was.Error != o.from.last.Error || read != o.from.read
}

// said is what a check says.
func (w *watches) said(id checkID) opinion {
	watch := w.running[id]
	if watch == nil {
		return opinion{}
	}
	o := opinion{verdict: watch.verdict}
	if watch.weighs && watch.verdict != healthcheck.Unknown {
		o.weighs, o.weight = true, weightOf(watch.read)
	}
	return o
}

// status is the last result of a check. The loop reports only what is new, and
// how long the last probe took and how many failed when asked.
func (w *watches) status(id checkID) CheckStatus {
	watch := w.running[id]
	if watch == nil {
		return CheckStatus{}
	}
	last := watch.last
	if watch.weighs {
		last.Weight, last.WeightError = weightOf(watch.read).said(), watch.read.Wrong
	}
	if watch.job != nil {
		last.LatencyMS, last.Failures = event.Milliseconds(watch.job.Latency()), watch.job.Failures()
	}
	return last
}
