package config

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// instance is an Instance with the places its later checks point at.
type instance struct {
	Instance
	block     *block
	addresses []field[netip.Prefix]
}

// readInstances reads all vrrp_instance blocks and compares them.
func (r *reader) readInstances(root *block) []instance {
	var defaults *block
	if d := root.nested["vrrp_defaults"]; len(d) > 0 {
		defaults = d[0].asDefaults()
		r.readInstance(defaults)
	}
	var all []instance
	names := map[string]hcl.Range{}
	routers := map[string]field[int]{}
	addresses := map[netip.Addr]string{}
	for _, b := range root.nested["vrrp_instance"] {
		r.checkLabel(b)
		r.unique(names, b.label, b.labelAt, "Duplicate vrrp_instance")
		in, vrid, link := r.readInstance(b.withDefaults(defaults))
		all = append(all, in)
		if vrid.ok && link.ok {
			key := fmt.Sprintf("%s/%d", in.Interface, in.VRID)
			if other, taken := routers[key]; taken {
				r.fail(vrid.at, "Duplicate virtual_router_id", fmt.Sprintf(
					"Another instance on the same interface has this virtual_router_id, at %s. Peers tell virtual routers on a link apart by it.", position(other.at)))
			} else {
				routers[key] = vrid
			}
		}
		for _, a := range in.addresses {
			if !a.ok {
				continue
			}
			if other, taken := addresses[a.value.Addr()]; taken {
				r.fail(a.at, "Duplicate virtual address", fmt.Sprintf("%s is already a virtual address of vrrp_instance %q.", a.shown(), other))
			} else {
				addresses[a.value.Addr()] = b.label
			}
		}
	}
	return all
}

// readInstance reads one vrrp_instance, or the defaults for them.
func (r *reader) readInstance(b *block) (in instance, vrid field[int], link field[string]) {
	in.block = b
	in.Name = b.label
	link = needPerDirector(r, b, "interface", "the link the adverts go over and the addresses are on", interfaceName)
	vrid = need(r, b, "virtual_router_id", "a number from 1 to 255 that is the same on all directors and on nothing else on the link", integer(1, 255))
	read(r, b, "version", version)
	priority := readPerDirector(r, b, "priority", priority).or(100)
	interval := read(r, b, "advertisement_interval", duration(10*time.Millisecond, 40950*time.Millisecond, 10*time.Millisecond)).or(time.Second)
	preempt := read(r, b, "preempt", boolean).or(true)
	source := readPerDirector(r, b, "source_address", hostAddress)
	checksum := read(r, b, "checksum", oneOf([]string{"auto", "rfc5798", "rfc9568"})).or("auto")
	addresses := r.readVirtualAddresses(b)

	in.Interface = link.value
	in.VRID = uint8(vrid.value)
	in.Priority = uint8(priority.value)
	in.Interval = interval.value
	in.NoPreempt = !preempt.value
	in.SourceAddress = source.value
	in.Checksum = checksum.value
	in.addresses = addresses
	for _, a := range addresses {
		in.Addresses = append(in.Addresses, a.value)
	}
	in.Lease = r.readLease(b, interval, priority)
	in.Announce = r.readAnnounce(b)
	return in, vrid, link
}

// needPerDirector is readPerDirector for an attribute that must be there.
func needPerDirector[T any](r *reader, b *block, name, why string, parse func(value) (T, error)) field[T] {
	f := readPerDirector(r, b, name, parse)
	r.mustBeGiven(b, name, why, f.given)
	return f
}

