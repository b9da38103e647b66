package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// The kernel's numbers for what is left out (linux/rtnetlink.h; IP6_RT_PRIO_USER
// of net/ip6_route.h).
const (
	mainTable   = 254
	localTable  = 255
	ip6Priority = 1024
)

// routeKey is what the kernel tells routes apart by.
type routeKey struct {
	table       uint32
	destination netip.Prefix
	metric      uint32
}

// readRoutes reads the virtual_route blocks.
func (r *reader) readRoutes(b *block, in *instance) (list []field[Route]) {
	for _, inner := range b.blocks("virtual_route") {
		list = append(list, r.readRoute(inner, in))
	}
	return list
}

func (r *reader) readRoute(b *block, in *instance) field[Route] {
	network := parsed(r, "virtual_route", b.labelValue(), routeNetwork)
	via := read(r, b, "via", hostAddress)
	link := readPerDirector(r, b, "interface", interfaceName)
	table := read(r, b, "table", routeTable).or(mainTable)
	metric := read(r, b, "metric", integer(0, 1<<32-1))
	source := readPerDirector(r, b, "source", hostAddress)

	f := field[Route]{at: network.at, text: network.text, given: true, ok: network.ok}
	if !network.ok {
		return f
	}
	family := familyOf(network.value.Addr())
	if family == ipv6 {
		metric = metric.or(ip6Priority)
	}
	f.value = Route{
		Destination: network.value, Via: via.value, Table: uint32(table.value), Metric: uint32(metric.value), Source: source.value,
	}
	if link.given && link.value != in.Interface {
		f.value.Interface = link.value
	}
	for _, a := range []field[netip.Addr]{via, source} {
		if a.ok && a.given && familyOf(a.value) != family {
			r.fail(a.at, "Invalid virtual_route", fmt.Sprintf("%s is not an %s address, which a route to %s needs.", a.shown(), family, network.shown()))
			f.ok = false
		}
	}
	if metric.given && metric.ok && metric.value == 0 && family == ipv6 {
		r.fail(metric.at, "Invalid metric", "The kernel has no IPv6 route of metric 0: it is 1 to 4294967295, and 1024 when it is left out.")
		f.ok = false
	}
	if f.ok && !b.defaults {
		r.checkRouteAddresses(via, source, in)
	}
	return f
}

// checkRouteAddresses checks the addresses of a route against those that the
// instance has.
func (r *reader) checkRouteAddresses(via, source field[netip.Addr], in *instance) {
	held := map[netip.Addr]bool{}
	for _, a := range in.addresses {
		if !a.ok {
			return // any could be meant
		}
		held[a.value.Prefix.Addr()] = true
	}
	if via.given && via.ok && held[via.value] {
		r.fail(via.at, "Invalid via", fmt.Sprintf("%s is an address of this instance: the master would be its own next hop.", via.shown()))
	}
	own := source.value == r.director.Address || source.value == in.SourceAddress
	if source.given && source.ok && !held[source.value] && !own {
		r.fail(source.at, "Invalid source", fmt.Sprintf(
			"%s is neither a virtual address of this instance nor director %q's own address. The kernel takes only an address that the node has.", source.shown(), r.director.Name))
	}
}

// routeNetwork accepts NETWORK/PREFIX, without bits behind the prefix.
func routeNetwork(v value) (netip.Prefix, error) {
	s, err := text(v)
	if err != nil {
		return netip.Prefix{}, err
	}
	if s == "default" {
		return netip.Prefix{}, complain("Write \"0.0.0.0/0\" or \"::/0\" for the default route, to say of which family it is.")
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil && !strings.Contains(s, "/"):
		return p, complain("%s has no prefix length; write NETWORK/LENGTH, for one host /32 or /128.", v)
	case err != nil:
		return p, complain("%s is not a network; write NETWORK/LENGTH, for example \"203.0.113.0/24\".", v)
	case p.Addr().Is4In6():
		return p, complain("%s is an IPv4 network written as IPv6; write it in dotted form.", v)
	case p.Masked() != p:
		return p, complain("%s has bits behind its prefix; the network is %q.", v, p.Masked().String())
	case p.Addr().IsMulticast() || p.Addr().IsLoopback():
		return p, complain("%s is not a network that can be routed to.", v)
	}
	return p, nil
}

// routeTable accepts the number of a routing table that is not the kernel's own.
func routeTable(v value) (int, error) {
	n, err := integer(1, 1<<32-1)(v)
	if err == nil && n == localTable {
		return 0, complain("Table 255 is the kernel's own, of its local addresses.")
	}
	return n, err
}

// checkRoutes reports a route that is there twice: the kernel holds it once.
func (r *reader) checkRoutes(instances []instance) {
	seen := map[routeKey]string{}
	for _, in := range instances {
		for _, f := range in.routes {
			if !f.ok {
				continue
			}
			key := routeKey{f.value.Table, f.value.Destination, f.value.Metric}
			if other, taken := seen[key]; taken {
				r.fail(f.at, "Duplicate virtual route", fmt.Sprintf(
					"A route to %s of the same table and metric is a virtual route of vrrp_instance %q already. Two routes to a network need two metrics or tables.", f.shown(), other))
				continue
			}
			seen[key] = in.Name
		}
	}
}
