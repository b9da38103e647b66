package election

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/netif"
)

// releaseRetry is the pause before an address that could not be released is
// tried again: holding it as a backup is the one thing that must not last.
const releaseRetry = 200 * time.Millisecond

// maxRenewal is the longest pause between two renewals of a lease. A master that
// dies just before one must leave enough of it: the peer needs its whole down
// interval, which is longer than ours where its priority is lower.
const maxRenewal = time.Second

// holder is what winning and losing mean to this host (vrrp.Addresses): it
// claims, renews, repairs and releases the addresses of one instance and
// announces them. It belongs to the instance's router.
type holder struct {
	cfg      Instance
	link     *atomic.Pointer[netif.Link] // newest snapshot; nil: no such interface
	kernel   kernel
	sender   announcer
	schedule *garp.Schedule
	emit     func(event.Event)

	held    bool
	renew   time.Time // when the kernel's lease is renewed; zero: never
	release time.Time // when a failed release is tried again; zero: not needed
	index   int       // of the link the addresses were claimed on
}

func newHolder(cfg Instance, link *atomic.Pointer[netif.Link], k kernel, s announcer, emit func(event.Event)) *holder {
	addrs := make([]netip.Addr, len(cfg.Addresses))
	for i, p := range cfg.Addresses {
		addrs[i] = p.Addr()
	}
	plan := garp.Plan{Count: cfg.Announce.Count, Interval: cfg.Announce.Interval, Delay: cfg.Announce.Delay, Refresh: cfg.Announce.Refresh}
	return &holder{cfg: cfg, link: link, kernel: k, sender: s, schedule: garp.NewSchedule(plan, addrs), emit: emit}
}

func (h *holder) Claim() error {
	l := h.link.Load()
	if l == nil {
		return fmt.Errorf("claim on %s: %w", h.cfg.Interface, netif.ErrLinkGone)
	}
	if err := h.claim(l); err != nil {
		return err
	}
	h.report("address.claimed", h.cfg.Addresses)
	return nil
}

func (h *holder) claim(l *netif.Link) error {
	if err := h.kernel.Claim(l.Index, h.cfg.Addresses, h.cfg.Lease); err != nil {
		return err
	}
	h.held, h.index, h.release = true, l.Index, time.Time{}
	if h.cfg.Lease > 0 {
		h.renew = time.Now().Add(h.renewal())
	}
	return nil
}

// renewal is the pause between two renewals of the lease.
func (h *holder) renewal() time.Duration { return min(h.cfg.Lease/3, maxRenewal) }

// Repair trusts the kernel, not the snapshot: one from before our own claim
// lacks the addresses too.
func (h *holder) Repair(now time.Time) error {
	l := h.link.Load()
	if !h.held || l == nil || !lacks(l, h.cfg.Addresses) {
		return nil
	}
	missing, err := h.kernel.Missing(l.Index, h.cfg.Addresses)
	if err != nil || len(missing) == 0 {
		return err
	}
	if err := h.claim(l); err != nil {
		return err
	}
	h.schedule.Repeat(now)
	err = h.announce(now)
	h.report("address.restored", missing)
	return err
}

func lacks(l *netif.Link, addrs []netip.Prefix) bool {
	for _, p := range addrs {
		if !l.Holds(p) {
			return true
		}
	}
	return false
}

// Release is wanted on entry into every state without addresses, so that what a
// previous life left goes too; that the interface is gone is success.
func (h *holder) Release() error {
	h.renew, h.release = time.Time{}, time.Time{}
	index := h.index
	if l := h.link.Load(); l != nil {
		index = l.Index
	}
	if index == 0 {
		return nil
	}
	if err := h.kernel.Release(index, h.cfg.Addresses); err != nil {
		h.release = time.Now().Add(releaseRetry)
		return err
	}
	if h.held {
		h.held = false
		h.report("address.released", h.cfg.Addresses)
	}
	return nil
}

// Announce begins the announcements and sends the first round at once.
func (h *holder) Announce(now time.Time) {
	h.schedule.Start(now)
	h.announceNow(now)
}

func (h *holder) Reannounce(now time.Time) {
	h.schedule.Repeat(now)
	h.announceNow(now)
}

func (h *holder) Silence() { h.schedule.Stop() }

func (h *holder) Deadline() time.Time {
	var next time.Time
	for _, t := range []time.Time{h.schedule.Deadline(), h.renew, h.release} {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// Tick does what is due: announcements, the renewal of the lease, and the
// release that failed before.
func (h *holder) Tick(now time.Time) error {
	err := h.announce(now)
	if !h.renew.IsZero() && !now.Before(h.renew) {
		h.renew = now.Add(h.renewal())
		if l := h.link.Load(); l != nil {
			err = errors.Join(err, h.claim(l))
		}
	}
	if !h.release.IsZero() && !now.Before(h.release) {
		err = errors.Join(err, h.Release())
	}
	return err
}

// announceNow sends what is due; a failure shows again at the repeats, which
// report it.
func (h *holder) announceNow(now time.Time) { _ = h.announce(now) }

// announce sends one round, if one is due. The next is due at once, but between
// the two the router hears whether it is still the one to announce.
func (h *holder) announce(now time.Time) error {
	l := h.link.Load()
	due := h.schedule.Due(now)
	if due == nil || l == nil {
		return nil
	}
	if err := h.sender.Announce(l.Index, l.MAC, l.Forwarding6, due); err != nil {
		return fmt.Errorf("announce on %s: %w", h.cfg.Interface, err)
	}
	return nil
}

func (h *holder) report(name string, addrs []netip.Prefix) {
	h.emit(event.Event{Name: name, Interface: h.cfg.Interface, Address: list(addrs), Count: len(addrs)})
}

// list names addresses, the first ten of them.
func list(addrs []netip.Prefix) string {
	const most = 10
	var b strings.Builder
	for i, p := range addrs {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(addrs)-most)
			break
		}
		if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(p.String())
	}
	return b.String()
}
