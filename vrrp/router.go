package vrrp

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Router runs one election: of one virtual router, or of several that are master
// together, each on a link of its own. It is one goroutine that owns the machine,
// the timer and the Conns.
type Router struct {
	cfg     Config
	machine *Machine
	members []*member

	links    chan []Link
	priority chan uint8
	orders   chan Event // Yield, TakeBack
	preempt  chan SetPreempt
	concedes chan bool
	stats    chan chan []Stats
	amend    chan amending
	before   chan time.Duration
	proceed  chan uint64
	gate     gate

	leftovers bool      // of a previous life are still to be handed over
	ending    bool      // ctx has ended
	since     time.Time // when the state was entered
	asked     time.Time // the down timer's end before which the scouts were asked
	conceding bool      // a split that lasts is ended by giving way
	backoff   Backoff   // after the last one
	delays    Histogram // of waking up
	margin    margin

	readable chan Conn     // the Conn whose queue is not empty
	again    chan struct{} // lets its watcher wait once more
	closed   chan struct{} // ends the watchers
	watchers sync.WaitGroup
}

// NewRouter returns a router of one member or more that stays in Initialize until
// Run is called and the links are given. The order of the members must be the
// same on all nodes: the first one's addresses break ties.
func NewRouter(cfg Config, members ...Member) *Router {
	r := &Router{
		cfg: cfg, machine: NewMachine(cfg),
		links: make(chan []Link, 1), priority: make(chan uint8, 1), orders: make(chan Event, 1), preempt: make(chan SetPreempt, 1), concedes: make(chan bool, 1), stats: make(chan chan []Stats), amend: make(chan amending),
		before: make(chan time.Duration, 1), proceed: make(chan uint64, 1),
		readable: make(chan Conn), again: make(chan struct{}), closed: make(chan struct{}),
	}
	for i, m := range members {
		if m.Scout == nil {
			m.Scout = noScout{}
		}
		r.members = append(r.members, &member{Member: m, index: i})
	}
	return r
}

// HandOver makes the router begin with handing over what a previous life left
// behind: priority 0, then the addresses as soon as a successor is heard, one
// interval later at most. Call it before Run.
func (r *Router) HandOver() { r.leftovers = true }

// StandBy makes the router begin as one that yielded before; see the event
// Yield. Call it before Run.
func (r *Router) StandBy(until time.Time) { r.machine.Step(time.Now(), Yield{Until: until}) }

// SetLinks tells the router what its members' interfaces look like now, in the
// order of the members. Only the newest word counts; it never blocks. It must
// have one caller at a time.
func (r *Router) SetLinks(links ...Link) { replace(r.links, links) }

// SetPriority changes the effective priority, 1–254. Like SetLinks, the newest
// counts.
func (r *Router) SetPriority(p uint8) { replace(r.priority, p) }

// SetPreempt changes when a master of lower priority is preempted; like SetLinks, the
// newest counts.
func (r *Router) SetPreempt(p SetPreempt) { replace(r.preempt, p) }

// Yield asks the router to hand over to a peer; see the event of that name. Like
// SetLinks, the newest order counts.
func (r *Router) Yield(until time.Time) { replace(r.orders, Event(Yield{Until: until})) }

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

// Stats asks the running router for its members' counters; nil when ended closes
// first.
func (r *Router) Stats(ended <-chan struct{}) []Stats {
	answer := make(chan []Stats, 1)
	select {
	case r.stats <- answer:
		return <-answer
	case <-ended:
		return nil
	}
}

