package vrrp

import (
	"net/netip"
	"time"
)

// backup is RFC 9568, 6.4.2.
func (m *Machine) backup(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case Shutdown:
		return m.stop()
	case Timeout:
		if now.Before(m.deadline) {
			return nil
		}
		return m.enterMaster(now)
	case Heard:
		p := ev.Packet
		switch {
		case p.Trust == Doubtful:
			m.follow(now, ev)
		case p.Priority == 0:
			m.deadline = now.Add(m.skew(m.cfg.Priority))
			m.resigned = true
			m.meet(ev)
		case m.cfg.NoPreempt && !m.owner() || m.standingBy(now) || p.Priority >= m.cfg.Priority:
			m.follow(now, ev)
		case !m.owner() && m.patient(now):
			until := m.preempt
			m.follow(now, ev)
			m.preempt = until
		default:
			m.lower = true
			m.meet(ev)
		}
	}
	return nil
}

// patient tells whether a master of lower priority, just heard, is still to be
// followed.
func (m *Machine) patient(now time.Time) bool {
	if m.preempt.IsZero() {
		m.preempt = now.Add(m.cfg.PreemptDelay)
	}
	return now.Before(m.preempt)
}

// enterBackup begins to wait for a master. The interval assumed until one is
// heard is our own (RFC 9568, 6.4.1).
func (m *Machine) enterBackup(now time.Time, t Transition) []Action {
	actions := m.become(Backup, t, Silence{}, Release{})
	m.interval, m.heard, m.lower, m.resigned = m.cfg.Interval, now, false, false
	m.peer, m.peerPrio, m.preempt = netip.Addr{}, 0, time.Time{}
	clear(m.masters)
	clear(m.words)
	m.first = time.Time{}
	m.deadline = now.Add(m.down())
	return actions
}

// follow adopts what a better master said and waits for its next word.
func (m *Machine) follow(now time.Time, h Heard) {
	m.interval = min(h.Packet.Interval, MaxLearned*m.cfg.Interval)
	m.heard, m.lower, m.resigned, m.preempt = now, false, false, time.Time{}
	m.words[h.Member] = now
	if known, ok := m.masters[h.Member]; m.first.IsZero() || ok && known != h.Packet.Source {
		m.first = now
	}
	m.meet(h)
	m.deadline = now.Add(m.down())
}

// meet remembers who spoke. Somebody new on one link is not the one who was
// heard on the others.
func (m *Machine) meet(h Heard) {
	m.peer, m.peerPrio = h.Packet.Source, h.Packet.Priority
	if known, ok := m.masters[h.Member]; ok && known != m.peer {
		clear(m.masters)
	}
	m.masters[h.Member] = m.peer
}

// skew is Skew_Time for a priority, by the master's interval.
func (m *Machine) skew(priority uint8) time.Duration {
	return SkewTime(m.cfg.Version, priority, m.interval)
}

// down is how long silence makes the master dead.
func (m *Machine) down() time.Duration {
	return DownInterval(m.cfg.Version, m.cfg.Priority, m.interval)
}
