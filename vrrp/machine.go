package vrrp

import (
	"net/netip"
	"time"
)

// Limits beyond the standard; doc.go says why.
const (
	MaxLearned = 10 // times our own interval: the longest interval adopted from the wire
	MaxAnswers = 3  // answers to losing or resigning routers between two regular advertisements
)

// Config is how an election is held.
type Config struct {
	Version   uint8         // 2 or 3: whose timers
	Priority  uint8         // 1–254; 255 for the address owner
	Interval  time.Duration // version 3: MinInterval–MaxInterval, whole centiseconds; version 2: 1–255 s
	NoPreempt bool          // RFC 9568, 6.1, Preempt_Mode false

	// PreemptDelay is how long a live master of lower priority is followed
	// before it is preempted. A master that falls silent is not preempted but
	// replaced, at the down timer.
	PreemptDelay time.Duration
}

// Machine is the election of one virtual router, or of several that are master
// together: what is heard on any of their links counts for all (tie.go says
// what does not). It is told what happened and answers with what to do; it reads
// no clock and touches no socket (RFC 9568, 6.4). The zero value is not usable;
// see NewMachine.
type Machine struct {
	cfg   Config
	state State

	interval time.Duration // of the master: ours, or the one last heard
	deadline time.Time     // down timer in Backup, advert timer in Master, end of Leaving
	sent     time.Time     // last regular advertisement, in Master
	heard    time.Time     // last accepted advertisement, in Backup
	lower    bool          // a master of lower priority was heard since then, or preempted an interval ago at most
	resigned bool          // the last accepted advertisement had priority 0
	peer     netip.Addr    // who sent the last advertisement we yielded to
	peerPrio uint8
	masters  map[int]netip.Addr // by member: the peer's addresses on the links it was heard on
	words    map[int]time.Time  // by member: the last advertisement that was followed there, in Backup
	first    time.Time          // the first one, on any, of the master that is followed; zero: none was yet
	tie      tie
	answers  int       // given since the last regular advertisement
	yielding bool      // Leaving for a peer, not for good
	cause    string    // of the last Yield
	ending   string    // why Leaving ends in Fault; empty: in Initialize
	standby  bool      // after a Yield: no preemption
	until    time.Time // end of standby; zero: none
	preempt  time.Time // a master of lower priority is followed until then; zero: none was heard
}

// NewMachine returns a machine in Initialize.
func NewMachine(cfg Config) *Machine {
	return &Machine{cfg: cfg, interval: cfg.Interval, masters: map[int]netip.Addr{}, words: map[int]time.Time{}}
}

// State is the present state.
func (m *Machine) State() State { return m.state }

// Priority is the priority in force.
func (m *Machine) Priority() uint8 { return m.cfg.Priority }

// Deadline is when Timeout is due; zero when the machine waits for nothing.
func (m *Machine) Deadline() time.Time { return m.deadline }

// Master is the address of another master on a member's link; zero when none is
// known.
func (m *Machine) Master(member int) netip.Addr {
	if m.state == Backup && !m.resigned {
		return m.masters[member]
	}
	return netip.Addr{}
}

// MasterPriority is the priority of the master, which we may be; zero when none is
// known.
func (m *Machine) MasterPriority() uint8 {
	switch {
	case m.Holding():
		return m.cfg.Priority
	case m.state == Backup && !m.resigned:
		return m.peerPrio
	}
	return 0
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

// Believes tells whether an advertisement counts. One that may be a recording
// must not move the addresses: it keeps a backup waiting and does nothing else.
func (m *Machine) Believes(p Packet) bool {
	return p.Trust != Doubtful || m.state == Backup && p.Priority != 0
}

func (m *Machine) dispatch(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case Heard:
		if !m.Believes(ev.Packet) {
			return nil
		}
	case Failed:
		return m.fail(ev.Reason)
	case Unfit:
		return m.unfit(now, ev.Reason)
	case SetPriority:
		m.setPriority(ev.Priority)
		return nil
	case SetPreempt:
		m.cfg.NoPreempt, m.cfg.PreemptDelay = ev.NoPreempt, ev.Delay
		return nil
	case Yield:
		if m.state != Master {
			m.standby, m.until = true, ev.Until
			return nil
		}
	case TakeBack:
		m.standby = false
		return nil
	}
	switch m.state {
	case Initialize:
		switch ev.(type) {
		case Startup:
			return m.begin(now, ReasonStartup)
		case Resign:
			// The kernel's lease on them may end before a successor is heard.
			return append(m.leave(now, ReasonLeftovers), Claim{})
		}
	case Fault:
		switch ev.(type) {
		case Recovered:
			return m.begin(now, ReasonRecovered)
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

// fail ends in Fault from any state: a master that cannot do its work tells the
// peers, if it still can, and lets go at once.
func (m *Machine) fail(reason string) []Action {
	switch m.state {
	case Fault:
		return nil
	case Leaving:
		return m.finish()
	case Master:
		return m.become(Fault, Transition{Reason: reason}, Silence{}, Advertise{0}, Release{})
	}
	return m.become(Fault, Transition{Reason: reason}, Release{})
}

// setPriority moves the down timer with the skew it is made of. An owner stays
// one, and nobody else becomes one.
func (m *Machine) setPriority(p uint8) {
	if m.owner() || p == Owner {
		return
	}
	if m.state == Backup && !m.resigned {
		m.deadline = m.deadline.Add(m.skew(p) - m.skew(m.cfg.Priority))
	}
	m.cfg.Priority = p
}

// become is the only place where the state changes.
func (m *Machine) become(s State, t Transition, actions ...Action) []Action {
	t.From, t.To = m.state, s
	m.state, m.deadline = s, time.Time{}
	return append(actions, Become{t})
}
