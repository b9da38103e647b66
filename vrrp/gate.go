package vrrp

import "time"

// Move says that the addresses are about to move, and that the router waits for
// Proceed with its serial, for a bounded time; or that they do not after all.
type Move struct {
	Serial     uint64
	Transition // From and To are the other way round where it is abandoned
	Abandoned  bool
}

// gate holds back the event that moves the addresses until whoever has to be told
// before was told. Meanwhile everything else goes on: a master advertises, a
// backup hears. It belongs to the router's goroutine.
type gate struct {
	bound  time.Duration // how long is waited at most; 0: nobody has to be told
	tell   func(Move)    // must not block
	serial uint64        // of the last Move
	event  Event         // held back; nil: none
	move   Transition    // what it will be
	until  time.Time
	open   bool
}

// Announced makes the router tell of every move of the addresses before, and wait for
// Proceed where SetBefore says so. Serials begin after the one given, so that nobody
// answers one of another router. Call it before Run; tell must not block.
func (r *Router) Announced(serial uint64, tell func(Move)) { r.gate.serial, r.gate.tell = serial, tell }

// SetBefore says how long to wait before addresses move; 0: not at all. Like SetLinks,
// the newest counts, and what waits follows it.
func (r *Router) SetBefore(bound time.Duration) { replace(r.before, bound) }

// Proceed ends the wait for the Move of that serial.
func (r *Router) Proceed(serial uint64) { replace(r.proceed, serial) }

// pass is step for events that may move the addresses.
func (r *Router) pass(ev Event) {
	g, now := &r.gate, time.Now()
	t, moves := r.machine.moves(now, ev)
	switch {
	case !moves || g.bound == 0 && g.event == nil:
		r.step(ev)
	case g.event == nil:
		g.serial++
		g.event, g.move, g.until, g.open = ev, t, now.Add(g.bound), false
		g.tell(Move{Serial: g.serial, Transition: t})
	case finality(ev) > finality(g.event):
		g.event = ev
	}
}

// finality orders what may come while a master waits to give the addresses up.
func finality(ev Event) int {
	switch ev.(type) {
	case Yield:
		return 1
	case Unfit:
		return 2
	case Shutdown:
		return 3
	}
	return 0
}

// rebound is SetBefore's.
func (r *Router) rebound(bound time.Duration) {
	g := &r.gate
	g.bound, g.open = bound, g.open || bound == 0
	if g.event != nil {
		g.until = earlier(g.until, time.Now().Add(bound))
	}
}

// order takes Yield and TakeBack. Who waits to hand over is taken back at once.
func (r *Router) order(ev Event) {
	if _, back := ev.(TakeBack); back && finality(r.gate.event) == finality(Yield{}) {
		r.abandon()
	}
	r.pass(ev)
}

// abandon lets nothing move after all.
func (r *Router) abandon() {
	g := &r.gate
	t := g.move
	t.From, t.To = t.To, r.machine.State()
	g.event = nil
	g.tell(Move{Serial: g.serial, Transition: t, Abandoned: true})
}

// due is when the machine has something to do, or the wait is over.
func (r *Router) due() time.Time {
	g, at := &r.gate, r.machine.Deadline()
	switch {
	case g.event == nil, g.open:
		return at
	case finality(g.event) == 0 || at.IsZero():
		return g.until
	}
	return earlier(g.until, at)
}

// resolve lets the event pass that is held back, if its time has come, or drops it, if
// what happened meanwhile has taken its place.
func (r *Router) resolve() {
	g, now := &r.gate, time.Now()
	claims := g.event != nil && finality(g.event) == 0
	switch {
	case g.event == nil:
	case claims && (r.machine.State() != g.move.From || r.machine.followed(now)),
		finality(g.event) == finality(Unfit{}) && r.machine.State() == Master && r.fitAgain():
		r.abandon()
	case r.machine.State() != g.move.From, g.open, !now.Before(g.until):
		if claims && now.Before(r.machine.Deadline()) {
			g.open = true // the master resigned meanwhile; it is somebody's turn a moment later
			return
		}
		if claims && r.taken() {
			r.abandon()
			return
		}
		ev := g.event
		g.event = nil
		if _, unfit := ev.(Unfit); unfit && !r.machine.Holding() {
			for _, m := range r.members { // what is not held is not handed over
				r.place(m, m.link)
			}
			return
		}
		r.step(ev)
	}
}

// fitAgain tells whether no member has a fault any more.
func (r *Router) fitAgain() bool {
	for _, m := range r.members {
		if m.fault != "" {
			return false
		}
	}
	return true
}
