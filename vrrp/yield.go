package vrrp

import (
	"cmp"
	"time"
)

// yieldIntervals is how long a successor may take: its Skew_Time, less than one
// interval, and the way of a packet.
const yieldIntervals = 2

// cause is the reason of the transition.
func (y Yield) cause() string { return cmp.Or(y.Reason, ReasonHandover) }

// giveWay begins a planned hand-over. It is a resignation that can be taken back.
func (m *Machine) giveWay(now time.Time, y Yield) []Action {
	m.cause = y.cause()
	actions := m.leave(now, m.cause)
	m.yielding, m.standby, m.until, m.sent = true, true, y.Until, now
	m.deadline = now.Add(yieldIntervals * m.cfg.Interval)
	return actions
}

// yielded ends it well: a successor was heard, and is followed whatever its
// priority.
func (m *Machine) yielded(now time.Time, h Heard) []Action {
	actions := m.enterBackup(now, Transition{Reason: m.cause, Peer: h.Packet.Source, PeerPriority: h.Packet.Priority})
	m.follow(now, h)
	return actions
}

// resume ends it otherwise: nobody took over, and we never let go.
func (m *Machine) resume(now time.Time) []Action {
	actions := m.become(Master, Transition{Reason: ReasonRefused}, Advertise{m.cfg.Priority})
	m.standby, m.tie = false, tie{}
	m.restart(now)
	return actions
}

// standingBy tells whether a Yield is still in force.
func (m *Machine) standingBy(now time.Time) bool {
	return m.standby && (m.until.IsZero() || now.Before(m.until))
}

// StandingBy tells whether the machine stands by after a Yield, and until when;
// zero: without an end.
func (m *Machine) StandingBy(now time.Time) (until time.Time, ok bool) {
	if !m.standingBy(now) {
		return time.Time{}, false
	}
	return m.until, true
}
