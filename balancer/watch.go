package balancer

import (
	"context"
	"fmt"
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
	group   sync.WaitGroup
}

// watch is one check and what it last found.
type watch struct {
	stop    context.CancelFunc
	job     *healthcheck.Job // in the loop; nil: it has a monitor
	verdict healthcheck.Verdict
	value   int  // of the last probe that passed
	weighs  bool // which is a weight
	last    CheckStatus
}

// outcome is one result on its way to the pool.
type outcome struct {
	from   *watch
	result healthcheck.Result
}

// probes are the checks that services and trackers need.
func probes(services []service, trackers []tracker) map[checkID]bool {
	needed := make(map[checkID]bool)
	for i := range services {
		for k := range services[i].members {
			for _, id := range services[i].members[k].probed() {
				needed[id] = true
			}
		}
	}
	for _, t := range trackers {
		if t.Check != nil {
			needed[t.check] = true
		}
	}
	return needed
}

// follow starts the monitors that are needed and stops the others. One that
// is still needed goes on undisturbed, with its verdict. Among the checks are all that
// do not run yet.
func (w *watches) follow(ctx context.Context, needed map[checkID]bool, checks map[checkID]Check) error {
	checkers := make(map[checkID]healthcheck.Checker)
	for id := range needed {
		if w.running[id] != nil {
			continue
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
	}
	for id, old := range w.running {
		if !needed[id] {
			old.stop()
			delete(w.running, id)
		}
	}
	for id, checker := range checkers {
		if err := w.start(ctx, id, checks[id], checker); err != nil {
			return fmt.Errorf("%s: %w", checks[id].describe(), err)
		}
	}
	return nil
}

func (w *watches) start(ctx context.Context, id checkID, check Check, checker healthcheck.Checker) error {
	started := &watch{last: CheckStatus{Kind: check.Kind}, weighs: check.Weighs}
	w.running[id] = started
	monitor := healthcheck.Monitor{
		Checker: checker, Delay: healthcheck.Spread(string(id[:]), check.Interval),
		Interval: check.Interval, FastInterval: check.FastInterval, Timeout: check.Timeout,
		Rise: check.Rise, Fall: check.Fall,
	}
	if healthcheck.Loops(checker) {
		return w.enter(ctx, monitor, started)
	}
	ctx, started.stop = context.WithCancel(ctx)
	w.group.Go(func() {
		monitor.Run(ctx, func(r healthcheck.Result) {
			select {
			case w.results <- outcome{started, r}:
			case <-ctx.Done():
			}
		})
	})
	return nil
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
	was, value := o.from.last, o.from.value
	o.from.last.OK = o.result.Err == nil
	o.from.last.Error = ""
	if o.result.Err != nil {
		o.from.last.Error = o.result.Err.Error()
		o.from.last.Failures++
	} else {
		o.from.value = o.result.Value
	}
	o.from.last.LatencyMS = event.Milliseconds(o.result.Latency)
	o.from.verdict = o.result.Verdict
	weight := o.from.weighs && value != o.from.value
	return o.result.Changed || weight, was.OK != o.from.last.OK || was.Error != o.from.last.Error || value != o.from.value
}

// verdicts is what all checks say.
func (w *watches) verdicts() map[checkID]healthcheck.Verdict {
	all := make(map[checkID]healthcheck.Verdict, len(w.running))
	for id, watch := range w.running {
		all[id] = watch.verdict
	}
	return all
}

// weights is what the checks that give servers their weights say, once they have looked.
func (w *watches) weights() map[checkID]int {
	all := make(map[checkID]int)
	for id, watch := range w.running {
		if watch.weighs && watch.verdict != healthcheck.Unknown {
			all[id] = watch.value
		}
	}
	return all
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
		last.Weight = watch.value
	}
	if watch.job != nil {
		last.LatencyMS, last.Failures = event.Milliseconds(watch.job.Latency()), watch.job.Failures()
	}
	return last
}
