package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/netif"
)

// slowEnough is the interval from which an election bears the lateness of an ordinary
// process.
const slowEnough = 50 * time.Millisecond

// links judges the interfaces that are named.
func (d *diagnosis) links() {
	for _, name := range interfaces(d.Config) {
		l, there := d.Links[name]
		switch {
		case !there:
			d.fail("interface", name, fmt.Sprintf("name another one in the configuration: interface = { %s = %q }", d.Director.Name, d.candidate()), "there is no interface %s; there is %s", name, d.linkNames())
			continue
		case !l.Up:
			d.fail("interface", name, "ip link set "+name+" up", "%s is down, or has no carrier (then look at cable and switch)", name)
			continue
		case !d.Multicast[name] && d.speaksMulticast(name):
			d.fail("interface", name, "ip link set "+name+" multicast on", "%s takes no multicast packets, by which adverts come", name)
			continue
		}
		d.ok("interface", name, "up, MTU %d", l.MTU)
	}
	for _, in := range d.Instances {
		d.sources(in)
		for _, a := range in.Addresses {
			d.squatters(in, a)
		}
	}
}

func (d *diagnosis) linkNames() string {
	var names []string
	for name := range d.Links {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// candidate is an interface that an operator may have meant: the one with the
// director's address, or any that is up.
func (d *diagnosis) candidate() string {
	best := "eth0"
	for name, l := range d.Links {
		for _, a := range l.Addrs {
			if a.Prefix.Addr() == d.Director.Address {
				return name
			}
		}
		if l.Up && name != "lo" {
			best = name
		}
	}
	return best
}

func (d *diagnosis) speaksMulticast(name string) bool {
	return slices.ContainsFunc(d.Instances, func(in config.Instance) bool { return in.Interface == name && len(in.Peers) == 0 })
}

// sources looks for the address that adverts come from.
func (d *diagnosis) sources(in config.Instance) {
	l, there := d.Links[in.Interface]
	if !there {
		return
	}
	source := in.SourceAddress
	if !source.IsValid() && len(in.Peers) > 0 {
		source = d.Director.Address
	}
	if source.IsValid() {
		if slices.ContainsFunc(l.Addrs, func(a netif.Address) bool { return a.Prefix.Addr() == source }) {
			d.ok("source_address", in.Name, "adverts come from %s", source)
		} else {
			d.fail("source_address", in.Name, fmt.Sprintf("ip address add %s/%d dev %s", source, guessBits(in, source.BitLen()), in.Interface), "%s, from which adverts are to come, is not on %s", source, in.Interface)
		}
		return
	}
	prefixes := prefixesOf(in.Addresses)
	if isIPv6(in) {
		if a, ok := l.LinkLocal(prefixes); ok {
			d.ok("source_address", in.Name, "adverts come from %s", a)
		} else {
			d.fail("source_address", in.Name, "sysctl -w "+sysctl("ipv6", in.Interface, "disable_ipv6")+"=0", "%s has no link-local IPv6 address, from which adverts come", in.Interface)
		}
		return
	}
	if a, ok := l.PrimaryIPv4(prefixes); ok {
		d.ok("source_address", in.Name, "adverts come from %s", a)
		return
	}
	cure := "ip address add ADDRESS/LENGTH dev " + in.Interface
	if slices.ContainsFunc(in.Addresses, func(a config.Address) bool { return a.Prefix.Masked().Contains(d.Director.Address) }) {
		cure = fmt.Sprintf("ip address add %s/%d dev %s", d.Director.Address, guessBits(in, 32), in.Interface)
	}
	d.fail("source_address", in.Name, cure, "%s has no IPv4 address of its own, from which adverts come", in.Interface)
}

// guessBits is the length of the network that the virtual addresses are in.
func guessBits(in config.Instance, whole int) int {
	for _, a := range in.Addresses {
		if p := a.Prefix; p.Addr().BitLen() == whole && !p.IsSingleIP() {
			return p.Bits()
		}
	}
	return whole
}

// squatters: a virtual address that the machine holds by itself is never given up. The
// owner's is its own (priority 255).
func (d *diagnosis) squatters(in config.Instance, v config.Address) {
	for name, l := range d.Links {
		for _, a := range l.Addrs {
			switch {
			case a.Prefix.Addr() != v.Prefix.Addr() || in.Priority == 255:
				continue
			case a.Ours() || l.Virtual:
				if !d.Daemon.Running {
					d.fail("virtual_address", a.Prefix.Addr().String(), "hald cleanup", "%s has it from a hald that is gone", name)
				}
				continue
			case d.Daemon.Masters[in.Name] && !a.Permanent: // an old kernel knows no marks
				continue
			}
			d.fail("virtual_address", a.Prefix.Addr().String(), fmt.Sprintf("ip address delete %s dev %s", a.Prefix, name),
				"%s has it by itself, not from hald: as backup it would go on answering", name)
		}
	}
}
