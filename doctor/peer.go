package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/vrrp"
)

// peers judges whether the directors hear each other. Only a master speaks: a backup
// that is silent is known by nothing but its answers to ARP.
func (d *diagnosis) peers(in config.Instance) {
	w, listened := d.Wire[in.Interface]
	if !listened || len(d.others()) == 0 {
		return
	}
	master := d.Daemon.Masters[in.Name]
	heard := 0
	for _, s := range w.Heard {
		if s.VRID != in.VRID || s.Source.Is6() != isIPv6(in) || d.own(s.Source) || d.isStranger(in, s) {
			continue
		}
		heard++
		d.peer(in, s, master)
	}
	reached := d.reach(in, w, heard > 0)
	switch {
	case heard > 0:
	case master:
		d.ok("peer", in.Name, "master here, and no other director contradicts")
	case !reached:
	default:
		d.warn("peer", in.Name, d.hint(in), "no advert of another director is heard on %s in %v%s: no one is master, or %s", in.Interface, d.Listened, d.present(w), d.lost(in))
	}
}

// peer judges another director's advert.
func (d *diagnosis) peer(in config.Instance, s vrrp.Sighting, master bool) {
	name := d.nameOf(s.Source)
	switch {
	case master:
		d.fail("peer", in.Name, fmt.Sprintf("on %s: hald doctor", name), "%s is master, too (priority %d): it does not hear this one, so adverts are lost on their way to it", name, s.Priority)
	case s.Version != in.Version:
		d.fail("peer", in.Name, fmt.Sprintf("version = %d, on all directors alike", s.Version), "%s speaks version %d, and this director version %d: they would not hear each other", name, s.Version, in.Version)
	case s.Discard != "":
		d.fail("peer", in.Name, fmt.Sprintf("on %s: hald doctor", name), "the adverts of %s cannot be believed: %s", name, s.Discard)
	case s.Interval != in.Interval:
		d.warn("peer", in.Name, fmt.Sprintf("advertisement_interval = %q, on all directors alike", s.Interval), "%s speaks every %v, and this director is to every %v", name, s.Interval, in.Interval)
	default:
		d.ok("peer", in.Name, "%s is heard, master with priority %d", name, s.Priority)
	}
}

func (d *diagnosis) nameOf(source netip.Addr) string {
	for _, o := range d.others() {
		if o.Address == source {
			return fmt.Sprintf("%s (%s)", o.Name, source)
		}
	}
	return source.String()
}

// reach tells whether some other director is there; it reports those that are not. Who
// is behind a router is asked nothing.
func (d *diagnosis) reach(in config.Instance, w Wire, heard bool) (any bool) {
	for _, o := range d.others() {
		way, known := d.Routes[o.Address]
		switch {
		case !o.Address.IsValid() || !known && len(in.Peers) == 0:
			any = true // nobody knows
		case !known:
			d.fail("peer", in.Name, fmt.Sprintf("ip route add %s dev %s", netip.PrefixFrom(o.Address, o.Address.BitLen()), in.Interface), "there is no route to %s (%s)", o.Name, o.Address)
		case way.Gateway.IsValid() && len(in.Peers) > 0:
			d.ok("peer", in.Name, "there is a way to %s (%s), by the router %s", o.Name, o.Address, way.Gateway)
			any = true
		case !slices.Contains(w.Asked, o.Address):
			any = true
		case len(w.claimants(o.Address)) > 0:
			any = true
		case !heard:
			d.warn("peer", in.Name, fmt.Sprintf("ping -c 1 -I %s %s", in.Interface, o.Address), "%s (%s) does not answer on %s: it is down, or something is between the two", o.Name, o.Address, in.Interface)
		}
	}
	return any
}

// present says which of the other directors answer on a link.
func (d *diagnosis) present(w Wire) string {
	var names []string
	for _, o := range d.others() {
		if o.Address.IsValid() && len(w.claimants(o.Address)) > 0 {
			names = append(names, o.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " (though on the link: " + strings.Join(names, ", ") + ")"
}

// lost is how adverts get lost on their way from a living master.
func (d *diagnosis) lost(in config.Instance) string {
	if len(in.Peers) > 0 {
		return "IP protocol 112 is dropped on the way"
	}
	group := vrrp.Group4
	if isIPv6(in) {
		group = vrrp.Group6
	}
	return fmt.Sprintf("packets to %s do not come through, as behind a switch with IGMP or MLD snooping and no querier, or in a cloud", group)
}

func (d *diagnosis) hint(in config.Instance) string {
	var names []string
	for _, o := range d.others() {
		names = append(names, o.Name)
	}
	hint := "on " + strings.Join(names, ", ") + ": hald status"
	if len(in.Peers) == 0 {
		hint += "; if it is master: unicast = true"
	}
	return hint
}
