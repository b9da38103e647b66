package netif

import (
	"fmt"
	"net/netip"
	"slices"
)

// ForeignAddressError says that an address to be claimed is already on the
// link and was not put there by hald. It was left untouched.
type ForeignAddressError struct {
	Address   netip.Prefix // as it is on the link
	LinkIndex int
}

func (e *ForeignAddressError) Error() string {
	return fmt.Sprintf("address %s on link %d belongs to the host, not to hald", e.Address, e.LinkIndex)
}

// held is an address on a link together with the kernel's own message about
// it, which sent back restores the address as it was.
type held struct {
	Address
	message []byte
}

type action int

const (
	add     action = iota // must not exist yet
	renew                 // exists: new lifetime
	remove                // of ours
	restore               // dropped by the kernel beside a removed primary
)

// op is one request to the kernel, legal when those before it were carried out.
type op struct {
	action        action
	prefix        netip.Prefix
	label         string
	scope         uint8
	noPrefixRoute bool
	message       []byte // restore only
}

// planner knows what a link holds and how to tell ours from the host's.
type planner struct {
	linkIndex int
	have      []held
	parent    *planner // of a link with a virtual MAC; else nil
	tagged    bool     // the kernel keeps protocol numbers

	sorted *sorted // by the first claim
}

// sorted is what a link holds, as claims look at it.
type sorted struct {
	at           map[netip.Addr][]held
	hosts, above []held // of the host: on the link, and on the parent
	planned      map[netip.Prefix]bool
}

func (p planner) ours(a Address) bool {
	if p.tagged || a.Protocol != 0 {
		return a.Ours()
	}
	// Autoconfigured IPv6 addresses have lifetimes too, but they are preferred.
	return !a.Permanent && (a.Prefix.Addr().Is4() || a.Deprecated)
}

// hosts are the addresses that are not ours.
func (p planner) hosts() (list []held) {
	for _, h := range p.have {
		if !p.ours(h.Address) {
			list = append(list, h)
		}
	}
	return list
}

func (p *planner) sort() *sorted {
	if p.sorted == nil {
		p.sorted = &sorted{at: make(map[netip.Addr][]held, len(p.have)), hosts: p.hosts(), planned: map[netip.Prefix]bool{}}
		for _, h := range p.have {
			p.sorted.at[h.Prefix.Addr()] = append(p.sorted.at[h.Prefix.Addr()], h)
		}
		if p.parent != nil {
			p.sorted.above = p.parent.hosts()
		}
	}
	return p.sorted
}

// claim plans how all of want come to be on the link, or says which address
// of the host is in the way. It may be asked for one claim after the other, if all are
// carried out in that order.
func (p *planner) claim(want []Virtual) ([]op, error) {
	for _, w := range want {
		if !w.Prefix.IsValid() || w.Prefix.Addr().Is4In6() {
			return nil, fmt.Errorf("%s is neither an IPv4 nor an IPv6 address", w.Prefix)
		}
	}
	s := p.sort()
	var ops []op
	planned := make(map[netip.Prefix]bool, len(want))
	for _, w := range want {
		if planned[w.Prefix] {
			continue
		}
		planned[w.Prefix] = true
		o := op{action: add, prefix: w.Prefix, label: w.Label, scope: w.Scope, noPrefixRoute: withoutRoute(w.Prefix, s.hosts, s.above)}
		if i := slices.IndexFunc(s.above, func(h held) bool { return h.Prefix.Addr() == w.Prefix.Addr() }); i >= 0 {
			return nil, &ForeignAddressError{Address: s.above[i].Prefix, LinkIndex: p.parent.linkIndex}
		}
		for _, h := range s.at[w.Prefix.Addr()] {
			switch {
			case !p.ours(h.Address):
				return nil, &ForeignAddressError{Address: h.Prefix, LinkIndex: p.linkIndex}
			case h.Prefix == w.Prefix:
				o.action = renew
			case w.Prefix.Addr().Is6(): // the kernel takes an IPv6 address once, whatever its prefix length
				ops = append(ops, op{action: remove, prefix: h.Prefix})
			}
		}
		if s.planned[w.Prefix] { // by a claim before this one
			o.action = renew
		}
		ops = append(ops, o)
	}
	for prefix := range planned {
		s.planned[prefix] = true
	}
	return ops, nil
}

// withoutRoute reports whether the prefix route of w must not be: an IPv4 one
// that would be more specific than one of the host's; an IPv6 one of a
// single address, or of a subnet the host is in. With above, the host's addresses
// on the parent of a link with a virtual MAC, not one of the host's either: the
// host's own traffic goes on leaving by the parent.
func withoutRoute(w netip.Prefix, hosts, above []held) bool {
	if w.IsSingleIP() {
		return w.Addr().Is6() // for IPv4 the kernel makes none
	}
	covers := func(h held, bits int) bool {
		if w.Addr().Is6() {
			return h.Prefix.Overlaps(w)
		}
		return h.Prefix.Bits() <= bits && h.Prefix.Contains(w.Addr())
	}
	return slices.ContainsFunc(hosts, func(h held) bool { return covers(h, w.Bits()-1) }) ||
		slices.ContainsFunc(above, func(h held) bool { return covers(h, w.Bits()) })
}

// release plans the removal of those of drop that are ours, and the return of
// what the kernel may drop with them. Primaries go last: where the kernel promotes
// a secondary in their place it makes all routes of the subnet anew, which for a
// thousand addresses, each promoted in its turn, took seconds.
func (p planner) release(drop []netip.Prefix) []op {
	named := make(map[netip.Prefix]bool, len(drop))
	for _, d := range drop {
		named[d] = true
	}
	var primaries, secondaries, restored []op
	emptied := map[netip.Prefix]bool{} // subnets that lose their primary
	for _, h := range p.have {
		if named[h.Prefix] && p.ours(h.Address) {
			o := op{action: remove, prefix: h.Prefix}
			if h.Secondary {
				secondaries = append(secondaries, o)
				continue
			}
			primaries = append(primaries, o)
			emptied[h.Prefix.Masked()] = true
		}
	}
	for _, h := range p.have {
		if h.Secondary && emptied[h.Prefix.Masked()] && !(named[h.Prefix] && p.ours(h.Address)) {
			restored = append(restored, op{action: restore, prefix: h.Prefix, message: h.message})
		}
	}
	return slices.Concat(secondaries, primaries, restored)
}
