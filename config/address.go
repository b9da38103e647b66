package config

import (
	"net/netip"
	"strings"
)

var (
	broadcast = netip.MustParseAddr("255.255.255.255")
	thisNet   = netip.MustParsePrefix("0.0.0.0/8")
	classE    = netip.MustParsePrefix("240.0.0.0/4")
)

// hostAddress accepts the address of one host.
func hostAddress(v value) (netip.Addr, error) {
	s, err := text(v)
	if err != nil {
		return netip.Addr{}, err
	}
	if strings.Contains(s, "/") {
		return netip.Addr{}, complain("An address without prefix length is needed here; %s has one.", v)
	}
	return parseHost(s, v)
}

// parseHost parses the address part s of a value.
func parseHost(s string, v value) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, complain("%s is not an IP address.", v)
	}
	switch {
	case a.Is4In6():
		return a, complain("%s is an IPv4 address written as IPv6; write its last four bytes in dotted form.", v)
	case a.Zone() != "":
		return a, complain("%s names an interface after its %%; leave that out: an address here belongs to the interface of its block.", v)
	case a.IsMulticast():
		return a, complain("%s is a multicast address, not that of one host.", v)
	case thisNet.Contains(a), a == broadcast, classE.Contains(a), a == netip.IPv6Unspecified():
		return a, complain("%s is not an address that a host can have.", v)
	}
	return a, nil
}

// virtualAddress accepts ADDRESS/PREFIX, or ADDRESS for one with /32 or /128.
func virtualAddress(v value) (netip.Prefix, error) {
	s, err := text(v)
	if err != nil {
		return netip.Prefix{}, err
	}
	address, length, hasLength := strings.Cut(s, "/")
	a, err := parseHost(address, v)
	if err != nil {
		return netip.Prefix{}, err
	}
	if a.IsLoopback() {
		return netip.Prefix{}, complain("%s is a loopback address; no other machine can reach it.", v)
	}
	if !hasLength {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	if strings.Contains(length, ".") {
		return netip.Prefix{}, complain("%s has a netmask; write the prefix length as a number, for example \"/24\".", v)
	}
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Bits() == 0 {
		return netip.Prefix{}, complain("%s has no valid prefix length; for %s it is /1 to /%d.", v, familyOf(a), a.BitLen())
	}
	return p, notSpecial(p, v)
}

// notSpecial refuses the addresses of a network that no host can have for its
// own: the network, the broadcast address (not on point-to-point links: RFC
// 3021), the subnet-router anycast address (RFC 4291, 2.6.1; RFC 6164, 4).
func notSpecial(p netip.Prefix, v value) error {
	a := p.Addr()
	switch {
	case p.Bits() >= a.BitLen()-1:
		return nil
	case p.Masked().Addr() == a && a.Is6():
		return complain("%s is the subnet-router anycast address of its network, which all routers share.", v)
	case p.Masked().Addr() == a:
		return complain("%s is the network itself, not an address in it.", v)
	case a.Is4() && lastOf(p) == a:
		return complain("%s is the broadcast address of its network.", v)
	}
	return nil
}

// lastOf is the highest address of an IPv4 network.
func lastOf(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		a[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(a)
}

// serviceAddress accepts ADDRESS:PORT.
func serviceAddress(v value) (netip.AddrPort, error) {
	a, err := serverAddress(v)
	if err == nil && a.Port() == 0 {
		return a, complain("%s has no port; write ADDRESS:PORT, for example \"192.0.2.10:80\".", v)
	}
	return a, err
}

// serverAddress accepts ADDRESS or ADDRESS:PORT; port 0 stands for none.
func serverAddress(v value) (netip.AddrPort, error) {
	s, err := text(v)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if _, err := netip.ParseAddr(s); err == nil {
		a, err := hostAddress(v)
		if err == nil {
			err = reachable(a, v)
		}
		return netip.AddrPortFrom(a, 0), err
	}
	if strings.Contains(s, "/") {
		return netip.AddrPort{}, complain("An address without prefix length is needed here; %s has one.", v)
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil || strings.HasSuffix(s, ":0") {
		return netip.AddrPort{}, complain("%s is not ADDRESS or ADDRESS:PORT with a port from 1 to 65535.", v)
	}
	a, err := parseHost(ap.Addr().String(), v)
	if err == nil {
		err = reachable(a, v)
	}
	return netip.AddrPortFrom(a, ap.Port()), err
}
