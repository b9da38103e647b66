package vrrp

import "time"

// step feeds the machine and does what it answers, and goes on with the event
// that a failure on the way causes.
func (r *Router) step(ev Event) {
	for ev != nil {
		ev = r.perform(r.machine.Step(time.Now(), ev))
	}
}

// perform does actions in order, each for all members before the next: who hears
// us on one link may let go on every one. A claim that fails leaves out the words
// that would follow it, for advertising an address one does not hold is a black
// hole, and turns into a fault; so does a link on which nothing can be sent.
func (r *Router) perform(actions []Action) (next Event) {
	for _, a := range actions {
		switch a := a.(type) {
		case Claim:
			next = r.claim()
			r.machine.Claimed(time.Now())
		case Release:
			for _, m := range r.members {
				if err := m.Addresses.Release(); err != nil {
					m.Observer.Troubled("release", err)
				}
			}
		case Advertise:
			if next == nil {
				next = r.advertise(a.Priority)
			}
		case Announce:
			if next == nil {
				for _, m := range r.members {
					m.Addresses.Announce(time.Now())
				}
			}
		case Reannounce:
			for _, m := range r.members {
				m.Addresses.Reannounce(time.Now())
			}
		case Silence:
			for _, m := range r.members {
				m.Addresses.Silence()
			}
		case Rival:
			r.members[a.Member].blames(Duplicate, 1)
			r.members[a.Member].Observer.Discarded(Duplicate, a.Packet.Source)
		case Contested:
			r.contested(r.members[a.Member], a.Packet)
		case Become:
			r.become(a.Transition)
		}
	}
	return next
}

// claim makes the addresses of all members ours, or is the fault of the first
// that cannot.
func (r *Router) claim() Event {
	for _, m := range r.members {
		if err := m.Addresses.Claim(); err != nil {
			return r.claimFailed(m, err)
		}
	}
	return nil
}

// advertise sends one advertisement on every link. One that is lost is the
// network's business; a master that lost several in a row on a link is not heard
// there, and gives way.
func (r *Router) advertise(priority uint8) (next Event) {
	for _, m := range r.members {
		if m.conn == nil {
			continue
		}
		err := m.conn.Send(Advertisement{m.VRID, priority, r.cfg.Interval, m.Advertised})
		if err == nil {
			m.count.Sent++
			m.failures = 0
			continue
		}
		m.Observer.Troubled("send", err)
		if m.failures++; m.failures >= maxFailures && priority > 0 {
			r.backOff(m)
			if fault := r.lacks(m, ReasonSend); fault != nil {
				next = fault
			} else {
				m.hangUp()
			}
		}
	}
	return next
}

func (r *Router) claimFailed(m *member, err error) Event {
	m.Observer.Troubled("claim", err)
	r.backOff(m)
	return m.failed(ReasonClaim)
}

// backOff keeps the router in Fault for a down interval, so that a peer has taken
// over before it tries again.
func (r *Router) backOff(m *member) {
	m.failures = 0
	m.retry = time.Now().Add(DownInterval(r.cfg.Version, r.machine.Priority(), r.cfg.Interval))
}

// become tells every member of a transition.
func (r *Router) become(t Transition) {
	r.leftovers = false
	if t.From != t.To {
		r.since = time.Now()
	}
	for _, m := range r.members {
		if t.From == Master {
			m.uncontested()
		}
		if t.From == Backup && t.To != Backup {
			r.unjudged(m)
		}
		if t.From != t.To {
			m.gaps.last = time.Time{}
			m.count.Transitions++
		}
		if t.To == Fault && m.fault != "" {
			m.hangUp()
		}
		m.tell(t)
	}
}

// tell lets a member hear of a transition, and of its own part in a fault.
func (m *member) tell(t Transition) {
	if t.To == Fault {
		t.Reason = m.blame()
	}
	m.count.Reason = t.Reason
	m.Observer.Changed(t)
}

// blame is why a member is in Fault.
func (m *member) blame() string {
	if m.fault != "" {
		return m.fault
	}
	return ReasonSyncGroup
}

// explain tells the members in Fault whose reason has become another one.
func (r *Router) explain() {
	if r.machine.State() != Fault {
		return
	}
	for _, m := range r.members {
		if m.blame() != m.count.Reason {
			m.tell(Transition{From: Fault, To: Fault})
		}
	}
}
