package election

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
)

// releaseRetry is the pause before an address that could not be released is
// tried again: holding it as a backup is the one thing that must not last.
const releaseRetry = 200 * time.Millisecond

// Of what somebody else removes again and again, the first repairs are told at
// once and then one in a while, whose count has those between.
const (
	restoredEvery = 10 * time.Second
	restoredSpare = 9
)

// holder is what winning and losing mean to this host (vrrp.Addresses): it
// claims, renews, repairs and releases the addresses of one instance, announces
// them, and does the same for the routes, which come after the addresses and go
// before them, and for the rules that lead to them. It belongs to the instance's router.
type holder struct {
	places   []*place
	ways     ways
	signs    signs
	emit     func(event.Event)
	refusal  *refusal   // nil: packets to the addresses are accepted
	lookout  []*lookout // one for each place
	inquirer *inquirer

	host     host
	placesOf func(Instance) []*place // of a configuration; they hold nothing yet
	retired  sync.WaitGroup          // lookouts and inquirers that are ending

	fights  map[string]*limit // on reports of repairs, by the event's name and the interface
	release time.Time         // when a failed release is tried again; zero: not needed
}

func newHolder(cfg Instance, links *atomic.Pointer[netif.Links], k kernel, s announcer, from host, emit func(event.Event)) *holder {
	placesOf := func(c Instance) []*place { return places(c, links, queued{k, from.clerk}, s) }
	h := &holder{
		places: placesOf(cfg), placesOf: placesOf, host: from, ways: ways{routes: cfg.routes(), links: links, kernel: k},
		signs:   signs{rules: cfg.Rules, kernel: k},
		refusal: newRefusal(cfg, from.filter), emit: emit, fights: map[string]*limit{},
		inquirer: newInquirer(cfg, links, from, emit),
	}
	for _, p := range h.places {
		h.lookout = append(h.lookout, newLookout(p, cfg, from, emit))
	}
	return h
}

func (h *holder) Claim() error {
	if err := h.refusal.begin(); err != nil {
		return err
	}
	for _, p := range h.places {
		if err := p.claim(); err != nil {
			return fmt.Errorf("claim on %s: %w", p.name, err)
		}
	}
	if err := h.ways.claim(); err != nil {
		return err
	}
	if err := h.signs.claim(); err != nil {
		return err
	}
	h.release = time.Time{}
	h.watch()
	h.inquirer.claimed()
	for _, p := range h.places {
		h.report("address.claimed", p, p.prefixes)
	}
	h.reportRoutes("route.claimed", h.ways.routes)
	h.reportRules("rule.claimed", h.signs.rules)
	return nil
}

// watch looks out for strangers wherever something is held.
func (h *holder) watch() {
	for i, p := range h.places {
		if p.held {
			h.lookout[i].begin(p.index)
		}
	}
}

func (h *holder) Repair(now time.Time) error {
	for _, p := range h.places {
		restored, err := p.repair(now)
		h.restored(restored)
		if err != nil {
			return fmt.Errorf("repair on %s: %w", p.name, err)
		}
	}
	restored, err := h.ways.repair()
	h.restored(event.Event{Name: "route.restored", Route: joined(restored, ", "), Count: len(restored)})
	return err
}

// Release is wanted on entry into every state without addresses, so that what a
// previous life left goes too.
func (h *holder) Release() error {
	h.release = time.Time{}
	released, failed := h.signs.release()
	if released {
		h.reportRules("rule.released", h.signs.rules)
	}
	released, err := h.ways.release()
	if released {
		h.reportRoutes("route.released", h.ways.routes)
	}
	failed = errors.Join(failed, err)
	for i, p := range h.places {
		h.lookout[i].end()
		released, err := p.release()
		if released {
			h.report("address.released", p, p.prefixes)
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("release on %s: %w", p.name, err))
		}
	}
	if failed != nil {
		h.release = time.Now().Add(releaseRetry)
		return failed
	}
	if err := h.refusal.end(); err != nil {
		h.release = time.Now().Add(releaseRetry)
		return err
	}
	return nil
}

// Announce begins the announcements and sends the first round at once. A failure
// shows again at the repeats, which report it.
func (h *holder) Announce(now time.Time) {
	for _, p := range h.places {
		p.schedule.Start(now)
		_ = p.announce(now)
	}
}

func (h *holder) Reannounce(now time.Time) {
	for _, p := range h.places {
		p.schedule.Repeat(now)
		_ = p.announce(now)
	}
}

func (h *holder) Silence() {
	for _, p := range h.places {
		p.schedule.Stop()
	}
}

func (h *holder) Deadline() time.Time {
	times := []time.Time{h.release, h.refusal.deadline(), h.signs.check}
	for _, p := range h.places {
		times = append(times, p.schedule.Deadline(), p.renew)
	}
	var next time.Time
	for _, t := range times {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// Tick does what is due: announcements, the renewal of the leases, and the
// release that failed before.
func (h *holder) Tick(now time.Time) error {
	failed := h.refusal.tick(now)
	for _, p := range h.places {
		failed = errors.Join(failed, p.tick(now))
	}
	restored, err := h.signs.tick(now)
	h.restored(event.Event{Name: "rule.restored", Rule: joined(restored, ", "), Count: len(restored)})
	failed = errors.Join(failed, err)
	h.watch()
	if !h.release.IsZero() && !now.Before(h.release) {
		failed = errors.Join(failed, h.Release())
	}
	return failed
}

func (h *holder) report(name string, p *place, addrs []netip.Prefix) {
	h.emit(event.Event{Name: name, Interface: p.name, Address: list(addrs), Count: len(addrs)})
}

// restored tells of a repair, unless there are too many: who fights for an address
// must not fill the log.
func (h *holder) restored(e event.Event) {
	if e.Count == 0 {
		return
	}
	key := e.Name + " " + e.Interface
	l := h.fights[key]
	if l == nil {
		l = &limit{every: restoredEvery, spare: restoredSpare}
		h.fights[key] = l
	}
	if n, ok := l.allow(time.Now(), e.Count); ok {
		e.Count = n
		h.emit(e)
	}
}

// Met, Ask and Taken are those of vrrp.Scout.
func (h *holder) Met(router netip.Addr) { h.inquirer.Met(router) }
func (h *holder) Ask()                  { h.inquirer.Ask() }
func (h *holder) Taken() string         { return h.inquirer.Taken() }

// close waits for what went on beside the router.
func (h *holder) close() {
	for _, o := range h.lookout {
		o.close()
	}
	h.inquirer.close()
	h.retired.Wait()
}

func (h *holder) reportRoutes(name string, routes []Route) {
	if len(routes) > 0 {
		h.emit(event.Event{Name: name, Route: joined(routes, ", "), Count: len(routes)})
	}
}

func (h *holder) reportRules(name string, rules []Rule) {
	if len(rules) > 0 {
		h.emit(event.Event{Name: name, Rule: joined(rules, ", "), Count: len(rules)})
	}
}
