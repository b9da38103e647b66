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
	noPrefixRoute bool
	message       []byte // restore only
}

// planner knows what a link holds and how to tell ours from the host's.
type planner struct {
	linkIndex int
	have      []held
	tagged    bool // the kernel keeps protocol numbers
}

func (p planner) ours(a Address) bool {
	if p.tagged || a.Protocol != 0 {
		return a.Ours()
	}
	// Autoconfigured IPv6 addresses have lifetimes too, but they are preferred.
	return !a.Permanent && (a.Prefix.Addr().Is4() || a.Deprecated)
}

func (p planner) find(prefix netip.Prefix) (held, bool) {
	i := slices.IndexFunc(p.have, func(h held) bool { return h.Prefix == prefix })
	if i < 0 {
		return held{}, false
	}
	return p.have[i], true
}

// claim plans how all of want come to be on the link, or says which address
// of the host is in the way.
func (p planner) claim(want []netip.Prefix) ([]op, error) {
	var ops []op
	for i, w := range want {
		if slices.Contains(want[:i], w) {
			continue
		}
		for _, h := range p.have {
			if h.Prefix.Addr() != w.Addr() {
				continue
			}
			if !p.ours(h.Address) {
				return nil, &ForeignAddressError{Address: h.Prefix, LinkIndex: p.linkIndex}
			}
			if w.Addr().Is6() && h.Prefix != w { // the kernel takes an IPv6 address once, whatever its prefix length
				ops = append(ops, op{action: remove, prefix: h.Prefix})
			}
		}
		o := op{action: add, prefix: w, noPrefixRoute: p.withoutRoute(w)}
		if _, held := p.find(w); held {
			o.action = renew
		}
		ops = append(ops, o)
	}
	return ops, nil
}

// withoutRoute reports whether the prefix route of w must not be: an IPv4 one
// that would be more specific than one of the host's; an IPv6 one of a
// single address, or of a subnet the host is in.
func (p planner) withoutRoute(w netip.Prefix) bool {
	if w.IsSingleIP() {
		return w.Addr().Is6() // for IPv4 the kernel makes none
	}
	return slices.ContainsFunc(p.have, func(h held) bool {
		if p.ours(h.Address) {
			return false
		}
		if w.Addr().Is6() {
			return h.Prefix.Overlaps(w)
		}
		return h.Prefix.Bits() < w.Bits() && h.Prefix.Contains(w.Addr())
	})
}

// release plans the removal of those of drop that are ours, and the return of
// what the kernel may drop with them.
func (p planner) release(drop []netip.Prefix) []op {
	var removed, restored []op
	for _, h := range p.have {
		switch {
		case slices.Contains(drop, h.Prefix) && p.ours(h.Address):
			removed = append(removed, op{action: remove, prefix: h.Prefix})
		case h.Secondary && slices.ContainsFunc(drop, func(d netip.Prefix) bool { return p.isPrimaryOf(d, h) }):
			restored = append(restored, op{action: restore, prefix: h.Prefix, message: h.message})
		}
	}
	return append(removed, restored...)
}

func (p planner) isPrimaryOf(prefix netip.Prefix, second held) bool {
	h, ok := p.find(prefix)
	return ok && !h.Secondary && p.ours(h.Address) && h.Prefix.Masked() == second.Prefix.Masked()
}
