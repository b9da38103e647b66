package election

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// keeps tells whether what an instance holds can become that of another configuration
// while it is held. What is advertised over another family, or no longer at all, is
// another election to its peers; a link with a virtual MAC and packets that are dropped
// are made for their addresses; an owner's are the host's.
func (c Instance) keeps(next Instance) bool {
	if c.is6() != next.is6() || (len(c.advertised()) == 0) != (len(next.advertised()) == 0) {
		return false
	}
	next.Announce = c.Announce
	return c.holdsAs(next) || !next.VirtualMAC && !next.NoAccept && !next.owns()
}

// holdsAs tells whether two configurations hold the same, and announce it alike.
func (c Instance) holdsAs(next Instance) bool {
	return slices.Equal(c.Addresses, next.Addresses) && slices.Equal(c.Routes, next.Routes) && slices.Equal(c.Rules, next.Rules) &&
		c.Lease == next.Lease && c.Announce == next.Announce
}

// quiet tells whether another configuration is none of the router's business but for
// its weight: what is held, signed and believed is the same.
func (c groupConfig) quiet(next groupConfig) bool {
	return slices.EqualFunc(c.Instances, next.Instances, func(a, b Instance) bool { return a.holdsAs(b) && a.authenticatesAs(b) && a.asksAs(b) })
}

// asksAs tells whether two configurations ask alike who has the addresses, and make the same of
// it.
func (c Instance) asksAs(next Instance) bool {
	return c.Hold == next.Hold && slices.Equal(c.Routers, next.Routers) && slices.Equal(c.Addresses, next.Addresses)
}

// amendment is what the router must know of the configuration that an instance's becomes.
func (in *instance) amendment(next Instance) (vrrp.Amendment, error) {
	sign, err := next.authentication()
	if err != nil {
		return vrrp.Amendment{}, err
	}
	in.options.Format = in.options.Format.With(sign)
	h, observer, was, options := in.holder, in.observer, in.cfg, in.options
	return vrrp.Amendment{
		Advertised: next.advertised(),
		Dial:       func(l vrrp.Link) (vrrp.Conn, error) { return h.host.listen(l, options) },
		Sign:       sign,
		Hold: func(now time.Time, state vrrp.State) error {
			err := h.amend(next, now, state)
			if err == nil {
				observer.renew(next)
			}
			return err
		},
		Back: func(now time.Time, state vrrp.State) error {
			err := h.amend(was, now, state)
			if err != nil {
				_ = h.amend(was, now, vrrp.Fault) // to be claimed when that is over; touches nothing
			}
			return err
		},
	}, nil
}

// amend goes over to other addresses, routes, rules and announcements. What is held and still
// wanted is not touched. What goes is released before anything new is claimed, for it may
// be the same address on another interface. After an error the holder is neither the old
// nor the new: going back is an amendment too.
func (h *holder) amend(cfg Instance, now time.Time, state vrrp.State) error {
	holding := !cfg.owns() && (state == vrrp.Master || state == vrrp.Leaving)
	routes := cfg.routes()
	newRoutes, newRules := without(routes, h.ways.routes), without(cfg.Rules, h.signs.rules)
	err := h.unmark(cfg.Rules, holding)
	err = errors.Join(err, h.quit(without(h.ways.routes, routes), holding))
	h.ways.routes = routes
	h.reask(cfg)
	fresh, failed := h.rearrange(cfg, now, holding)
	if err = errors.Join(err, failed); !holding {
		return err
	}
	for i, p := range h.places {
		begins := !p.held
		if !begins && len(fresh[i]) == 0 {
			continue
		}
		if failed := p.claim(); failed != nil {
			err = errors.Join(err, fmt.Errorf("claim on %s: %w", p.name, failed))
			p.forget(fresh[i])
			continue
		}
		h.report("address.claimed", p, fresh[i])
		if state == vrrp.Master {
			if begins {
				p.schedule.Start(now)
			}
			_ = p.announce(now)
		}
	}
	h.watch()
	if len(newRoutes) > 0 {
		if failed := h.ways.claim(); failed != nil {
			return errors.Join(err, failed)
		}
		h.reportRoutes("route.claimed", newRoutes)
	}
	if len(newRules) > 0 {
		if failed := h.signs.claim(); failed != nil {
			return errors.Join(err, failed)
		}
		h.reportRules("rule.claimed", newRules)
	}
	return err
}

