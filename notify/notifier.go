package notify

import (
	"context"
	"math/rand/v2"
	"path"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/event"
)

const (
	inboxSize   = 256              // events on their way to the queue
	reportEvery = 10 * time.Second // about dropped events, however many
)

// notifier is one at work. Its goroutine owns the queue.
type notifier struct {
	cfg     Config // belongs to the set
	inbox   chan item
	missed  atomic.Int64 // events that the inbox had no room for
	changed chan Config
	end     chan bool // true: what was not begun is lost
	ended   chan struct{}
	status  atomic.Pointer[Status]
	reports chan<- event.Event
}

// result is how an attempt ended.
type result struct {
	key string
	err error
}

func newNotifier(c Config, reports chan<- event.Event) *notifier {
	n := &notifier{
		cfg: c, reports: reports,
		inbox: make(chan item, inboxSize), changed: make(chan Config, 1), end: make(chan bool, 1), ended: make(chan struct{}),
	}
	n.status.Store(blank(c))
	return n
}

func blank(c Config) *Status {
	return &Status{Name: c.Name, Kind: c.Kind(), Before: c.Before, Events: c.Events}
}

// gone tells whether the goroutine has ended.
func (n *notifier) gone() bool {
	select {
	case <-n.ended:
		return true
	default:
		return false
	}
}

// wants tells whether a notifier is to tell of an event. What it lost itself it
// would lose again.
func (c Config) wants(e event.Event) bool {
	if e.Name == failedEvent && e.Notifier == c.Name {
		return false
	}
	for _, pattern := range c.Events {
		if matches, _ := path.Match(pattern, e.Name); matches { // the configuration was checked
			return true
		}
	}
	return false
}

// offer hands an event over, or counts it as lost. It never waits.
func (n *notifier) offer(i item) {
	select {
	case n.inbox <- i:
	default:
		n.missed.Add(1)
		i.end()
	}
}

// work is what the goroutine of a notifier has.
type work struct {
	*notifier
	cfg      Config
	sender   sender
	queue    *queue
	results  chan result
	told     time.Time // when dropped events were last reported
	lost     int       // dropped, not reported yet
	leaving  bool
	underWay int
}

// run tells until it is told to end, and then what is left; it kills what is under
// way when ctx ends.
func (n *notifier) run(ctx context.Context, c Config) {
	defer close(n.ended)
	w := &work{notifier: n, cfg: c, sender: c.sender(), queue: newQueue(c.collect(), c.GiveUp), results: make(chan result)}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		for _, j := range w.queue.start(time.Now()) {
			w.underWay++
			go w.try(ctx, w.sender, w.cfg.Timeout, j)
		}
		w.tellDropped(ctx)
		w.publish(func(*Status) {})
		if w.leaving && w.queue.length() == 0 && len(n.inbox) == 0 {
			return
		}
		timer.Reset(w.next())
		select {
		case i := <-n.inbox:
			w.queue.add(i)
		case r := <-w.results:
			w.underWay--
			w.judge(ctx, r)
		case c := <-n.changed:
			w.cfg, w.sender, w.queue.giveUp, w.queue.collect = c, c.sender(), c.GiveUp, c.collect()
			w.publish(func(s *Status) { s.Events = c.Events })
		case all := <-n.end:
			w.leave(ctx, all)
		case <-timer.C:
		case <-ctx.Done():
			w.kill()
			return
		}
	}
}

// next is how long nothing has to be done.
func (w *work) next() time.Duration {
	next := 24 * time.Hour
	if at := w.queue.deadline(); !at.IsZero() {
		next = time.Until(at)
	}
	if w.lost > 0 {
		next = min(next, time.Until(w.told.Add(reportEvery)))
	}
	return max(0, next)
}

// try makes one attempt.
func (w *work) try(ctx context.Context, s sender, timeout time.Duration, j job) {
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	w.results <- result{j.key, s.send(bounded, j.events)}
}

// judge takes the end of an attempt. Who leaves tries nothing again.
func (w *work) judge(ctx context.Context, r result) {
	if r.err == nil {
		told := w.queue.told(r.key)
		w.publish(func(s *Status) { s.Told, s.LastSuccess = s.Told+uint64(told), time.Now() })
		return
	}
	f := about(r.err)
	about := firstToTell(w.queue.lanes[r.key].items)
	lost := w.queue.failed(r.key, time.Now(), f.wait, f.hopeless || w.leaving, rand.Float64())
	w.publish(func(s *Status) {
		s.LastError, s.LastErrorAt, s.Lost = r.err.Error(), time.Now(), s.Lost+uint64(lost)
	})
	// Two notifiers that both fail must not tell each other of it without end.
	if lost > 0 && about.Name != failedEvent {
		w.report(ctx, event.Event{Instance: about.Instance, VRID: about.VRID, Service: about.Service, Reason: about.Name, Count: lost, Error: r.err.Error()})
	}
}

// firstToTell is the first event that is no failure itself, if there is one.
func firstToTell(items []item) event.Event {
	for _, i := range items {
		if i.event.Name != failedEvent {
			return i.event
		}
	}
	return items[0].event
}

// tellDropped reports events that the queue had no room for, not too often.
func (w *work) tellDropped(ctx context.Context) {
	dropped := w.queue.takeDropped() + int(w.missed.Swap(0))
	w.lost += dropped
	if dropped > 0 {
		w.publish(func(s *Status) { s.Lost += uint64(dropped) })
	}
	if w.lost > 0 && time.Since(w.told) >= reportEvery {
		w.report(ctx, event.Event{Reason: "queue_full", Count: w.lost, Error: "too many events waited to be told, and the oldest made room"})
		w.told, w.lost = time.Now(), 0
	}
}

// leave begins the end: what waits to be tried again is lost and, if all is, what was
// never tried.
func (w *work) leave(ctx context.Context, all bool) {
	w.leaving = true
	w.queue.hurry()
	lost := w.queue.abandon(all)
	if lost > 0 {
		w.publish(func(s *Status) { s.Lost += uint64(lost) })
		w.report(ctx, event.Event{Reason: "ended", Count: lost, Error: "the notifier ended before they could be told"})
	}
}

// kill waits for those that ctx ended. Whoever ended it takes the last report.
func (w *work) kill() {
	for ; w.underWay > 0; w.underWay-- {
		<-w.results
	}
	lost := w.queue.abandon(true)
	for key := range w.queue.lanes {
		lost += w.queue.end(key)
	}
	if lost > 0 {
		w.publish(func(s *Status) { s.Lost += uint64(lost) })
		w.reports <- event.Event{Name: failedEvent, Notifier: w.cfg.Name, Reason: "ended", Count: lost, Error: "hald ended before they could be told"}
	}
}

// report hands a notify.failed to the director.
func (w *work) report(ctx context.Context, e event.Event) {
	e.Name, e.Notifier = failedEvent, w.cfg.Name
	select {
	case w.reports <- e:
	case <-ctx.Done():
	}
}

// publish changes the status that everybody may read.
func (w *work) publish(change func(*Status)) {
	s := *w.status.Load()
	s.Queue = w.queue.length()
	change(&s)
	w.status.Store(&s)
}
