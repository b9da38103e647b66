package vrrp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	maxDrain    = 1024 // packets taken at one wake-up: more than a socket buffer holds
	maxFailures = 3    // sends that may fail in a row before the link counts as broken
)

// Router runs one virtual router: one goroutine that owns the machine, the timer
// and the Conn.
type Router struct {
	cfg       Config
	machine   *Machine
	addresses Addresses
	observer  Observer
	dial      func(Link) (Conn, error)

	links    chan Link
	priority chan uint8
	orders   chan Event // Yield, TakeBack
	stats    chan chan Stats

	leftovers bool // of a previous life are still to be handed over
	ending    bool // ctx has ended

	conn     Conn
	readable chan Conn     // the Conn whose queue is not empty
	again    chan struct{} // lets its watcher wait once more
	link     Link          // the one conn was opened for
	retry    time.Time     // when a broken link is tried again
	failures int           // sends failed in a row
	split    split         // the other master, if there is one
	count    Stats
	closed   chan struct{} // ends the watchers
	watchers sync.WaitGroup
}

// NewRouter returns a router that stays in Initialize until Run is called and a
// link is given. dial opens a Conn for a link without fault.
func NewRouter(cfg Config, a Addresses, o Observer, dial func(Link) (Conn, error)) *Router {
	return &Router{
		cfg: cfg, machine: NewMachine(cfg), addresses: a, observer: o, dial: dial,
		links: make(chan Link, 1), priority: make(chan uint8, 1), orders: make(chan Event, 1), stats: make(chan chan Stats),
		readable: make(chan Conn), again: make(chan struct{}), closed: make(chan struct{}),
	}
}

// HandOver makes the router begin with handing over what a previous life left
// behind: priority 0, then the addresses as soon as a successor is heard, one
// interval later at most. Call it before Run.
func (r *Router) HandOver() { r.leftovers = true }

// SetLink tells the router what its interface looks like now. Only the newest
// word counts; it never blocks. It must have one caller at a time.
func (r *Router) SetLink(l Link) { replace(r.links, l) }

// SetPriority changes the effective priority, 1–254. Like SetLink, the newest
// counts.
func (r *Router) SetPriority(p uint8) { replace(r.priority, p) }

// Yield asks the router to hand over to a peer; see the event of that name. Like
// SetLink, the newest order counts.
func (r *Router) Yield(until time.Time) { replace(r.orders, Event(Yield{until})) }

// TakeBack ends what Yield began.
func (r *Router) TakeBack() { replace(r.orders, Event(TakeBack{})) }

// replace puts v into a mailbox of capacity one.
func replace[T any](box chan T, v T) {
	for {
		select {
		case box <- v:
			return
		default:
		}
		select {
		case <-box:
		default:
		}
	}
}

// Stats asks the running router for its counters; false when ended closes first.
func (r *Router) Stats(ended <-chan struct{}) (Stats, bool) {
	answer := make(chan Stats, 1)
	select {
	case r.stats <- answer:
		return <-answer, true
	case <-ended:
		return Stats{}, false
	}
}

// Run elects until ctx ends, then leaves in good order: a master sends priority 0
// and holds the addresses until its successor is heard, one interval at most.
func (r *Router) Run(ctx context.Context) error {
	defer r.watchers.Wait()
	defer close(r.closed)
	defer r.hangUp()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for done := ctx.Done(); ; {
		select {
		case <-done:
			done = nil
			r.wake(func() { r.ending = true; r.step(Shutdown{}) })
		case l := <-r.links:
			r.wake(func() { r.relink(l) })
		case p := <-r.priority:
			r.wake(func() { r.step(SetPriority{p}) })
		case order := <-r.orders:
			r.wake(func() { r.step(order) })
		case c := <-r.readable:
			r.wake(func() { r.read(c) })
		case answer := <-r.stats:
			r.wake(func() { answer <- r.snapshot() })
		case <-timer.C:
			r.wake(r.tick)
		}
		if r.ending && !r.machine.Holding() {
			return nil
		}
		r.begin()
		timer.Reset(time.Until(r.deadline()))
	}
}

