package vrrp

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

const (
	maxDrain    = 1024 // packets taken at one wake-up: more than a socket buffer holds
	maxFailures = 3    // sends that may fail in a row before the link counts as broken
)

// Member is a virtual router of an election: what is said on its link, and what
// winning means there.
type Member struct {
	Version    uint8        // 2 or 3
	VRID       uint8        // 1–255
	Advertised []netip.Addr // the addresses that are advertised, of one family
	Checksum   Checksum     // that is sent whatever peers send; Unknown: theirs

	// StartDelay is how long a router stays silent after its link came up, for
	// links that take time to forward (spanning tree, bonds).
	StartDelay time.Duration

	// Spare says that winning means nothing on this link: it is one more way to hear
	// and be heard. What is wrong with the link is no fault of the router's.
	Spare bool

	Addresses Addresses
	Scout     Scout // nil: nobody asks who has the addresses before they are claimed
	Observer  Observer
	Dial      func(Link) (Conn, error) // opens a Conn for a link without fault
}

// member is a Member at work. It belongs to the router's goroutine.
type member struct {
	Member
	index    int // in the router's order
	conn     Conn
	link     Link       // newest
	opened   Link       // the one conn was opened for
	fault    string     // why it cannot do a master's work; empty: it can
	retry    time.Time  // when a broken link is tried again
	failures int        // sends failed in a row
	met      netip.Addr // the router that its Scout was told of last
	split    split      // the other master on the link, if there is one
	path     path
	gaps     gaps
	count    Stats
}

// drain hears what is queued on a member's link, as far as it can matter; from those
// who cannot move a master, as much as one answers.
func (r *Router) drain(m *member) {
	if m.conn != nil {
		var minor uint8
		if r.machine.Holding() {
			minor = r.machine.Priority()
		}
		if surplus := m.conn.Begin(minor); surplus > 0 {
			m.refused(Flood, uint64(surplus))
			m.Observer.Discarded(Flood, netip.Addr{})
		}
	}
	found, err := r.gather(m)
	for _, p := range found {
		r.hear(m, p)
	}
	if err != nil && m.conn != nil { // what was heard may have ended it already
		r.broken(m, fmt.Errorf("receive: %w", err))
	}
}

// gather takes what is queued on a member's link; the error is the Conn's.
func (r *Router) gather(m *member) (found words, err error) {
	for range maxDrain {
		if m.conn == nil {
			return nil, nil
		}
		p, err := m.conn.Next()
		if errors.Is(err, ErrEmpty) {
			return found, nil
		}
		if d := Discard(""); errors.As(err, &d) {
			m.discard(d, p)
			if d == BadVersion && (p.Version == 2 || p.Version == 3) { // deaf to each other, both will be master
				m.Observer.Mismatched(mismatchVersion, p)
			}
			continue
		}
		if err != nil {
			return found, err
		}
		for _, what := range m.mismatches(p, r.cfg) {
			m.Observer.Mismatched(what, p)
		}
		if p.Interval != r.cfg.Interval && m.Version == 2 { // RFC 3768, 7.1
			m.discard(BadInterval, p)
			continue
		}
		if !r.machine.Believes(p) {
			m.discard(Untimely, p)
			continue
		}
		m.count.Received++
		found = found.add(p)
	}
	return found, nil
}

// hear has the machine hear one advert of a member's link.
func (r *Router) hear(m *member, p Packet) {
	now := time.Now()
	m.gaps.heard(now, r.machine.State())
	if m.met != p.Source {
		m.met = p.Source
		m.Scout.Met(p.Source)
	}
	w := r.machine.waits(m.index, p.Source)
	r.step(Heard{Packet: p, Member: m.index, Local: m.opened.Source})
	if used, ok := w.over(r.machine, now); ok {
		r.spend(m, Scarcity{Used: used, Margin: w.margin, Peer: p.Source})
	}
}

func (m *member) discard(d Discard, p Packet) {
	m.refused(d, 1)
	m.Observer.Discarded(d, p.Source)
}

// refused counts packets that were ignored for one reason.
func (m *member) refused(d Discard, n uint64) {
	m.count.Discarded += n
	m.blames(d, n)
}

func (m *member) blames(d Discard, n uint64) {
	if m.count.Discards == nil {
		m.count.Discards = map[Discard]uint64{}
	}
	m.count.Discards[d] += n
}

// What Observer.Mismatched may name.
const (
	mismatchVersion        = "version"
	mismatchInterval       = "interval"
	mismatchChecksum       = "checksum"
	mismatchAddresses      = "addresses"
	mismatchAuthentication = "authentication"
	mismatchClock          = "clock"
	mismatchOwner          = "owner"
)

// mismatches names what a router of the same VRID has configured otherwise. It is
// reported and nothing else (RFC 9568, 7.1); only version 2 demands that
// intervals are equal. Other addresses are a reason to talk, not to be deaf:
// dropping them, as version 2 allows, makes two masters.
func (m *member) mismatches(p Packet, cfg Config) (all []string) {
	if cfg.Priority == Owner && p.Priority == Owner {
		all = append(all, mismatchOwner)
	}
	if p.Interval != cfg.Interval {
		all = append(all, mismatchInterval)
	}
	if m.Checksum != Unknown && p.Checksum != m.Checksum { // it may not know ours
		all = append(all, mismatchChecksum)
	}
	if len(p.Addresses) != len(m.Advertised) || slices.ContainsFunc(p.Addresses, func(a netip.Addr) bool { return !slices.Contains(m.Advertised, a) }) {
		all = append(all, mismatchAddresses)
	}
	switch p.Trust {
	case OneSided:
		all = append(all, mismatchAuthentication)
	case Doubtful:
		all = append(all, mismatchClock)
	}
	return all
}
