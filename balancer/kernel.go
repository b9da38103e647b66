package balancer

import (
	"fmt"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/ipvsctl"
)

// kernelView is what the reconciler said about the kernel's table.
type kernelView struct {
	seen   bool // the table was read at least once
	last   ipvsctl.Snapshot
	whole  string                 // what is wrong with all of it
	parts  map[ipvsctl.Key]string // what is wrong with one service
	errors limiter
	done   Operations
}

// take keeps what a report says and answers with what is worth telling.
func (k *kernelView) take(r ipvsctl.Report, now time.Time) []event.Event {
	switch r := r.(type) {
	case ipvsctl.Observed:
		k.seen, k.last = true, r.Snapshot
	case ipvsctl.Applied:
		k.done.count(r)
		if n := r.Adds + r.Updates + r.Deletes; n > 0 {
			return []event.Event{{Name: "ipvs.applied", Count: n, DurationMS: event.Milliseconds(r.Took)}}
		}
	case ipvsctl.Drift:
		k.done.Drifts++
		k.done.Repairs += uint64(len(r.Ops))
		return []event.Event{{Name: "ipvs.drift", Count: len(r.Ops), Reason: summary(r.Ops)}}
	case ipvsctl.Synchronising:
		return []event.Event{synchronising(r)}
	case ipvsctl.Failed:
		k.done.Failures++
		return k.fail(r, now)
	case ipvsctl.Recovered:
		k.whole, k.parts = "", nil
	}
	return nil
}

func (o *Operations) count(a ipvsctl.Applied) {
	o.Adds += uint64(a.Adds)
	o.Updates += uint64(a.Updates)
	o.Deletes += uint64(a.Deletes)
}

// synchronising tells who synchronises connections, and why one ended that nobody
// stopped.
func synchronising(r ipvsctl.Synchronising) event.Event {
	e := event.Event{Name: "sync.started", Interface: r.Daemon.Interface, To: r.Daemon.Role.String(), Reason: fmt.Sprintf("id %d", r.Daemon.ID)}
	if r.Stopped {
		e = event.Event{Name: "sync.stopped", Interface: r.Daemon.Interface, From: r.Daemon.Role.String()}
		if r.Daemon.Stale {
			e.Reason = "its interface is gone"
		}
	}
	return e
}

func (k *kernelView) fail(f ipvsctl.Failed, now time.Time) []event.Event {
	e := event.Event{Name: "ipvs.error", Error: f.Error()}
	if f.Op.Kind == ipvsctl.None {
		k.whole = e.Error
	} else {
		if k.parts == nil {
			k.parts = make(map[ipvsctl.Key]string)
		}
		k.parts[f.Op.Service.Key] = e.Error
		e.Address = f.Op.Service.Key.String()
	}
	if !k.errors.allow(now) {
		return nil
	}
	e.Count = k.errors.take()
	return []event.Event{e}
}

// errorOf is what is wrong with a service that has these keys.
func (k *kernelView) errorOf(keys []ipvsctl.Key) string {
	for _, key := range keys {
		if text := k.parts[key]; text != "" {
			return text
		}
	}
	return k.whole
}

// idle is which of the draining destinations of a table the kernel has at weight 0 and
// without connections; they are noted in the set.
func (k *kernelView) idle(t table, set map[ipvsctl.DestinationKey]bool) (some bool) {
	for key, r := range t {
		for i := range r.expires {
			e := r.entry(i)
			if e.expires.IsZero() {
				continue
			}
			at := ipvsctl.DestinationKey{Service: key, Address: e.Address}
			c := k.last.Connections[at]
			if d, there := k.last.Destination(at); there && d.Weight == 0 && c.Active == 0 && c.Inactive == 0 {
				set[at], some = true, true
			}
		}
	}
	return some
}

func summary(ops []ipvsctl.Op) string {
	if len(ops) == 1 {
		return ops[0].String()
	}
	return fmt.Sprintf("%s and %d more", ops[0], len(ops)-1)
}

// limiter lets ten through in ten seconds and counts the others.
type limiter struct {
	until    time.Time
	passed   int
	withheld int
}

func (l *limiter) allow(now time.Time) bool {
	if !now.Before(l.until) {
		l.until, l.passed = now.Add(10*time.Second), 0
	}
	if l.passed == 10 {
		l.withheld++
		return false
	}
	l.passed++
	return true
}

// take is how many were withheld since the last one that was let through.
func (l *limiter) take() int {
	n := l.withheld
	l.withheld = 0
	return n
}
