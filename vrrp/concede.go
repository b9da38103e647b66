package vrrp

import (
	"net/netip"
	"time"
)

// A worse master that goes on for so long, through all that the better one says, does not
// hear it, and will not. Giving way to it is the only end that one of them can make.
const (
	concedeAfter = 10              // intervals,
	concedeLeast = 3 * time.Second // or so long, whichever is longer

	// The better one stands by for longer each time: it may have been given no reason to
	// think that the other hears it now.
	firstBackoff   = 10 * time.Minute
	longestBackoff = 24 * time.Hour
)

// Concession is the end of a split by our giving way.
type Concession struct {
	Peer     netip.Addr // to whom
	Priority uint8
	Lasted   time.Duration // the split
	Until    time.Time     // the end of our standing by, if the peer lives
}

// ConcedeAfter is how long a worse master must have been heard before the better one gives way.
func ConcedeAfter(interval time.Duration) time.Duration {
	return max(concedeAfter*interval, concedeLeast)
}

// Backoff is how long the better one stood by the last time. The zero value is that of the first.
type Backoff time.Duration

// Next is how long it stands by this time, after a mastership without another master. If that was as
// long as the last time, what caused the split was gone meanwhile.
func (b *Backoff) Next(peace time.Duration) time.Duration {
	if peace >= time.Duration(*b) {
		*b = 0
	}
	*b = min(max(Backoff(firstBackoff), 2**b), Backoff(longestBackoff))
	return time.Duration(*b)
}

// SetConcede says whether a split that lasts is ended by giving way to a worse master that does
// not hear us. Like SetLinks, the newest counts.
func (r *Router) SetConcede(on bool) { replace(r.concedes, on) }

// concede gives the addresses up to a worse master that does not hear us, as if an operator
// had asked for it.
func (r *Router) concede() {
	if !r.conceding || r.gate.event != nil || r.machine.State() != Master || r.machine.owner() {
		return
	}
	for _, m := range r.members {
		s := m.split
		if s.until.IsZero() || s.last.Sub(s.since) < ConcedeAfter(r.cfg.Interval) {
			continue
		}
		c := Concession{s.peer, s.priority, s.last.Sub(s.since), time.Now().Add(r.backoff.Next(s.since.Sub(r.since)))}
		m.Observer.Conceded(c)
		r.pass(Yield{Until: c.Until, Reason: ReasonSplit})
		return
	}
}