// Run elects until ctx ends, then leaves in good order: a master sends priority 0
// and holds the addresses until its successor is heard, one interval at most.
func (r *Router) Run(ctx context.Context) error {
	defer r.watchers.Wait()
	defer close(r.closed)
	defer func() {
		for _, m := range r.members {
			m.hangUp()
		}
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for done := ctx.Done(); ; {
		select {
		case <-done:
			done = nil
			r.wake(func() { r.ending = true; r.pass(Shutdown{}) })
		case links := <-r.links:
			r.wake(func() { r.relink(links) })
		case p := <-r.priority:
			r.wake(func() { r.step(SetPriority{p}) })
		case p := <-r.preempt:
			r.wake(func() { r.step(p) })
		case on := <-r.concedes:
			r.wake(func() { r.conceding = on })
		case order := <-r.orders:
			r.wake(func() { r.order(order) })
		case bound := <-r.before:
			r.wake(func() { r.rebound(bound) })
		case serial := <-r.proceed:
			r.wake(func() { r.gate.open = r.gate.open || serial == r.gate.serial })
		case c := <-r.readable:
			r.wake(func() { r.read(c) })
		case a := <-r.amend:
			r.wake(func() { a.answer <- r.amended(a.members) })
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
	due, now, master := r.due(), time.Now(), r.machine.State() == Master
	r.step(Woke{})
	if late := now.Sub(due); !due.IsZero() && late >= 0 {
		r.delays.add(late)
		if late > r.cfg.Interval/2 {
			r.members[0].Observer.Late(late)
		}
		if master {
			r.spend(r.members[0], Scarcity{Used: late, Margin: DownInterval(r.cfg.Version, r.machine.Priority(), r.cfg.Interval) - r.cfg.Interval})
		}
	}
	if over, ends := r.margin.rest(now, r.cfg.Interval); ends {
		r.members[0].Observer.Scarce(over)
	}
	do()
	r.concede()
	r.resolve()
	r.explain()
}

// spend takes a delay out of the margin, and tells when that makes it scarce.
func (r *Router) spend(m *member, s Scarcity) {
	if r.margin.spend(time.Now(), s) {
		m.Observer.Scarce(s)
	}
}

// read empties a Conn that is not replaced yet, and lets its watcher go on.
func (r *Router) read(c Conn) {
	for _, m := range r.members {
		if c == m.conn {
			r.drain(m)
		}
	}
	r.again <- struct{}{}
}

// deadline is the earliest instant at which something is due; a day from now
// when nothing is.
func (r *Router) deadline() time.Time {
	next := earlier(earlier(time.Now().Add(24*time.Hour), r.due()), r.doubt())
	for _, m := range r.members {
		for _, t := range []time.Time{m.Addresses.Deadline(), m.retry, m.split.until, r.pathDue(m)} {
			next = earlier(next, t)
		}
	}
	return next
}

// earlier is the earlier of a deadline and another that may be none.
func earlier(t, other time.Time) time.Time {
	if other.IsZero() || t.Before(other) {
		return t
	}
	return other
}

// tick does what is due. Whatever is queued on any Conn is heard first: a
// process that slept finds packet and timer ready at once, and must neither call a
// live master dead nor announce the addresses after one that has taken them.
func (r *Router) tick() {
	for _, m := range r.members {
		r.drain(m)
	}
	now := time.Now()
	due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	if due(r.doubt()) {
		r.ask()
	}
	if due(r.machine.Deadline()) && !r.taken() {
		r.pass(Timeout{})
	}
	for _, m := range r.members {
		if due(m.Addresses.Deadline()) {
			if err := m.Addresses.Tick(now); err != nil {
				m.Observer.Troubled("upkeep", err)
			}
		}
		if due(m.split.until) {
			m.reunite()
		}
		if due(m.retry) && !m.taken(now) {
			r.place(m, m.link)
			r.settle()
		}
		r.judge(m, now)
	}
}

func (r *Router) snapshot() []Stats {
	all := make([]Stats, len(r.members))
	for i, m := range r.members {
		s := m.count
		s.Discards = maps.Clone(s.Discards)
		s.WakeupDelay, s.AdvertGap = r.delays, m.gaps.Histogram
		s.State, s.Since, s.Priority, s.Master = r.machine.State(), r.since, r.machine.Priority(), r.machine.Master(i)
		if s.State == Master {
			s.Master = m.opened.Source
		}
		s.Until, s.StandBy = r.machine.StandingBy(time.Now())
		s.MasterPriority, s.PreemptAt, s.RetryAt = r.machine.MasterPriority(), r.machine.preempt, m.retry
		s.PathDown, s.PathDownSince = m.path.told, m.path.begun
		all[i] = s
	}
	return all
}
