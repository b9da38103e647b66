package vrrp

import "time"

// unfit is for a node that can still forward and shall not be master, because
// something it is judged by failed: a master hands over in good order, as one that
// stops, and its end is Fault. Anybody else has nothing to hand over.
func (m *Machine) unfit(now time.Time, reason string) []Action {
	switch m.state {
	case Master:
		actions := m.leave(now, reason)
		m.ending = reason
		return actions
	case Leaving:
		m.yielding, m.ending = false, reason
		return nil
	}
	return m.fail(reason)
}

// finish is the end of Leaving.
func (m *Machine) finish() []Action {
	if m.ending != "" {
		return m.become(Fault, Transition{Reason: m.ending}, Release{})
	}
	return m.stop()
}
