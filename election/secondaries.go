package election

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
)

// crowded are the links, by index, on which a virtual IPv4 address shares its
// subnet with another address. Where the kernel keeps no marks, holds tells which are
// virtual.
func crowded(links netif.Links, holds func(netip.Prefix) bool) map[int]bool {
	ours := func(a netif.Address) bool { return a.Ours() || a.Protocol == 0 && holds(a.Prefix) }
	all := map[int]bool{}
	for _, l := range links {
		if l.Crowded(ours) {
			all[l.Index] = true
		}
	}
	return all
}

// holds tells whether an address is one that the instance claims: an owner's are the
// host's.
func (c Instance) holds(p netip.Prefix) bool {
	return !c.owns() && slices.ContainsFunc(c.Addresses, func(a Address) bool { return a.Prefix == p })
}

// holds tells whether one of the instances claims an address.
func (c Config) holds(p netip.Prefix) bool {
	return slices.ContainsFunc(c.Instances, func(in Instance) bool { return in.holds(p) })
}

// promotion keeps promote_secondaries set on crowded links, so that no virtual
// address goes with the host's or with another one, and on no other link. Whose
// addresses crowd a link does not matter: the last one to leave has it restored. It
// belongs to the election's goroutine.
type promotion struct {
	host    host
	emit    func(event.Event)
	last    map[int]bool // as it was asked for; nil: not yet, and a previous life may have left some
	trouble string       // the last that was reported
}

// look makes it so, when that is news.
func (p *promotion) look(links map[int]bool) {
	if p.last == nil || !maps.Equal(p.last, links) {
		p.make(links)
	}
}

// again tries what failed.
func (p *promotion) again() {
	if p.trouble != "" {
		p.make(p.last)
	}
}

// make tells of a failure once. It is no fault: without the setting, addresses that
// go are put back.
func (p *promotion) make(links map[int]bool) {
	p.last = links
	err := p.host.promote(links)
	if err == nil {
		p.trouble = ""
		return
	}
	if p.trouble != err.Error() {
		p.trouble = err.Error()
		p.emit(event.Event{Name: "vrrp.error", Reason: "promote_secondaries", Error: err.Error()})
	}
}
