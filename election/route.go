package election

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/hald-project/hald/netif"
)

// Route is a route that moves with the addresses of an instance.
type Route struct {
	Destination netip.Prefix `json:"destination"`
	Via         netip.Addr   `json:"via"`       // zero: the network is on the link
	Interface   string       `json:"interface"` // empty: the instance's
	Table       uint32       `json:"table"`
	Metric      uint32       `json:"metric"` // for IPv6 at least 1
	Source      netip.Addr   `json:"source"` // zero: the kernel chooses
}

// String is the route as iproute2 writes it.
func (r Route) String() string {
	var b strings.Builder
	b.WriteString(r.Destination.String())
	if r.Via.IsValid() {
		fmt.Fprintf(&b, " via %s", r.Via)
	}
	if r.Interface != "" {
		fmt.Fprintf(&b, " dev %s", r.Interface)
	}
	if r.Table != netif.MainTable {
		fmt.Fprintf(&b, " table %d", r.Table)
	}
	if r.Metric != 0 {
		fmt.Fprintf(&b, " metric %d", r.Metric)
	}
	if r.Source.IsValid() {
		fmt.Fprintf(&b, " src %s", r.Source)
	}
	return b.String()
}

// key is what the kernel tells the route from others by.
func (r Route) key() netif.RouteKey {
	return netif.RouteKey{Table: r.Table, Destination: r.Destination, Metric: r.Metric}
}

// on is the route as the kernel has it, over the link that has the interface's
// name now.
func (r Route) on(links netif.Links) (netif.Route, error) {
	l, ok := links[r.Interface]
	if !ok {
		return netif.Route{}, fmt.Errorf("route to %s over %s: %w", r.Destination, r.Interface, netif.ErrLinkGone)
	}
	return netif.Route{Table: r.Table, Destination: r.Destination, Metric: r.Metric, LinkIndex: l.Index, Via: r.Via, Source: r.Source}, nil
}

// hasRoute tells whether a route belongs to the instance.
func (c Instance) hasRoute(held netif.Route) bool {
	return slices.ContainsFunc(c.Routes, func(r Route) bool { return r.key() == held.Key() })
}

// routes are those of the instance, each with its interface.
func (c Instance) routes() []Route {
	list := make([]Route, len(c.Routes))
	for i, r := range c.Routes {
		if r.Interface == "" {
			r.Interface = c.Interface
		}
		list[i] = r
	}
	return list
}
