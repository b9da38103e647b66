package election

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/netif"
)

const (
	// shortRenewal is the pause between two renewals of a lease that is hardly
	// longer than it must be.
	shortRenewal = time.Second

	// longestDown is how many advertisement intervals the down interval of a
	// peer of the lowest priority has (RFC 9568, 6.1).
	longestDown = 4

	// portion is how many leases are renewed at a time. The kernel looks at all
	// its IPv6 addresses for each of them, so that many at once would keep the
	// router from hearing and sending.
	portion = 8
)

// place is one interface with those of an instance's addresses that are held on
// it: it claims, renews, announces and releases them. It belongs to the holder.
type place struct {
	name     string // of the interface
	links    *atomic.Pointer[netif.Links]
	kernel   kernel
	sender   announcer
	schedule *garp.Schedule
	virtual  []netif.Virtual
	prefixes []netip.Prefix // the same, without the rest
	lease    time.Duration
	interval time.Duration // of advertisement

	held  bool
	renew time.Time        // when the next leases are renewed; zero: never
	next  int              // the first of them
	index int              // of the link the addresses were claimed on; 0: of none
	seen  bool             // all of them by the watcher, since they were claimed
	mac   net.HardwareAddr // where they were announced to be; nil: nowhere yet
}

// places are the interfaces on which an instance holds addresses, in the order
// in which they are claimed.
func places(cfg Instance, links *atomic.Pointer[netif.Links], k kernel, s announcer) (list []*place) {
	byName := map[string]*place{}
	for _, a := range cfg.Addresses {
		name := cfg.linkOf(a)
		p := byName[name]
		if p == nil {
			p = &place{name: name, links: links, kernel: k, sender: s, lease: cfg.Lease, interval: cfg.Interval}
			if cfg.VirtualMAC && name == cfg.home() {
				p.kernel = raising{kernel: k, name: name, links: links}
			}
			byName[name] = p
			list = append(list, p)
		}
		p.virtual = append(p.virtual, netif.Virtual{Prefix: a.Prefix, Label: a.Label, Scope: a.Scope})
		p.prefixes = append(p.prefixes, a.Prefix)
	}
	for _, p := range list {
		p.schedule = garp.NewSchedule(announcements(cfg), addrsOf(p.prefixes))
	}
	return list
}

// announcements are how often the addresses of an instance are announced.
func announcements(cfg Instance) garp.Plan {
	return garp.Plan{Count: cfg.Announce.Count, Interval: cfg.Announce.Interval, Delay: cfg.Announce.Delay, Refresh: cfg.Announce.Refresh}
}

func addrsOf(prefixes []netip.Prefix) []netip.Addr {
	addrs := make([]netip.Addr, len(prefixes))
	for i, prefix := range prefixes {
		addrs[i] = prefix.Addr()
	}
	return addrs
}

// link is the interface as it was seen last.
func (p *place) link() (netif.Link, error) {
	if links := p.links.Load(); links != nil {
		if l, ok := (*links)[p.name]; ok {
			return l, nil
		}
	}
	return netif.Link{}, fmt.Errorf("interface %s: %w", p.name, netif.ErrLinkGone)
}

func (p *place) claim() error {
	l, err := p.link()
	if err != nil {
		return err
	}
	if p.index != 0 && p.index != l.Index { // another link has the name now
		if err := p.kernel.Release(p.index, p.prefixes); err != nil {
			return err
		}
	}
	if err := p.kernel.Claim(l.Index, p.virtual, p.lease); err != nil {
		return err
	}
	p.held, p.index, p.seen = true, l.Index, false
	if p.lease > 0 {
		p.next, p.renew = 0, time.Now().Add(p.pause())
	}
	return nil
}

// relet goes over to another lease, of what is held too.
func (p *place) relet(lease time.Duration) error {
	if p.lease == lease {
		return nil
	}
	p.lease, p.renew = lease, time.Time{}
	if !p.held {
		return nil
	}
	return p.claim()
}

// renewal is the time between two renewals of one address. A master that dies
// just before one must leave enough of the lease: the peer needs its whole down
// interval, which is longer than ours where its priority is lower.
func (p *place) renewal() time.Duration {
	return min(p.lease/3, max(shortRenewal, p.lease-longestDown*p.interval))
}

