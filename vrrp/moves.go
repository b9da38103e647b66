package vrrp

import "time"

// moves tells whether an event is about to move the addresses at a moment of our own
// choosing, and how. What is taken from us, or must not be ours any longer, is not our
// choice.
func (m *Machine) moves(now time.Time, ev Event) (t Transition, yes bool) {
	switch ev := ev.(type) {
	case Timeout:
		yes, t = m.state == Backup && !m.deadline.IsZero() && !now.Before(m.deadline), m.takeover(now)
	case Startup, Recovered:
		yes, t = m.owner() && (m.state == Initialize || m.state == Fault), m.takeover(now)
	case Shutdown:
		yes, t = m.state == Master, Transition{To: Initialize, Reason: ReasonShutdown}
	case Yield:
		yes, t = m.state == Master && !m.owner(), Transition{To: Backup, Reason: ev.cause()}
	case Unfit:
		yes, t = m.state == Master, Transition{To: Fault, Reason: ev.Reason}
	}
	t.From = m.state
	return t, yes
}

// takeover is the transition of who becomes master now.
func (m *Machine) takeover(now time.Time) Transition {
	t := Transition{To: Master, Reason: ReasonMasterSilent, Peer: m.peer, PeerPriority: m.peerPrio, Silence: now.Sub(m.heard)}
	switch {
	case m.state != Backup:
		return Transition{To: Master, Reason: ReasonOwner}
	case m.resigned:
		t.Reason = ReasonMasterResigned
	case m.lower:
		t.Reason = ReasonPreempt
	}
	return t
}

// followed tells whether a backup that was to take over has heard a master to follow
// since.
func (m *Machine) followed(now time.Time) bool {
	return m.state == Backup && !m.resigned && now.Before(m.deadline)
}
