package convert

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// clashes takes out what two blocks cannot both have.
func (p *pairer) clashes(routers []*block) []*block {
	routers = p.routersApart(routers)
	held := map[string]string{}
	for _, b := range routers {
		p.addressesApart(b, held)
		p.oneOwner(b)
	}
	return routers
}

// routersApart leaves out instances that are another's on the same link.
func (p *pairer) routersApart(routers []*block) (kept []*block) {
	seen := map[string]string{}
	for _, b := range routers {
		six := slices.ContainsFunc(addressesIn(b)[:min(1, len(addressesIn(b)))], func(s string) bool { return strings.Contains(s, ":") })
		key := fmt.Sprint(b.value("interface"), " ", b.value("virtual_router_id"), " ", six)
		if other, taken := seen[key]; taken {
			p.lost(b.at, "%s has the interface and the virtual_router_id of %q, with which keepalived ends; it is left out", title(b), other)
			continue
		}
		seen[key] = b.labels[0]
		kept = append(kept, b)
	}
	return kept
}

// addressesApart leaves an address with the first instance that has it.
func (p *pairer) addressesApart(b *block, held map[string]string) {
	first := len(addressesIn(b)) > 0
	on := func(inner *block, address string) string {
		link := b.value("interface")
		if inner != nil && inner.value("interface") != "" {
			link = inner.value("interface")
		}
		prefix, _ := netip.ParsePrefix(address)
		if prefix.Addr().IsLinkLocalUnicast() && prefix.Addr().Is6() {
			return link + " " + prefix.Addr().String()
		}
		return prefix.Addr().String()
	}
	taken := func(inner *block, address string) bool {
		key := on(inner, address)
		other, is := held[key]
		if is {
			p.lost(b.at, "%s is an address of vrrp_instance %q already, which both would claim; it is left out of %q", address, other, b.labels[0])
		} else {
			held[key] = b.labels[0]
		}
		return is
	}
	if a := b.get("virtual_addresses"); a != nil {
		keep(a, func(address string) bool { return !taken(nil, address) })
	}
	b.blocks = slices.DeleteFunc(b.blocks, func(inner *block) bool {
		return inner.kind == "virtual_address" && taken(inner, inner.labels[0])
	})
	if first && len(addressesIn(b)) == 0 {
		b.set("virtual_addresses", "[]", b.at)
		b.order(instanceOrder...)
	}
}

// quoted are the addresses in the text of a list.
func quoted(value string) (all []string) {
	for line := range strings.Lines(value) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for i, part := range strings.Split(line, `"`) {
			if i%2 == 1 {
				all = append(all, part)
			}
		}
	}
	return all
}

// keep leaves the elements of a list that are good. The list is untouched, with its
// comments, where all are.
func keep(a *attribute, good func(string) bool) {
	var kept []string
	all := quoted(a.value)
	for _, e := range all {
		if good(e) {
			kept = append(kept, text(e))
		}
	}
	if len(kept) < len(all) {
		a.value = list(kept)
	}
}

// oneOwner leaves one director with the priority of an address owner.
func (p *pairer) oneOwner(b *block) {
	a := b.get("priority")
	if a == nil || len(p.directors) < 2 {
		return
	}
	if a.value == "255" {
		a.value = "{ " + keyOf(p.directors[0]) + " = 255"
		for _, d := range p.directors[1:] {
			a.value += ", " + keyOf(d) + " = 100"
		}
		a.value += " }"
	} else if before, after, several := strings.Cut(a.value, "= 255"); several && strings.Contains(after, "= 255") {
		a.value = before + "= 255" + strings.ReplaceAll(after, "= 255", "= 100")
	} else {
		return
	}
	p.lost(a.at, "priority 255 of %s: an address has one owner; it is %q, and the others have 100 (keepalived gives 255 to every state MASTER without a priority)", title(b), p.directors[0])
}

// servicesApart leaves an address, or a mark, with the first service that has it.
func (p *pairer) servicesApart(services []*block) (kept []*block) {
	held := map[string]string{}
	for _, b := range services {
		if m := b.value("fwmark"); m != "" {
			key := "fwmark " + m + " " + b.value("family")
			if other, taken := held[key]; taken {
				p.lost(b.at, "fwmark %s is that of %q already; %q is left out", m, other, b.labels[0])
				continue
			}
			held[key] = b.labels[0]
			kept = append(kept, b)
			continue
		}
		a := b.get("addresses")
		keep(a, func(address string) bool {
			key := address + " " + b.value("protocol")
			other, taken := held[key]
			if taken {
				p.lost(b.at, "%s is served by virtual_server %q already; it is left out of %q", address, other, b.labels[0])
			} else {
				held[key] = b.labels[0]
			}
			return !taken
		})
		if len(quoted(a.value)) > 0 {
			kept = append(kept, b)
		}
	}
	return kept
}
