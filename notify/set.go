package notify

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/hald-project/hald/event"
)

// failedEvent reports what was not told.
const failedEvent = "notify.failed"

// Set is all notifiers. It belongs to one goroutine, which has to take what comes
// from Reports.
type Set struct {
	reports   chan event.Event
	notifiers []*notifier
	leaving   []*notifier // removed, and not ended yet
	ctx       context.Context
	kill      context.CancelFunc
}

// NewSet returns a set without notifiers.
func NewSet() *Set {
	s := &Set{reports: make(chan event.Event)}
	s.ctx, s.kill = context.WithCancel(context.Background())
	return s
}

// Reports are events "notify.failed", to be stamped and told like all others.
func (s *Set) Reports() <-chan event.Event { return s.reports }

// Configure makes the notifiers those of a list. One that is equal goes on; one that
// changed does, too, with what waits in its queue; what others had still to tell is
// lost, and reported.
func (s *Set) Configure(list []Config) {
	known := map[string]*notifier{}
	for _, n := range s.notifiers {
		known[n.cfg.Name] = n
	}
	s.notifiers = nil
	s.leaving = slices.DeleteFunc(s.leaving, (*notifier).gone)
	for _, c := range list {
		n := known[c.Name]
		switch {
		case n == nil || n.cfg.Kind() != c.Kind() || n.cfg.Before != c.Before:
			n = newNotifier(c, s.reports)
			go n.run(s.ctx, c)
		case !reflect.DeepEqual(n.cfg, c):
			n.become(c)
			fallthrough
		default:
			delete(known, c.Name)
		}
		s.notifiers = append(s.notifiers, n)
	}
	for _, n := range known {
		n.end <- true
		s.leaving = append(s.leaving, n)
	}
}

// become goes over to another configuration: the newest counts.
func (n *notifier) become(c Config) {
	n.cfg = c
	select {
	case <-n.changed:
	default:
	}
	n.changed <- c
}

// Tell hands an event to all who want it, but those that are awaited. It never waits.
func (s *Set) Tell(e event.Event) {
	for _, n := range s.notifiers {
		if !n.cfg.Before && n.cfg.wants(e) {
			n.offer(item{event: e, at: time.Now()})
		}
	}
}

// Await hands an event to those that are awaited before addresses move, and calls done,
// on another goroutine, when all of them have ended, at once when there is none. It
// never waits itself.
func (s *Set) Await(e event.Event, done func()) {
	var all sync.WaitGroup
	for _, n := range s.notifiers {
		if n.cfg.Before && n.cfg.wants(e) {
			all.Add(1)
			n.offer(item{event: e, at: time.Now(), done: all.Done})
		}
	}
	go func() {
		all.Wait()
		done()
	}()
}

// Status is what `hald status` shows.
func (s *Set) Status() []Status {
	list := []Status{}
	for _, n := range s.notifiers {
		list = append(list, *n.status.Load())
	}
	return list
}

// Close lets all tell what is left, for so long, and then kills what is under way.
// What they report goes to report, on the caller's goroutine.
func (s *Set) Close(bound time.Duration, report func(event.Event)) {
	defer s.kill()
	for _, n := range s.notifiers {
		n.end <- false
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, n := range slices.Concat(s.leaving, s.notifiers) {
			<-n.ended
		}
	}()
	overdue := time.After(bound)
	for {
		select {
		case e := <-s.reports:
			report(e)
		case <-overdue:
			s.kill()
		case <-ended:
			return
		}
	}
}