// unmark goes over to other rules and releases those that are no longer wanted. One that
// says something else now stays until the claim puts the new one in its place.
func (h *holder) unmark(rules []Rule, holding bool) error {
	gone := slices.DeleteFunc(slices.Clone(h.signs.rules), func(r Rule) bool { return Instance{Rules: rules}.hasRule(r) })
	h.signs.rules = rules
	if len(rules) == 0 {
		h.signs.check = time.Time{}
	}
	if len(gone) == 0 || !holding {
		return nil
	}
	if err := h.signs.kernel.ReleaseRules(gone); err != nil {
		return err
	}
	h.reportRules("rule.released", gone)
	return nil
}

// quit releases routes that are no longer wanted.
func (h *holder) quit(gone []Route, holding bool) error {
	if len(gone) == 0 || !holding {
		return nil
	}
	if _, err := (&ways{routes: gone, kernel: h.ways.kernel}).release(); err != nil {
		return err
	}
	h.reportRoutes("route.released", gone)
	return nil
}

// rearrange has the places and the lookouts that another configuration wants, those that
// are there already among them, and releases what is not wanted. fresh is what is new, by place.
func (h *holder) rearrange(cfg Instance, now time.Time, holding bool) (fresh [][]netip.Prefix, err error) {
	before, watched := h.places, h.lookout
	h.places, h.lookout = nil, nil
	kept := map[*place]bool{}
	for _, p := range h.placesOf(cfg) {
		added := p.prefixes
		var eye *lookout
		if i := slices.IndexFunc(before, func(b *place) bool { return b.name == p.name }); i >= 0 {
			old := before[i]
			kept[old] = true
			gone := prefixesOf(without(old.virtual, p.virtual))
			added = prefixesOf(without(p.virtual, old.virtual))
			leased := old.lease
			err = errors.Join(err, old.relet(p.lease))
			if holding {
				err = errors.Join(err, h.drop(old, gone))
			}
			old.virtual, old.prefixes, old.next = p.virtual, p.prefixes, 0
			old.schedule.Change(announcements(cfg), addrsOf(p.prefixes), now)
			p, eye = old, watched[i]
			if leased != p.lease || !slices.Equal(watched[i].prefixes, p.prefixes) {
				eye = newLookout(p, cfg, h.host, h.emit)
				eye.split = watched[i].split
				h.retire(watched[i])
			}
		} else {
			eye = newLookout(p, cfg, h.host, h.emit)
		}
		h.places, h.lookout, fresh = append(h.places, p), append(h.lookout, eye), append(fresh, added)
	}
	for i, p := range before {
		if kept[p] {
			continue
		}
		h.retire(watched[i])
		if holding {
			err = errors.Join(err, h.drop(p, p.prefixes))
		}
	}
	return fresh, err
}

// drop releases addresses of a place that is held.
func (h *holder) drop(p *place, gone []netip.Prefix) error {
	if len(gone) == 0 {
		return nil
	}
	if err := p.kernel.Release(p.index, gone); err != nil {
		return fmt.Errorf("release on %s: %w", p.name, err)
	}
	h.report("address.released", p, gone)
	return nil
}

// forget takes out addresses that could not be claimed.
func (p *place) forget(unclaimed []netip.Prefix) {
	p.virtual = slices.DeleteFunc(slices.Clone(p.virtual), func(v netif.Virtual) bool { return slices.Contains(unclaimed, v.Prefix) })
	p.prefixes = prefixesOf(p.virtual)
}

// retire ends a lookout that another one follows, or none. The router does not wait.
func (h *holder) retire(o *lookout) {
	o.end()
	h.retired.Go(o.close)
}

// reask has another inquirer, which knows the routers that were met, where it has something else to ask.
func (h *holder) reask(cfg Instance) {
	old := h.inquirer
	if old.cfg.asksAs(cfg) {
		return
	}
	h.inquirer = newInquirer(cfg, old.links, h.host, h.emit)
	for _, router := range old.routers[len(old.cfg.Routers):] {
		h.inquirer.Met(router)
	}
	old.end()
	h.retired.Go(old.close)
}

// without are the items of a list that are not in another.
func without[T comparable](list, other []T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(item T) bool { return slices.Contains(other, item) })
}

func prefixesOf(list []netif.Virtual) []netip.Prefix {
	prefixes := make([]netip.Prefix, len(list))
	for i, v := range list {
		prefixes[i] = v.Prefix
	}
	return prefixes
}
