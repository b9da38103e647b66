package vrrp

import "time"

// relink brings Conns and machine in line with the interfaces.
func (r *Router) relink(links []Link) {
	for i, m := range r.members {
		r.place(m, links[i])
	}
	r.settle()
}

// place brings one member's Conn in line with its interface. A link that is gone
// or has become another one is a fault; a mere change of our source address
// moves the Conn and leaves the state alone.
func (r *Router) place(m *member, l Link) {
	old := m.link
	m.link = l
	if l.Fault == "" && m.conn != nil && l.Index != m.opened.Index {
		r.step(r.lacks(m, ReasonLinkChanged))
	}
	if l.Fault == "" && (old == (Link{}) || old.Fault != "") && m.StartDelay > 0 {
		m.retry = time.Now().Add(m.StartDelay)
	}
	if l.Fault != "" {
		m.retry = time.Time{}
		if m.conn != nil && l.Unfit && r.machine.Holding() {
			m.fault = l.Fault
			r.pass(Unfit{l.Fault}) // the Conn is needed until the successor is heard
			return
		}
		r.step(r.lacks(m, l.Fault))
		m.hangUp()
		return
	}
	if time.Now().Before(m.retry) {
		return
	}
	m.retry = time.Time{}
	if m.conn == nil || l != m.opened {
		m.hangUp()
		if err := r.call(m); err != nil {
			r.broken(m, err)
			return
		}
	}
	m.fault, m.path.fault = "", ""
}

// failed notes a member's fault, which is the whole router's.
func (m *member) failed(reason string) Event {
	m.fault = reason
	return Failed{reason}
}

// settle makes the best of the links as they are now.
func (r *Router) settle() {
	switch r.machine.State() {
	case Fault:
		if r.fit() {
			r.pass(Recovered{})
		}
	case Master, Leaving:
		for _, m := range r.members {
			if err := m.Addresses.Repair(time.Now()); err != nil {
				r.step(r.claimFailed(m, err))
				return
			}
		}
	}
}

// fit tells whether every member can do a master's work: its link is open, and
// the time to back off from an earlier fault is over.
func (r *Router) fit() bool {
	for _, m := range r.members {
		switch {
		case m.Spare && m.fault == "":
		case m.conn == nil, !m.retry.IsZero():
			return false
		}
	}
	return true
}

// begin leaves Initialize: at once when the links are known, after the addresses
// of a previous life were handed over when there are some. It leaves Fault, too,
// when what was wrong got right again while the addresses were handed over.
func (r *Router) begin() {
	if r.ending {
		return
	}
	if r.machine.State() == Fault && r.fit() {
		r.pass(Recovered{})
	}
	if r.machine.State() != Initialize {
		return
	}
	for _, m := range r.members {
		switch {
		case m.fault != "":
			r.step(Failed{m.fault})
			return
		case m.conn == nil && !m.Spare:
			return
		}
	}
	if r.leftovers {
		r.step(Resign{})
		return
	}
	r.pass(Startup{})
}

// broken ends the use of a Conn that cannot be opened or fails to receive.
func (r *Router) broken(m *member, err error) {
	m.Observer.Troubled("socket", err)
	r.backOff(m)
	r.step(r.lacks(m, ReasonSocket))
	m.hangUp()
}

// call opens a Conn and watches its queue.
func (r *Router) call(m *member) error {
	c, err := m.Dial(m.link)
	if err != nil {
		return err
	}
	m.conn, m.opened, m.path.opened = c, m.link, time.Now()
	r.watchers.Go(func() { r.watch(c) })
	return nil
}

// hangUp closes the Conn, if there is one; its watcher ends by itself.
func (m *member) hangUp() {
	if m.conn != nil {
		m.conn.Close()
		m.conn = nil
	}
}

// watch tells the router when a Conn's queue has something, and waits until the
// router has emptied it. The socket's queue stays the only queue.
func (r *Router) watch(c Conn) {
	for c.Wait() == nil {
		select {
		case r.readable <- c:
		case <-r.closed:
			return
		}
		select {
		case <-r.again:
		case <-r.closed:
			return
		}
	}
}