// pause is the time between two portions: all have their turn in one renewal.
func (p *place) pause() time.Duration {
	return p.renewal() / time.Duration((len(p.virtual)+portion-1)/portion)
}

// renewSome renews the next portion. One that comes late does not delay those
// after it; what was missed altogether is not made up for.
func (p *place) renewSome(now time.Time) error {
	if p.renew = p.renew.Add(p.pause()); now.Sub(p.renew) > p.renewal() {
		p.renew = now.Add(p.pause())
	}
	if _, err := p.link(); err != nil {
		return nil // a fault is on its way
	}
	begin, end := p.next, min(p.next+portion, len(p.virtual))
	p.next = end % len(p.virtual)
	return p.kernel.Renew(*p.links.Load(), p.name, p.virtual[begin:end], p.lease)
}

// repair puts back what is missing and says what it was, in an event; none if its
// count is 0. It trusts the kernel,
// not the snapshot, until that was seen to have the addresses: one from before our
// own claim lacks them too.
func (p *place) repair(now time.Time) (restored event.Event, err error) {
	l, err := p.link()
	if err != nil || !p.held {
		return restored, nil // that the interface is gone is a fault, which is on its way
	}
	if p.mac != nil && !bytes.Equal(p.mac, l.MAC) { // neighbours know another
		p.schedule.Again(now)
		err = p.announce(now)
	}
	unseen := lacking(l, p.prefixes)
	if err != nil || len(unseen) == 0 {
		p.seen = p.seen || len(unseen) == 0
		return restored, err
	}
	missing, err := p.kernel.Missing(l.Index, p.prefixes)
	if err != nil {
		return restored, err
	}
	if p.seen { // they were removed, though a renewal may have put them back by now
		p.seen = false
		missing = unseen
	}
	if len(missing) == 0 {
		return restored, nil
	}
	replaced := p.index != l.Index
	if err := p.claim(); err != nil {
		return restored, err
	}
	p.schedule.Again(now)
	err = p.announce(now)
	restored = event.Event{Name: "address.restored", Interface: p.name, Address: list(missing), Count: len(missing)}
	return blame(restored, l, replaced, missing, func(primary netip.Prefix) bool {
		missing, err := p.kernel.Missing(l.Index, []netip.Prefix{primary})
		return err == nil && len(missing) > 0
	}), err
}

// few addresses are looked for one by one; a table of those on a link would cost hundreds
// of instances with one address each more than the looking.
const few = 8

// lacking are those of the addresses that are not on a link.
func lacking(l netif.Link, addrs []netip.Prefix) (missing []netip.Prefix) {
	holds := l.Holds
	if len(addrs) > few {
		held := make(map[netip.Prefix]bool, len(l.Addrs))
		for _, a := range l.Addrs {
			held[a.Prefix] = true
		}
		holds = func(p netip.Prefix) bool { return held[p] }
	}
	for _, p := range addrs {
		if !holds(p) {
			missing = append(missing, p)
		}
	}
	return missing
}

// release gives the addresses up where they were claimed, and where the
// interface is now: a previous life may have left some. released tells whether
// this life held them.
func (p *place) release() (released bool, err error) {
	p.renew = time.Time{}
	l, _ := p.link()
	if l.Index != 0 && l.Index != p.index {
		err = p.kernel.Release(l.Index, p.prefixes)
	}
	if p.index != 0 {
		err = errors.Join(err, p.kernel.Release(p.index, p.prefixes))
	}
	if err != nil {
		return false, err
	}
	released = p.held
	p.held, p.index, p.mac = false, 0, nil
	return released, nil
}

// tick does what is due.
func (p *place) tick(now time.Time) error {
	if err := p.announce(now); err != nil {
		return err
	}
	if p.renew.IsZero() || now.Before(p.renew) {
		return nil
	}
	return p.renewSome(now)
}

// announce sends one round, if one is due. The next is due at once, but between
// the two the router hears whether it is still the one to announce.
func (p *place) announce(now time.Time) error {
	l, err := p.link()
	due := p.schedule.Due(now)
	if due == nil || err != nil {
		return nil
	}
	if err := p.sender.Announce(l.Index, l.MAC, l.Forwarding6, due); err != nil {
		return fmt.Errorf("announce on %s: %w", p.name, err)
	}
	p.mac = l.MAC
	return nil
}