func (r *reader) readVirtualAddresses(b *block) []field[netip.Prefix] {
	list := readList(r, b, "virtual_addresses", virtualAddress)
	r.mustBeGiven(b, "virtual_addresses", "the addresses that move between the directors; [] if none do", list.given)
	seen := map[netip.Addr]bool{}
	for i, a := range list.value {
		if !a.ok {
			continue
		}
		if seen[a.value.Addr()] {
			r.fail(a.at, "Duplicate virtual address", fmt.Sprintf("%s is in this list already.", a.shown()))
			list.value[i].ok = false
		}
		seen[a.value.Addr()] = true
		for _, d := range r.whole.directors {
			if d.Address == a.value.Addr() {
				r.fail(a.at, "Not supported yet", fmt.Sprintf(
					"%s is director %q's own address. An address owner (priority 255) is not supported yet: choose an address that no director has by itself.", a.shown(), d.Name))
			}
		}
	}
	return list.value
}

// version accepts 3, and 2 as not built yet.
func version(v value) (int, error) {
	n, err := integer(0, 255)(v)
	switch {
	case err == nil && n == 2:
		return 0, notYetError{"VRRP version 2"}
	case err == nil && n != 3:
		return 0, complain("%s is not a version of VRRP; 3 is, and 2 is not supported yet.", v)
	}
	return n, err
}

// priority explains the two values that RFC 9568, 5.2.4 reserves.
func priority(v value) (int, error) {
	n, err := integer(0, 255)(v)
	switch {
	case err != nil:
		_, err = integer(1, 254)(v)
		return 0, err
	case n == 0:
		return 0, complain("Priority 0 is what a master says when it stops; a director's own priority is 1 to 254.")
	case n == 255:
		return 0, notYetError{"priority 255 (only for the address owner, the director whose own address the virtual address is)"}
	}
	return n, nil
}

// lease is the value of address_lease.
type lease struct {
	auto bool
	time time.Duration // 0: off
}

func parseLease(v value) (lease, error) {
	if s, err := text(v); err == nil {
		switch s {
		case "auto":
			return lease{auto: true}, nil
		case "off":
			return lease{}, nil
		}
	}
	d, err := duration(time.Second, 24*time.Hour, time.Second)(v)
	if err != nil {
		return lease{}, complain("%s Or write \"auto\" or \"off\".", err)
	}
	return lease{time: d}, nil
}

// downInterval is how long a silent master is still believed: three
// advertisement intervals and the skew (RFC 9568, 6.1).
func downInterval(interval time.Duration, priority int) time.Duration {
	skew := interval * time.Duration(256-priority) / 256
	return 3*interval + skew
}

// readLease reads address_lease and works out "auto".
func (r *reader) readLease(b *block, interval field[time.Duration], priority field[int]) time.Duration {
	f := read(r, b, "address_lease", parseLease).or(lease{auto: true})
	if !f.ok || !interval.ok || !priority.ok {
		return 0
	}
	down := downInterval(interval.value, priority.value)
	if f.value.auto {
		return max(3*time.Second, (down+time.Second-1).Truncate(time.Second)+time.Second)
	}
	if f.value.time != 0 && f.value.time < down && !b.defaults {
		r.fail(f.at, "Invalid address_lease", fmt.Sprintf(
			"%s is shorter than the down interval%s: the master would lose its addresses before a peer takes them. The down interval is three advertisement intervals and the skew.", f.shown(), computed(" of "+plain(down), interval.text, priority.text)))
	}
	return f.value.time
}

// readAnnounce reads the gratuitous_arp block, attribute by attribute on top
// of the defaults' one.
func (r *reader) readAnnounce(b *block) Announce {
	g := b.only("gratuitous_arp")
	if b.fallback != nil {
		g.fallback = b.fallback.only("gratuitous_arp")
	}
	return Announce{
		Count:    read(r, g, "count", integer(1, 100)).or(5).value,
		Delay:    read(r, g, "delay", duration(0, time.Hour, time.Millisecond)).or(5 * time.Second).value,
		Refresh:  read(r, g, "refresh", duration(0, 24*time.Hour, time.Millisecond)).or(60 * time.Second).value,
		Interval: read(r, g, "interval", duration(0, 10*time.Second, time.Microsecond)).or(0).value,
	}
}
