package balancer

import (
	"context"
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

// watch is one check and what it last found. There are ten thousand of them.
type watch struct {
	kind     string
	job      *healthcheck.Job   // in the loop; nil: it has a monitor
	stop     context.CancelFunc // of the monitor
	verdict  healthcheck.Verdict
	passed   bool                // the last probe did
	weighs   bool                // what is read is a weight
	read     healthcheck.Reading // of the last probe that passed
	failure  string              // of the last probe; empty: it passed, or there was none
	services []*virtual          // whose servers it is for

	latency  float64 // ms, of the monitor's last probe
	failures uint64  // of the monitor's probes
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

// outcome is one result on its way to the pool.
type outcome struct {
	from   *watch
	result healthcheck.Result
}

// take keeps a result and tells whether what is decided by it, or else what is known
// of it, is new.
func (o outcome) take() (verdict, detail bool) {
	w, was := o.from, *o.from
	w.verdict, w.passed, w.failure = o.result.Verdict, o.result.Err == nil, ""
	if w.passed {
		w.read = o.result.Reading
	} else {
		w.failure = o.result.Err.Error()
		w.failures++
	}
	w.latency = event.Milliseconds(o.result.Latency)
	verdict = o.result.Changed || w.weighs && weightOf(was.read) != weightOf(w.read)
	for _, v := range w.services {
		v.stale = v.stale || verdict
	}
	return verdict, was.passed != w.passed || was.failure != w.failure || was.read != w.read
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
	last := CheckStatus{Kind: watch.kind, OK: watch.passed, Error: watch.failure, LatencyMS: watch.latency, Failures: watch.failures}
	if watch.weighs {
		last.Weight, last.WeightError = weightOf(watch.read).said(), watch.read.Wrong
	}
	if watch.job != nil {
		last.LatencyMS, last.Failures = event.Milliseconds(watch.job.Latency()), watch.job.Failures()
	}
	return last
}
