package vrrp

import (
	"net/netip"
	"time"
)

// A margin is what lies between the moment an advertisement is due and the one at
// which its sender counts as dead: two intervals and a skew. Lost packets, jitter and
// late wake-ups all live on it. One lost advertisement takes less than half of it, one
// together with some jitter more.
const (
	scarceAbove  = 2           // a delay of more than 1/2 of the margin begins an episode
	quietBelow   = 4           // one of more than 1/4, as by a lost advertisement, keeps it going
	calmTime     = time.Minute // without any, it is over,
	calmInterval = 20          // or these intervals, whichever is longer
)

// Scarcity is an episode in which too much of the margin was used up.
type Scarcity struct {
	Over   bool          // it has ended; else it has begun
	Used   time.Duration // by the delay it began with; of one that is over by the longest
	Margin time.Duration // of which so much was used
	Lasted time.Duration // from the first delay to the last, of one that is over
	Peer   netip.Addr    // whose advertisements come late; zero: ours do
}

// margin is the memory of a Scarcity; the zero value has none.
type margin struct {
	low         bool
	first, last time.Time // that kept it going
	worst       Scarcity
}

// spend tells of a delay, which may be the first of an episode.
func (m *margin) spend(now time.Time, s Scarcity) (begins bool) {
	switch {
	case !m.low && s.Used <= s.Margin/scarceAbove, s.Used <= s.Margin/quietBelow:
		return false
	case !m.low:
		*m = margin{low: true, first: now, worst: s}
		begins = true
	case s.Used > m.worst.Used:
		m.worst = s
	}
	m.last = now
	return begins
}

// rest tells that time has passed, and of the episode that is over with it.
func (m *margin) rest(now time.Time, interval time.Duration) (over Scarcity, ends bool) {
	if !m.low || now.Sub(m.last) < max(calmTime, calmInterval*interval) {
		return Scarcity{}, false
	}
	over = m.worst
	over.Over, over.Lasted = true, m.last.Sub(m.first)
	*m = margin{}
	return over, true
}

// wait is a backup's for the next advertisement of a master that it knows.
type wait struct {
	ends   time.Time // the down timer
	margin time.Duration
}

// waits is the wait of a backup on a member's link for that peer's next word; zero when
// there is none. What ends another's silence, or comes after priority 0, is no measure of
// delays.
func (m *Machine) waits(member int, peer netip.Addr) wait {
	if m.state != Backup || m.resigned || m.lower || m.masters[member] != peer {
		return wait{}
	}
	return wait{m.deadline, m.down() - m.interval}
}

// over tells how much of its margin a wait has used up when an advertisement ends it;
// false when that one was not followed.
func (w wait) over(m *Machine, now time.Time) (used time.Duration, ok bool) {
	return w.margin - w.ends.Sub(now), !w.ends.IsZero() && m.state == Backup && m.deadline.After(w.ends)
}
