package netif

import (
	"maps"
	"slices"
)

// table is the watcher's copy of the kernel's links and addresses. Links and
// addresses are kept apart because news of an address may come before news of
// its link.
type table struct {
	links map[int]Link // without addresses
	addrs map[int][]Address
}

// news is one change as the kernel announces it: of a link, or of one address.
type news struct {
	index int
	gone  bool
	link  *Link
	addr  *Address
}

func newTable() *table {
	return &table{links: make(map[int]Link), addrs: make(map[int][]Address)}
}

// apply changes the table. Address slices are replaced, never written, because
// snapshots share them.
func (t *table) apply(n news) {
	switch {
	case n.link != nil && n.gone:
		delete(t.links, n.index)
		delete(t.addrs, n.index)
	case n.link != nil:
		t.links[n.index] = *n.link
	case n.addr != nil:
		t.addrs[n.index] = placed(t.addrs[n.index], *n.addr, n.gone)
	}
}

// placed returns list without, or with, the address at the place where the
// kernel has it: a known one where it was, a new primary after the last
// primary, a new secondary at the end.
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
	if a.Secondary {
		return append(list, a)
	}
	at = slices.IndexFunc(list, func(o Address) bool { return o.Secondary })
	if at < 0 {
		at = len(list)
	}
	return slices.Insert(list, at, a)
}

func (t *table) snapshot() Links {
	s := make(Links, len(t.links))
	for index, l := range t.links {
		l.Addrs = t.addrs[index]
		s[l.Name] = l
	}
	return s
}

func (s Links) equal(o Links) bool { return maps.EqualFunc(s, o, Link.equal) }
