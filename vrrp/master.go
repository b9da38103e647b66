package vrrp

import (
	"net/netip"
	"time"
)

// enterMaster claims, speaks and announces, in that order: who hears the
// advertisement may let go of the addresses, so they must be ours by then.
func (m *Machine) enterMaster(now time.Time) []Action {
	prio := m.cfg.Priority
	actions := m.become(Master, m.takeover(now), Claim{}, Advertise{prio}, Announce{})
	m.interval, m.standby = m.cfg.Interval, false
	m.tie = tie{}
	m.restart(now)
	return actions
}

// master is RFC 9568, 6.4.3.
func (m *Machine) master(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case Shutdown:
		return m.leave(now, ReasonShutdown)
	case Yield:
		if m.owner() {
			return m.refuse()
		}
		return m.giveWay(now, ev)
	case Timeout:
		if now.Before(m.deadline) {
			return nil
		}
		m.advance(now)
		return []Action{Advertise{m.cfg.Priority}}
	case Heard:
		return m.contend(now, ev)
	}
	return nil
}

// contend judges another router's advertisement heard while master.
func (m *Machine) contend(now time.Time, h Heard) []Action {
	p := h.Packet
	switch order := compare(h, m.cfg.Priority); {
	case p.Priority == 0 && m.answers < MaxAnswers:
		answers := m.answers + 1
		m.restart(now)
		m.answers = answers
		return []Action{Advertise{m.cfg.Priority}, Reannounce{}}
	case p.Priority == 0:
		return nil
	case order == 0:
		// Answering would make two routers with one address answer each other
		// without end.
		return []Action{Rival{h}}
	case p.Priority == m.cfg.Priority && !m.tie.decides(now, h.Member, m.down()):
		return []Action{Contested{h}}
	case order > 0:
		return m.yield(now, h)
	case m.answers >= MaxAnswers:
		return []Action{Contested{h}}
	}
	m.answers++
	if m.lower && p.Source == m.masters[h.Member] {
		// The last word of the one we preempted: it announces nothing any more.
		return []Action{Advertise{m.cfg.Priority}, Contested{h}}
	}
	return []Action{Advertise{m.cfg.Priority}, Reannounce{}, Contested{h}}
}

// compare orders a sender against us: by priority, then by address as an
// unsigned number (RFC 9568, 6.4.3).
func compare(h Heard, priority uint8) int {
	if d := int(h.Packet.Priority) - int(priority); d != 0 {
		return d
	}
	return h.Packet.Source.Compare(h.Local)
}

// yield hands over to a better router. It holds the addresses by now, having
// claimed them before it spoke. Where it was master all the while, on the other
// side of a partition, it may never have heard us: our last word has it announce
// the addresses again, to the clients that we drew to us.
func (m *Machine) yield(now time.Time, h Heard) []Action {
	p := h.Packet
	t := Transition{Reason: ReasonHigherPriority, Peer: p.Source, PeerPriority: p.Priority}
	if p.Priority == m.cfg.Priority {
		t.Reason = ReasonHigherAddress
	}
	actions := append([]Action{Silence{}, Advertise{m.cfg.Priority}}, m.enterBackup(now, t)[1:]...)
	m.follow(now, h)
	return actions
}

// fence gives up the addresses of a master, or of one that would be master again,
// that slept through its peers' down timers, before anything else is looked at.
// It may be the rightful master still: if nobody took over, what was queued
// meanwhile will not say so, and Skew_Time later it claims them again.
func (m *Machine) fence(now time.Time) []Action {
	if claims := m.state == Master || m.state == Leaving && m.yielding; !claims || now.Sub(m.sent) <= m.down() {
		return nil
	}
	if m.owner() {
		return m.insist(now)
	}
	actions := m.enterBackup(now, Transition{Reason: ReasonStalled})
	m.deadline = now.Add(m.skew(m.cfg.Priority))
	return actions
}

// restart sets the advert timer anew, on entry and after a resignation
// (RFC 9568, 6.4.3).
func (m *Machine) restart(now time.Time) {
	m.sent, m.answers = now, 0
	m.deadline = now.Add(m.cfg.Interval)
}

// Claimed says when the claim was over that Step asked for. It may take longer than the
// peers wait, and is no sleep: they have heard nothing yet.
func (m *Machine) Claimed(now time.Time) {
	if m.state == Master {
		m.sent = now
	}
}

// advance sets the advert timer on its line: a late wake-up does not shift the
// next advertisement, and missed ones are not made up for.
func (m *Machine) advance(now time.Time) {
	m.sent, m.answers, m.lower = now, 0, false
	for !m.deadline.After(now) {
		m.deadline = m.deadline.Add(m.cfg.Interval)
	}
}

// Peer is the router last yielded to, and its priority; zero when none was
// heard since the state was entered.
func (m *Machine) Peer() (netip.Addr, uint8) { return m.peer, m.peerPrio }
