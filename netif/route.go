package netif

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// The kernel's numbers of what is left out (linux/rtnetlink.h, net/ip6_route.h).
const (
	MainTable  = 254
	IP6Default = 1024 // the metric of an IPv6 route that names none
)

// Route is a route to a network as the kernel has it. Table, destination and
// metric say which one it is; the rest, where it leads.
type Route struct {
	Table       uint32
	Destination netip.Prefix // masked
	Metric      uint32       // for IPv6 at least 1

	LinkIndex int
	Via       netip.Addr // zero: the network is on the link
	Source    netip.Addr // of our own packets; zero: the kernel chooses
}

// RouteKey is what the kernel tells routes apart by.
type RouteKey struct {
	Table       uint32
	Destination netip.Prefix
	Metric      uint32
}

// Key is which route it is.
func (r Route) Key() RouteKey { return RouteKey{r.Table, r.Destination, r.Metric} }

func (r Route) compare(o Route) int {
	return cmp.Or(
		cmp.Compare(r.Table, o.Table),
		r.Destination.Addr().Compare(o.Destination.Addr()),
		cmp.Compare(r.Destination.Bits(), o.Destination.Bits()),
		cmp.Compare(r.Metric, o.Metric),
		cmp.Compare(r.LinkIndex, o.LinkIndex),
		r.Via.Compare(o.Via),
		r.Source.Compare(o.Source),
	)
}

// ForeignRouteError says that a route to be claimed exists and was not made by
// hald. It was left untouched.
type ForeignRouteError struct{ Route Route }

func (e *ForeignRouteError) Error() string {
	return fmt.Sprintf("the route to %s of metric %d in table %d belongs to the host, not to hald", e.Route.Destination, e.Route.Metric, e.Route.Table)
}

// routed returns the sorted list with a route that the kernel announced, or
// without it. Whatever had its key is gone then.
func routed(list []Route, r Route, gone bool) []Route {
	list = slices.Clone(list)
	list = slices.DeleteFunc(list, func(o Route) bool { return o.Key() == r.Key() })
	if gone {
		return list
	}
	at, _ := slices.BinarySearchFunc(list, r, Route.compare)
	return slices.Insert(list, at, r)
}
