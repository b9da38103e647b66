package vrrp

import "time"

// Owner is the priority of the router whose own addresses the virtual ones are
// (RFC 9568, 5.2.4). It has them whether it is master or not, so it is master
// whenever it can be: at once when it starts, and whatever Preempt_Mode says.
const Owner = 255

func (m *Machine) owner() bool { return m.cfg.Priority == Owner }

// begin leaves Initialize and Fault: an owner becomes master, others wait for
// one (RFC 9568, 6.4.1).
func (m *Machine) begin(now time.Time, reason string) []Action {
	if m.owner() {
		return m.enterMaster(now)
	}
	return m.enterBackup(now, Transition{Reason: reason})
}

// insist is what an owner does that slept through its peers' down timers. It
// cannot give up its addresses; whoever took them has to hear of it.
func (m *Machine) insist(now time.Time) []Action {
	m.restart(now)
	return []Action{Advertise{m.cfg.Priority}, Reannounce{}}
}

// refuse answers the wish that an owner hand over, without trying: its node
// would go on answering for the addresses.
func (m *Machine) refuse() []Action {
	return []Action{
		Become{Transition{From: Master, To: Leaving, Reason: ReasonHandover}},
		Become{Transition{From: Leaving, To: Master, Reason: ReasonRefused}},
	}
}
