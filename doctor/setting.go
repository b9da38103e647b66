package doctor

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/hald-project/hald/config"
)

// Settings are the names of all that the settings of the kernel are asked for.
func Settings(c *config.Config) []string {
	names := []string{"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding", "net.ipv4.vs.conntrack", expireNodest, expireQuiescent, connReuse, "net.ipv4.conf.all.arp_filter", "net.ipv4.conf.all.proxy_arp"}
	for _, link := range append([]string{"all"}, interfaces(c)...) {
		names = append(names, sysctl("ipv4", link, "arp_ignore"), sysctl("ipv4", link, "rp_filter"), sysctl("ipv6", link, "disable_ipv6"))
	}
	return names
}

// number is a setting's value; 0 if this kernel does not have it.
func (d *diagnosis) number(name string) int {
	n, _ := strconv.Atoi(d.Sysctls[name])
	return n
}

// settings judges the kernel's settings where the configuration needs them.
func (d *diagnosis) settings() {
	d.forwarding()
	for _, in := range d.Instances {
		d.virtual(in)
		for _, a := range in.Addresses {
			link := linkOf(in, a)
			if _, there := d.Links[link]; !there {
				continue
			}
			if a.Prefix.Addr().Is6() {
				d.ipv6(link)
				continue
			}
			d.deaf(link, a.Prefix)
			d.strict(link)
		}
	}
	d.chart = unique(d.chart)
}

// forwarding: with NAT packets pass through the director in both directions.
func (d *diagnosis) forwarding() {
	var nat4, nat6 bool
	serversOf(d.Config, func(_ config.Service, s config.Server) {
		nat4 = nat4 || s.Forwarding == "nat" && s.Address.Addr().Is4()
		nat6 = nat6 || s.Forwarding == "nat" && s.Address.Addr().Is6()
	})
	for _, f := range []struct {
		needed bool
		name   string
	}{{nat4, "net.ipv4.ip_forward"}, {nat6, "net.ipv6.conf.all.forwarding"}} {
		switch {
		case !f.needed:
		case d.number(f.name) == 0:
			d.fail("forwarding", f.name, "sysctl -w "+f.name+"=1", "real servers behind NAT are not answered for: the kernel does not forward")
		default:
			d.ok("forwarding", f.name, "on, as NAT needs it")
		}
	}
	if !nat4 && !nat6 || d.number("net.ipv4.vs.conntrack") != 0 {
		return
	}
	for _, w := range d.States {
		d.warn("conntrack", w.Chain, "sysctl -w net.ipv4.vs.conntrack=1", "the firewall judges by the state of connections (ct state), and IPVS keeps its own from it: it may drop the answers of real servers behind NAT")
	}
}

// deaf: the kernel takes the greater of the setting for all links and a link's own.
func (d *diagnosis) deaf(link string, vip netip.Prefix) {
	all, own := sysctl("ipv4", "all", "arp_ignore"), sysctl("ipv4", link, "arp_ignore")
	value, name := d.number(own), own
	if n := d.number(all); n > value {
		value, name = n, all
	}
	switch {
	case value == 8:
		d.fail("arp_ignore", link, "sysctl -w "+name+"=1", "with arp_ignore 8 nobody who asks for %s is answered", vip.Addr())
	case value == 2 && vip.IsSingleIP():
		d.fail("arp_ignore", link, "sysctl -w "+name+"=1", "with arp_ignore 2 only neighbours in the network of the address are answered, and %s has none", vip)
	default:
		d.ok("arp_ignore", link, "%d: who asks for the virtual addresses is answered", value)
	}
}

// strict: with a strict filter of the reverse path, packets from clients behind another
// link's default route are dropped.
func (d *diagnosis) strict(link string) {
	own, all := sysctl("ipv4", link, "rp_filter"), sysctl("ipv4", "all", "rp_filter")
	if max(d.number(own), d.number(all)) != 1 {
		d.ok("rp_filter", link, "not strict")
		return
	}
	if len(d.Defaults) > 0 && !slices.Contains(d.Defaults, link) {
		d.fail("rp_filter", link, "sysctl -w "+own+"=2", "strict, and the default route is by %s: clients that come in by %s are dropped", d.Defaults[0], link)
		return
	}
	d.ok("rp_filter", link, "strict, and answers leave by the same link")
}

// virtual: what is set for all links, the link with a virtual MAC cannot undo.
func (d *diagnosis) virtual(in config.Instance) {
	if !in.VirtualMAC || isIPv6(in) {
		return
	}
	for _, name := range []string{"net.ipv4.conf.all.arp_filter", "net.ipv4.conf.all.proxy_arp"} {
		if d.number(name) != 0 {
			d.fail("virtual_mac", in.Name, "sysctl -w "+name+"=0", "%s is set, which overrules what the link with the virtual MAC needs: it would not answer, or for others too", name)
		}
	}
}

func (d *diagnosis) ipv6(link string) {
	for _, l := range []string{link, "all"} {
		if name := sysctl("ipv6", l, "disable_ipv6"); d.number(name) != 0 {
			d.fail("ipv6", link, "sysctl -w "+sysctl("ipv6", link, "disable_ipv6")+"=0", "IPv6 is switched off, and the instance has IPv6 addresses")
			return
		}
	}
}

// unique leaves out what was said before: of several addresses on a link the same is
// found.
func unique(all chart) (once chart) {
	for _, f := range all {
		if !slices.Contains(once, f) {
			once = append(once, f)
		}
	}
	return once
}
