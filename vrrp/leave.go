package vrrp

import "time"

// leave says that we go, and holds on to the addresses until a successor has
// them.
func (m *Machine) leave(now time.Time, reason string) []Action {
	actions := m.become(Leaving, Transition{Reason: reason}, Silence{}, Advertise{0})
	m.deadline, m.yielding, m.ending = now.Add(m.cfg.Interval), false, ""
	return actions
}

// leaving waits for the successor: the first advertisement of anybody who does
// not resign, or the end of the wait.
func (m *Machine) leaving(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case Timeout:
		switch {
		case now.Before(m.deadline):
			return nil
		case m.yielding:
			return m.resume(now)
		}
		return m.finish()
	case Heard:
		switch {
		case ev.Packet.Priority == 0:
			return nil
		case m.yielding:
			return m.yielded(now, ev)
		}
		return m.finish()
	case Shutdown:
		m.yielding, m.ending = false, ""
	}
	return nil
}

// stop ends in Initialize.
func (m *Machine) stop() []Action {
	return m.become(Initialize, Transition{Reason: ReasonShutdown}, Release{})
}
