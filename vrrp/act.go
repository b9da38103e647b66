package vrrp

import "time"

// step feeds the machine and does what it answers, and goes on with the event
// that a failure on the way causes.
func (r *Router) step(ev Event) {
	for ev != nil {
		ev = r.perform(r.machine.Step(time.Now(), ev))
	}
}

// perform does actions in order. A claim that fails leaves out the words that
// would follow it, for advertising an address one does not hold is a black hole,
// and turns into a fault; so does a link on which nothing can be sent.
func (r *Router) perform(actions []Action) (next Event) {
	for _, a := range actions {
		switch a := a.(type) {
		case Claim:
			if err := r.addresses.Claim(); err != nil {
				next = r.claimFailed(err)
			}
		case Release:
			if err := r.addresses.Release(); err != nil {
				r.observer.Troubled("release", err)
			}
		case Advertise:
			if next == nil {
				next = r.send(a.Priority)
			}
		case Announce:
			if next == nil {
				r.addresses.Announce(time.Now())
			}
		case Reannounce:
			r.addresses.Reannounce(time.Now())
		case Silence:
			r.addresses.Silence()
		case Rival:
			r.observer.Discarded(Duplicate, a.Source)
		case Contested:
			r.contested(a.Packet)
		case Become:
			r.uncontested(a.Transition)
			if a.From != a.To {
				r.count.Transitions++
				r.count.Since = time.Now()
			}
			r.count.Reason = a.Reason
			r.observer.Changed(a.Transition)
		}
	}
	return next
}

// send sends one advertisement. One that is lost is the network's business; a
// master that lost several in a row is not heard, and gives way.
func (r *Router) send(priority uint8) Event {
	if r.conn == nil {
		return nil
	}
	err := r.conn.Send(Advertisement{r.cfg.VRID, priority, r.cfg.Interval, r.cfg.Addresses})
	if err == nil {
		r.count.Sent++
		r.failures = 0
		return nil
	}
	r.observer.Troubled("send", err)
	if r.failures++; r.failures < maxFailures {
		return nil
	}
	r.backOff()
	return Failed{ReasonSend}
}

func (r *Router) claimFailed(err error) Event {
	r.observer.Troubled("claim", err)
	r.backOff()
	return Failed{ReasonClaim}
}

// backOff keeps a router in Fault for a down interval, so that a peer has taken
// over before it tries again.
func (r *Router) backOff() {
	r.failures = 0
	r.retry = time.Now().Add(DownInterval(r.cfg.Version, r.machine.Priority(), r.cfg.Interval))
}
