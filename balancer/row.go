package balancer

import (
	"iter"
	"net/netip"
	"slices"
	"time"

	"github.com/hald-project/hald/ipvsctl"
)

// table is the destinations that are wanted, by service address.
type table map[ipvsctl.Key]row

// row is what is wanted behind one service address. Ten thousand servers are in memory once, as the
// reconciler takes them.
type row struct {
	destinations []ipvsctl.Destination // in the order of their addresses
	members      []int32               // whose each is, by number
	expires      []time.Time           // draining until then, zero: not draining; nil: none is
}

// entry is one wanted destination.
type entry struct {
	ipvsctl.Destination
	member  int32     // whose it is
	expires time.Time // draining until then; zero: not draining
}

// newRow is a row of entries. Of several with one address the first counts.
func newRow(entries []entry) (r row) {
	byAddress := func(a, b entry) int { return a.Address.Compare(b.Address) }
	if !slices.IsSortedFunc(entries, byAddress) {
		slices.SortStableFunc(entries, byAddress)
	}
	entries = slices.CompactFunc(entries, func(a, b entry) bool { return a.Address == b.Address })
	r.destinations, r.members = make([]ipvsctl.Destination, len(entries)), make([]int32, len(entries))
	for i, e := range entries {
		r.destinations[i], r.members[i] = e.Destination, e.member
		if !e.expires.IsZero() {
			if r.expires == nil {
				r.expires = make([]time.Time, len(entries))
			}
			r.expires[i] = e.expires
		}
	}
	return r
}

func (r row) entry(i int) entry {
	e := entry{Destination: r.destinations[i], member: r.members[i]}
	if r.expires != nil {
		e.expires = r.expires[i]
	}
	return e
}

// all are the entries in the order of their addresses.
func (r row) all() iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for i := range r.destinations {
			if !yield(r.entry(i)) {
				return
			}
		}
	}
}

// find is the entry with an address.
func (r row) find(address netip.AddrPort) (e entry, there bool) {
	i, there := slices.BinarySearchFunc(r.destinations, address, func(d ipvsctl.Destination, at netip.AddrPort) int { return d.Address.Compare(at) })
	if !there {
		return e, false
	}
	return r.entry(i), true
}
