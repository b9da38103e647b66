package netif

import (
	"maps"
	"slices"
)

// table is the watcher's copy of the kernel's links and addresses, and of our routes. Links and
// addresses are kept apart because news of an address may come before news of
// its link.
type table struct {
	links  map[int]Link // without addresses
	addrs  map[int][]Address
	losses map[int][]Loss
	routes []Route // ours, in order
}

// news is one change as the kernel announces it: of a link, of one address, of
// one route, or of whether the link forwards IPv6.
type news struct {
	index       int
	gone        bool
	link        *Link
	addr        *Address
	port        uint32 // of the socket that asked for it; see Loss
	route       *Route
	forwarding6 *bool
}

func newTable() *table {
	return &table{links: make(map[int]Link), addrs: make(map[int][]Address), losses: make(map[int][]Loss)}
}

// apply changes the table. Address slices are replaced, never written, because
// snapshots share them.
func (t *table) apply(n news) {
	switch {
	case n.link != nil && n.gone:
		delete(t.links, n.index)
		delete(t.addrs, n.index)
		delete(t.losses, n.index)
		t.routes = slices.DeleteFunc(slices.Clone(t.routes), func(r Route) bool { return r.LinkIndex == n.index })
	case n.link != nil:
		t.links[n.index] = *n.link
	case n.addr != nil:
		if n.gone {
			t.losses[n.index] = lose(t.losses[n.index], t.links[n.index], t.addrs[n.index], *n.addr, n.port)
		}
		t.addrs[n.index] = placed(t.addrs[n.index], *n.addr, n.gone)
	case n.route != nil:
		t.routes = routed(t.routes, *n.route, n.gone)
	case n.forwarding6 != nil:
		if l, ok := t.links[n.index]; ok { // of a new link, its own news tells
			l.Forwarding6 = *n.forwarding6
			t.links[n.index] = l
		}
	}
}

// placed returns list without, or with, the address at its place: a known one
// where it was, a new IPv4 primary after the last primary and a new secondary
// after the last of IPv4, as the kernel has them, and a new IPv6 one in
// ascending order.
func placed(list []Address, a Address, gone bool) []Address {
	at := slices.IndexFunc(list, func(o Address) bool { return o.Prefix == a.Prefix })
	if at >= 0 && !gone && list[at] == a {
		return list
	}
	list = slices.Clone(list)
	if at >= 0 {
		if !gone && list[at].Secondary == a.Secondary {
			list[at] = a
			return list
		}
		list = slices.Delete(list, at, at+1)
	}
	if gone {
		return list
	}
	if at = slices.IndexFunc(list, func(o Address) bool { return follows(o, a) }); at < 0 {
		at = len(list)
	}
	return slices.Insert(list, at, a)
}

// follows reports whether o comes after a, which is new.
func follows(o, a Address) bool {
	switch ip, other := a.Prefix.Addr(), o.Prefix.Addr(); {
	case ip.Is6():
		return ip.Less(other) // netip has IPv4 before IPv6
	case a.Secondary:
		return other.Is6()
	default:
		return other.Is6() || o.Secondary
	}
}

// arrange brings the addresses of one link as the kernel lists them into the
// order that placed keeps. The kernel's own order of IPv6 addresses depends
// on when they came.
func arrange(addrs []Address) {
	slices.SortStableFunc(addrs, func(a, b Address) int {
		ip, other := a.Prefix.Addr(), b.Prefix.Addr()
		if ip.Is4() && other.Is4() {
			return 0
		}
		return ip.Compare(other)
	})
}

func (t *table) snapshot() Links {
	s := make(Links, len(t.links))
	for index, l := range t.links {
		l.Addrs, l.Losses = t.addrs[index], t.losses[index]
		l.Routes = nil
		for _, r := range t.routes {
			if r.LinkIndex == index {
				l.Routes = append(l.Routes, r)
			}
		}
		s[l.Name] = l
	}
	return s
}

func (s Links) equal(o Links) bool { return maps.EqualFunc(s, o, Link.equal) }
