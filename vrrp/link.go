package vrrp

import "time"

// relink brings Conn and machine in line with the interface. A link that is gone
// or has become another one is a fault; a mere change of our source address
// moves the Conn and leaves the state alone.
func (r *Router) relink(l Link) {
	old := r.link
	r.link = l
	if l.Fault == "" && r.conn != nil && l.Index != old.Index {
		r.step(Failed{ReasonLinkChanged})
	}
	if l.Fault == "" && (old == (Link{}) || old.Fault != "") && r.cfg.StartDelay > 0 {
		r.retry = time.Now().Add(r.cfg.StartDelay)
	}
	if l.Fault != "" {
		r.retry = time.Time{}
		r.step(Failed{l.Fault})
		r.hangUp()
		return
	}
	if time.Now().Before(r.retry) {
		return
	}
	r.retry = time.Time{}
	if r.conn == nil || l.Index != old.Index || l.Via != old.Via || l.Source != old.Source {
		r.hangUp()
		if err := r.call(l); err != nil {
			r.observer.Troubled("socket", err)
			r.backOff()
			r.step(Failed{ReasonSocket})
			return
		}
		r.step(Moved{l.Source})
	}
	switch r.machine.State() {
	case Fault:
		r.step(Recovered{l.Source})
	case Master, Leaving:
		if err := r.addresses.Repair(time.Now()); err != nil {
			r.step(r.claimFailed(err))
		}
	}
}

// begin leaves Initialize: at once when the link is known, after the addresses of
// a previous life were handed over when there are some.
func (r *Router) begin() {
	if r.machine.State() != Initialize || r.ending || r.link == (Link{}) || time.Now().Before(r.retry) {
		return
	}
	leftovers := r.leftovers
	r.leftovers = false
	switch {
	case r.conn == nil:
		r.step(Failed{r.link.Fault})
	case leftovers:
		r.step(Resign{r.link.Source})
	default:
		r.step(Startup{r.link.Source})
	}
}

// broken ends the use of a Conn that fails to receive.
func (r *Router) broken(err error) {
	r.observer.Troubled("socket", err)
	r.backOff()
	r.step(Failed{ReasonSocket})
	r.hangUp()
}

// call opens a Conn and watches its queue.
func (r *Router) call(l Link) error {
	c, err := r.dial(l)
	if err != nil {
		return err
	}
	r.conn = c
	r.watchers.Go(func() { r.watch(c) })
	return nil
}

// hangUp closes the Conn, if there is one; its watcher ends by itself.
func (r *Router) hangUp() {
	if r.conn != nil {
		r.conn.Close()
		r.conn = nil
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
