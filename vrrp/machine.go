package vrrp

import (
	"net/netip"
	"time"
)

// Limits beyond the standard; doc.go says why.
const (
	MaxLearned = 10 // times our own interval: the longest interval adopted from the wire
	MaxAnswers = 3  // answers to losing advertisements between two regular ones
)

// Config is what a virtual router's election is about.
type Config struct {
	VRID      uint8         // 1–255
	Priority  uint8         // 1–254; 255 for the address owner
	Interval  time.Duration // MinInterval–MaxInterval, whole centiseconds
	Addresses []netip.Addr
	NoPreempt bool // RFC 9568, 6.1, Preempt_Mode false
}

// Machine is the election of one virtual router. It is told what happened and
// answers with what to do; it reads no clock and touches no socket (RFC 9568,
// 6.4). The zero value is not usable; see NewMachine.
type Machine struct {
	cfg   Config
	state State
	local netip.Addr

	interval time.Duration // of the master: ours, or the one last heard
	deadline time.Time     // down timer in Backup, advert timer in Master, end of Leaving
	sent     time.Time     // last regular advertisement, in Master
	heard    time.Time     // last accepted advertisement, in Backup
	lower    bool          // a master of lower priority was heard since then
	resigned bool          // the last accepted advertisement had priority 0
	fault    string        // why, in Fault
	peer     netip.Addr    // who sent the last advertisement we yielded to
	peerPrio uint8
	answers  int // given since the last regular advertisement
}

// NewMachine returns a machine in Initialize.
func NewMachine(cfg Config) *Machine {
	return &Machine{cfg: cfg, interval: cfg.Interval}
}

// State is the present state.
func (m *Machine) State() State { return m.state }

// Priority is the priority in force.
func (m *Machine) Priority() uint8 { return m.cfg.Priority }

// Deadline is when Timeout is due; zero when the machine waits for nothing.
func (m *Machine) Deadline() time.Time { return m.deadline }

// Master is the address of the master as far as known: our own when we are it,
// zero when nobody was heard.
func (m *Machine) Master() netip.Addr {
	switch {
	case m.state == Master:
		return m.local
	case m.state == Backup && !m.resigned:
		return m.peer
	}
	return netip.Addr{}
}

// Holding tells whether the addresses are ours in this state.
func (m *Machine) Holding() bool { return m.state == Master || m.state == Leaving }

// Step takes one event at an instant and returns what to do, in order.
func (m *Machine) Step(now time.Time, ev Event) []Action {
	if fence := m.fence(now); fence != nil {
		return append(fence, m.dispatch(now, ev)...)
	}
	return m.dispatch(now, ev)
}

func (m *Machine) dispatch(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case Failed:
		return m.fail(ev.Reason)
	case SetPriority:
		m.setPriority(ev.Priority)
		return nil
	case Moved:
		m.local = ev.Local
		return nil
	}
	switch m.state {
	case Initialize:
		switch ev := ev.(type) {
		case Startup:
			m.local = ev.Local
			return m.enterBackup(now, Transition{Reason: ReasonStartup})
		case Resign:
			m.local = ev.Local
			// The kernel's lease on them may end before a successor is heard.
			return append(m.leave(now, ReasonLeftovers), Claim{})
		}
	case Fault:
		switch ev := ev.(type) {
		case Recovered:
			m.local = ev.Local
			return m.enterBackup(now, Transition{Reason: ReasonRecovered})
		case Shutdown:
			return m.stop()
		}
	case Backup:
		return m.backup(now, ev)
	case Master:
		return m.master(now, ev)
	case Leaving:
		return m.leaving(now, ev)
	}
	return nil
}

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
		case p.Priority == 0:
			m.deadline = now.Add(SkewTime(m.cfg.Priority, m.interval))
			m.resigned, m.peer, m.peerPrio = true, p.Source, 0
		case m.cfg.NoPreempt || p.Priority >= m.cfg.Priority:
			m.follow(now, p)
		default:
			m.lower, m.peer, m.peerPrio = true, p.Source, p.Priority
		}
	}
	return nil
}

// leave says that we go, and holds on to the addresses until a successor has
// them.
func (m *Machine) leave(now time.Time, reason string) []Action {
	actions := m.become(Leaving, Transition{Reason: reason}, Silence{}, Advertise{0})
	m.deadline = now.Add(m.cfg.Interval)
	return actions
}

// leaving waits for the successor: the first advertisement of anybody who does
// not resign, or the end of one interval.
func (m *Machine) leaving(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case Timeout:
		if now.Before(m.deadline) {
			return nil
		}
	case Heard:
		if ev.Packet.Priority == 0 {
			return nil
		}
	default:
		return nil
	}
	return m.stop()
}

// stop ends in Initialize.
func (m *Machine) stop() []Action {
	return m.become(Initialize, Transition{Reason: ReasonShutdown}, Release{})
}

// fail ends in Fault from any state: a master that cannot do its work tells the
// peers, if it still can, and lets go at once. One fault may turn into another.
func (m *Machine) fail(reason string) []Action {
	if m.state == Leaving {
		return m.stop()
	}
	known := m.fault
	m.fault = reason
	switch m.state {
	case Fault:
		if reason == known {
			return nil
		}
		return m.become(Fault, Transition{Reason: reason})
	case Master:
		return m.become(Fault, Transition{Reason: reason}, Silence{}, Advertise{0}, Release{})
	}
	return m.become(Fault, Transition{Reason: reason}, Release{})
}

// enterBackup begins to wait for a master. The interval assumed until one is
// heard is our own (RFC 9568, 6.4.1).
func (m *Machine) enterBackup(now time.Time, t Transition) []Action {
	actions := m.become(Backup, t, Silence{}, Release{})
	m.interval, m.heard, m.lower, m.resigned = m.cfg.Interval, now, false, false
	m.peer, m.peerPrio = netip.Addr{}, 0
	m.deadline = now.Add(DownInterval(m.cfg.Priority, m.interval))
	return actions
}

// follow adopts what a better master said and waits for its next word.
func (m *Machine) follow(now time.Time, p Packet) {
	m.interval = min(p.Interval, MaxLearned*m.cfg.Interval)
	m.heard, m.lower, m.resigned = now, false, false
	m.peer, m.peerPrio = p.Source, p.Priority
	m.deadline = now.Add(DownInterval(m.cfg.Priority, m.interval))
}

// setPriority moves the down timer with the skew it is made of.
func (m *Machine) setPriority(p uint8) {
	if m.state == Backup && !m.resigned {
		m.deadline = m.deadline.Add(SkewTime(p, m.interval) - SkewTime(m.cfg.Priority, m.interval))
	}
	m.cfg.Priority = p
}

// become is the only place where the state changes.
func (m *Machine) become(s State, t Transition, actions ...Action) []Action {
	t.From, t.To = m.state, s
	m.state, m.deadline = s, time.Time{}
	return append(actions, Become{t})
}
