package netif

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
)

// inherited are the settings of IPv4 in which a virtual link is like its parent:
// what arrives for the virtual MAC is treated as if it had come for the parent's.
var inherited = []int{
	conf4Forwarding, conf4AcceptSourceRoute, conf4LogMartians, conf4AcceptLocal, conf4SourceValidMark, conf4RouteLocalnet,
}

// wanted4 are the settings of IPv4 of a virtual link.
//
// ARP: it answers for its own addresses only, whichever way the answer's route
// goes, which is by the parent. It is no proxy: the parent's neighbours would all
// seem to be behind another link.
//
// Reverse path: by the routes everything comes from the parent, which a strict
// filter refuses. The kernel takes the greater of this and the setting for all
// links, so that loose (2) undoes strict (1).
//
// Secondaries: none goes with its primary, see [PromoteSecondaries], which has
// nothing to restore on a link of ours.
func wanted4(parent details, allRPFilter uint32) map[int]uint32 {
	want := map[int]uint32{
		conf4ARPIgnore: 1, conf4ARPAnnounce: 2, conf4ARPFilter: 0, conf4ProxyARP: 0, conf4ProxyARPVLAN: 0, conf4SendRedirects: 0,
		conf4RPFilter: 0, conf4PromoteSecondaries: 1,
	}
	if max(parent.setting4(conf4RPFilter), allRPFilter) > 0 {
		want[conf4RPFilter] = 2
	}
	for _, number := range inherited {
		want[number] = parent.setting4(number)
	}
	return want
}

// setting6 is a setting of IPv6 that only /proc/sys changes.
type setting6 struct {
	name   string
	number int
	value  uint32
}

// wanted6 are the settings of IPv6 of a virtual link. Without IPv6 addresses it
// has no IPv6 at all. With some it makes none of its own, neither from its MAC
// (RFC 9568, 7.4) nor from router advertisements, which the parent hears too.
func (v VirtualLink) wanted6(parent details) []setting6 {
	if !v.Hold6 {
		return []setting6{{"disable_ipv6", conf6Disable, 1}}
	}
	return []setting6{
		{"accept_ra", conf6AcceptRA, 0},
		{"autoconf", conf6Autoconf, 0},
		{"forwarding", conf6Forwarding, parent.setting6(conf6Forwarding)},
		{"disable_ipv6", conf6Disable, 0},
	}
}

// settle changes those settings that are not as wanted.
func (m *VirtualLinks) settle(v VirtualLink, d, parent details) error {
	all, err := readAll("rp_filter")
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	own, above := map[int]uint32{}, map[int]uint32{}
	for number, value := range wanted4(parent, all) {
		if d.setting4(number) != value {
			own[number] = value
		}
	}
	if parent.setting4(conf4ARPIgnore) < wantedOfParent.ignore {
		above[conf4ARPIgnore] = wantedOfParent.ignore
	}
	if parent.setting4(conf4ARPAnnounce) < wantedOfParent.announce {
		above[conf4ARPAnnounce] = wantedOfParent.announce
	}
	if err := m.set(parent.Index, above, false); err != nil {
		return fmt.Errorf("change settings of %s: %w", parent.Name, err)
	}
	if err := m.set(d.Index, own, d.conf6 != nil && d.addrGenMode != addrGenModeNone); err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	if d.conf6 == nil { // there is no IPv6 in this kernel
		return nil
	}
	for _, s := range v.wanted6(parent) {
		if d.setting6(s.number) == s.value {
			continue
		}
		if err := os.WriteFile(confFile("ipv6", d.Name, s.name), strconv.AppendUint(nil, uint64(s.value), 10), 0); err != nil {
			return fmt.Errorf("change settings: %w", err)
		}
	}
	return nil
}

// VirtualFault is one thing about a virtual link that is not as it must be.
type VirtualFault struct {
	// Reason is a stable name: "device" when the link is not there, or has another
	// MAC, mode or parent; "down"; "addresses" when some are missing; or the name of
	// a setting, that of the parent's with "parent_" before it.
	Reason string
	Detail string // for people
}

// Faults reads back from the kernel whether the link is there as described, up,
// with all of addrs, and whether the settings that are in force, together with
// those for all links, let it and nothing else answer for them. It changes
// nothing.
func (m *VirtualLinks) Faults(v VirtualLink, addrs []netip.Prefix) ([]VirtualFault, error) {
	d, err := m.conn.link(0, v.Name())
	if err != nil || !v.is(d) {
		return []VirtualFault{{"device", fmt.Sprintf("no macvlan %s of ours with %s on %s", v.Name(), v.MAC(), v.Parent.Name)}}, nil
	}
	var faults []VirtualFault
	if !d.adminUp {
		faults = append(faults, VirtualFault{"down", d.Name + " is down"})
	}
	missing, err := (&Addresses{conn: m.conn}).Missing(d.Index, addrs)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		faults = append(faults, VirtualFault{"addresses", fmt.Sprintf("%s lacks %d, the first %s", d.Name, len(missing), missing[0])})
	}
	parent, err := m.conn.link(v.Parent.Index, "")
	if err != nil {
		return nil, err
	}
	wrong, err := v.wrong4(d, parent)
	return slices.Concat(faults, wrong, v.wrong6(d, parent)), err
}

// wrong4 looks at the settings of IPv4 as they are in force: the kernel takes the
// greater of a link's and the one for all links (ip-sysctl).
func (v VirtualLink) wrong4(d, parent details) (wrong []VirtualFault, err error) {
	for _, s := range []struct {
		on       details
		reason   string
		name     string
		number   int
		low, top uint32
		or       uint32
	}{
		{on: d, reason: "arp_ignore", name: "arp_ignore", number: conf4ARPIgnore, low: 1, top: 2},
		{on: d, reason: "arp_announce", name: "arp_announce", number: conf4ARPAnnounce, low: 2, top: 2},
		{on: d, reason: "arp_filter", name: "arp_filter", number: conf4ARPFilter},
		{on: d, reason: "proxy_arp", name: "proxy_arp", number: conf4ProxyARP},
		{on: d, reason: "rp_filter", name: "rp_filter", number: conf4RPFilter, or: 2},
		{on: parent, reason: "parent_arp_ignore", name: "arp_ignore", number: conf4ARPIgnore, low: 1, top: 8},
		{on: parent, reason: "parent_arp_announce", name: "arp_announce", number: conf4ARPAnnounce, low: 2, top: 2},
	} {
		all, err := readAll(s.name)
		if err != nil {
			return wrong, fmt.Errorf("read settings: %w", err)
		}
		if value := max(s.on.setting4(s.number), all); (value < s.low || value > s.top) && (s.or == 0 || value != s.or) {
			wrong = append(wrong, VirtualFault{s.reason, fmt.Sprintf("%s of %s is %d, and %d for all links", s.name, s.on.Name, s.on.setting4(s.number), all)})
		}
	}
	return wrong, nil
}

func (v VirtualLink) wrong6(d, parent details) (wrong []VirtualFault) {
	if d.conf6 == nil {
		return nil
	}
	if d.addrGenMode != addrGenModeNone {
		wrong = append(wrong, VirtualFault{"addr_gen_mode", fmt.Sprintf("addr_gen_mode of %s is %d", d.Name, d.addrGenMode)})
	}
	for _, s := range v.wanted6(parent) {
		if value := d.setting6(s.number); value != s.value {
			wrong = append(wrong, VirtualFault{s.name, fmt.Sprintf("%s of %s is %d", s.name, d.Name, value)})
		}
	}
	return wrong
}