// wake does what the loop woke for. Whatever that is, a master that slept too
// long gives up its addresses first: a change of the link alone would make it
// claim again what the kernel took away meanwhile.
func (r *Router) wake(do func()) {
	due, now := r.machine.Deadline(), time.Now()
	r.step(Woke{})
	if late := now.Sub(due); !due.IsZero() && late > r.cfg.Interval/2 {
		r.observer.Late(late)
	}
	do()
}

// read empties a Conn that is not replaced yet, and lets its watcher go on.
func (r *Router) read(c Conn) {
	if c == r.conn {
		r.drain()
	}
	r.again <- struct{}{}
}

// deadline is the earliest instant at which something is due; a day from now
// when nothing is.
func (r *Router) deadline() time.Time {
	next := time.Now().Add(24 * time.Hour)
	for _, t := range []time.Time{r.machine.Deadline(), r.addresses.Deadline(), r.retry, r.split.until} {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	return next
}

// tick does what is due. Whatever is queued on the Conn is heard first: a
// process that slept finds packet and timer ready at once, and must not call a
// live master dead.
func (r *Router) tick() {
	now := time.Now()
	if d := r.machine.Deadline(); !d.IsZero() && !now.Before(d) {
		r.drain()
		r.step(Timeout{})
	}
	if d := r.addresses.Deadline(); !d.IsZero() && !now.Before(d) {
		if err := r.addresses.Tick(now); err != nil {
			r.observer.Troubled("upkeep", err)
		}
	}
	if !r.split.until.IsZero() && !now.Before(r.split.until) {
		r.reunite()
	}
	if !r.retry.IsZero() && !now.Before(r.retry) {
		r.relink(r.link)
	}
}

// drain hears everything that is queued.
func (r *Router) drain() {
	for range maxDrain {
		if r.conn == nil {
			return
		}
		p, err := r.conn.Next()
		if errors.Is(err, ErrEmpty) {
			return
		}
		if d := Discard(""); errors.As(err, &d) {
			r.count.Discarded++
			r.observer.Discarded(d, p.Source)
			continue
		}
		if err != nil {
			r.broken(fmt.Errorf("receive: %w", err))
			return
		}
		what := r.cfg.mismatch(p)
		if what != "" {
			r.observer.Mismatched(what, p)
		}
		if what == mismatchInterval && r.cfg.Version == 2 { // RFC 3768, 7.1
			r.count.Discarded++
			r.observer.Discarded(BadInterval, p.Source)
			continue
		}
		if !r.machine.Believes(p) {
			r.count.Discarded++
			r.observer.Discarded(Untimely, p.Source)
			continue
		}
		r.count.Received++
		r.step(Heard{p})
	}
}

// What Observer.Mismatched may name.
const (
	mismatchInterval       = "interval"
	mismatchAddresses      = "addresses"
	mismatchAuthentication = "authentication"
	mismatchClock          = "clock"
)

// mismatch names what a router of the same VRID has configured otherwise. It is
// reported and nothing else (RFC 9568, 7.1); only version 2 demands that
// intervals are equal. Other addresses are a reason to talk, not to be deaf:
// dropping them, as version 2 allows, makes two masters.
func (c *Config) mismatch(p Packet) string {
	if p.Interval != c.Interval {
		return mismatchInterval
	}
	if len(p.Addresses) != len(c.Addresses) {
		return mismatchAddresses
	}
	for _, a := range p.Addresses {
		if !slices.Contains(c.Addresses, a) {
			return mismatchAddresses
		}
	}
	switch p.Trust {
	case OneSided:
		return mismatchAuthentication
	case Doubtful:
		return mismatchClock
	}
	return ""
}

func (r *Router) snapshot() Stats {
	s := r.count
	s.State, s.Priority, s.Master = r.machine.State(), r.machine.Priority(), r.machine.Master()
	return s
}
