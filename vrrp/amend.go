package vrrp

import (
	"errors"
	"net/netip"
	"time"
)

// Amendment is what changes about a member while its router runs: nothing that its
// peers elect by. Its functions are called on the router's goroutine.
type Amendment struct {
	Advertised []netip.Addr                        // as in Member, of the same family, and none if it had none
	Dial       func(Link) (Conn, error)            // as in Member, for the Conns from now on
	Sign       Authentication                      // for the Conn that is open
	Spare      bool                                // as in Member
	Hold       func(now time.Time, in State) error // goes over to what Addresses stand for from now on
	Back       func(now time.Time, in State) error // undoes a Hold that failed
}

// amending is an order to amend, and where its answer goes.
type amending struct {
	members []Amendment
	answer  chan error
}

// Amend changes the members, in their order, and returns when it is done. The state, the
// timers and the Conns stay as they are; the next advertisement has the new addresses and
// is signed anew, and what is queued is believed by the new keys. A
// member that cannot change stays what it was, and the error says so; the others have
// changed. Where even that cannot be, it is in Fault. Nothing happens once ended is closed.
func (r *Router) Amend(all []Amendment, ended <-chan struct{}) error {
	a := amending{members: all, answer: make(chan error, 1)}
	select {
	case r.amend <- a:
		return <-a.answer
	case <-ended:
		return nil
	}
}

func (r *Router) amended(all []Amendment) (failed error) {
	for i, m := range r.members {
		err := all[i].Hold(time.Now(), r.machine.State())
		if err == nil {
			m.Advertised, m.Dial = all[i].Advertised, all[i].Dial
			r.enlist(m, all[i].Spare)
			if m.conn != nil {
				m.conn.Authenticate(all[i].Sign)
			}
			continue
		}
		failed = errors.Join(failed, err)
		if err := all[i].Back(time.Now(), r.machine.State()); err != nil {
			r.step(r.claimFailed(m, err))
		}
	}
	return failed
}
