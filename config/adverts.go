package config

import (
	"fmt"
	"net/netip"
	"time"
)

// family is a version of IP.
type family string

const (
	unknown family = ""
	ipv4    family = "IPv4"
	ipv6    family = "IPv6"
)

func familyOf(a netip.Addr) family {
	if a.Is4() {
		return ipv4
	}
	return ipv6
}

// maxAdvertised is how many addresses an advert can name. Their count has 8
// bits (RFC 9568, 5.2.5), and an Ethernet frame of 1500 bytes holds, beside the
// headers of IPv6 and VRRP, (1500 − 40 − 8) / 16 IPv6 addresses.
var maxAdvertised = map[family]int{ipv4: 255, ipv6: 90}

// maxSigned is how many IPv6 addresses there is room for beside the 28 bytes of
// a signature.
const maxSigned = 89

// familyOfAdverts is that of the first virtual address; IPv4 where there is none
// (unless unicast decides otherwise), unknown where it is wrong or, in a defaults block, left out.
func familyOfAdverts(addresses field[[]field[Address]]) family {
	switch {
	case len(addresses.value) > 0 && addresses.value[0].ok:
		return familyOf(addresses.value[0].value.Prefix.Addr())
	case addresses.ok && len(addresses.value) == 0:
		return ipv4
	}
	return unknown
}

// readAdverts reads what the adverts are like and where they go: version,
// interval, source, peers and checksum. In a defaults block that leaves version
// out, the version is not ok: the instances decide.
func (r *reader) readAdverts(b *block, addresses field[[]field[Address]], in *instance) (version field[int], interval field[time.Duration]) {
	version = read(r, b, "version", integer(2, 3)).or(3)
	version.ok = version.ok && (version.given || !b.defaults)
	interval = read(r, b, "advertisement_interval", advertisementInterval(version)).or(time.Second)
	unicast := read(r, b, "unicast", boolean).or(false)
	unicast.ok = unicast.ok && (unicast.given || !b.defaults)
	if addresses.ok && len(addresses.value) == 0 && unicast.ok && unicast.value && r.director.Address.Is6() {
		in.family = ipv6
	}
	source := readPerDirector(r, b, "source_address", sourceAddress(in.family, unicast))
	checksum := read(r, b, "checksum", oneOf([]string{"auto", "rfc5798", "rfc9568"})).or("auto")

	in.Version = uint8(version.value)
	in.Interval = interval.value
	in.SourceAddress = source.value
	in.Checksum = checksum.value
	if b.defaults {
		return version, interval
	}
	r.checkAdvertised(b, version, addresses, in.family)
	if checksum.given && (version.ok && version.value == 2 || in.family == ipv6) {
		r.fail(checksum.at, "Invalid checksum", fmt.Sprintf(
			"Only version 3 over IPv4 has a choice of checksums; %s has none. Leave checksum out.", b.title()))
	}
	if unicast.ok && unicast.value {
		r.readUnicast(b, unicast, source, in)
	}
	return version, interval
}

// readUnicast finds the peers, which are the other directors, and our own
// address among theirs.
func (r *reader) readUnicast(b *block, unicast field[bool], source field[netip.Addr], in *instance) {
	if in.family == unknown || len(r.whole.directors) == 0 {
		return // reported
	}
	if len(r.whole.directors) == 1 {
		r.fail(unicast.at, "Unicast without peers", fmt.Sprintf(
			"%s is unicast, but the cluster has one director only: nobody would get its adverts. Name the other directors, or leave unicast out.", b.title()))
		return
	}
	var lacking []string
	for _, d := range r.whole.directors {
		switch {
		case d.refused:
		case !d.Address.IsValid() || familyOf(d.Address) != in.family:
			lacking = append(lacking, d.Name)
		case d.Name != r.director.Name:
			in.Peers = append(in.Peers, d.Address)
		}
	}
	if len(lacking) > 0 {
		r.fail(unicast.at, "Unicast without addresses", fmt.Sprintf(
			"%s is unicast over %s, so each director block needs the director's %s address. It is missing for %s.", b.title(), in.family, in.family, enumerate(lacking, "and")))
		return
	}
	if !source.given {
		in.SourceAddress = r.director.Address
	} else if source.ok && source.value != r.director.Address && r.director.Address.IsValid() {
		r.fail(source.at, "Invalid source_address", fmt.Sprintf(
			"%s is not the address of director %q. In unicast the other directors believe only adverts from there: leave source_address out.", source.shown(), r.director.Name))
	}
}

// checkAdvertised checks that adverts can carry the addresses of their family.
func (r *reader) checkAdvertised(b *block, version field[int], addresses field[[]field[Address]], carrier family) {
	advertised, known := 0, addresses.ok && carrier != unknown
	for _, a := range addresses.value {
		if a.ok && !a.value.Quiet && familyOf(a.value.Prefix.Addr()) == carrier {
			advertised++
		}
	}
	if known && advertised == 0 && len(addresses.value) > 0 && !addresses.given {
		r.fail(addresses.at, "Nothing to advertise", fmt.Sprintf(
			"Every %s address of %s has advertise = false, but an advert names one at least (RFC 9568, 5.2.5). If it must not, write virtual_addresses = [].", carrier, b.title()))
	}
	most := maxAdvertised[carrier]
	if carrier == ipv6 && len(b.blocks("authentication")) > 0 {
		most = maxSigned
	}
	if carrier != unknown && advertised > most {
		r.fail(addresses.at, "Too many virtual addresses", fmt.Sprintf(
			"One advert names at most %d %s addresses, and these are %d. Divide them between several instances.", most, carrier, advertised))
	}
	if carrier != ipv6 || len(addresses.value) == 0 {
		return
	}
	first := addresses.value[0]
	if version.ok && version.value == 2 {
		r.fail(first.at, "Invalid virtual_addresses", fmt.Sprintf(
			"The first address, %s, decides what carries the adverts of %s, and VRRP version 2 has IPv4 only. Put an IPv4 address first, or leave version out.", first.shown(), b.title()))
	} else if !first.value.Prefix.Addr().IsLinkLocalUnicast() {
		r.source.warn(&first.at, "First address is not link-local", fmt.Sprintf(
			"%s comes first. The first IPv6 address of a virtual router should be a link-local one (fe80::/10) that moves with it (RFC 9568, 5.2.9): hosts use it as their gateway, and other VRRP routers may insist on it.", first.shown()))
	}
}

// advertisementInterval accepts what a version can say in an advert, centiseconds
// or seconds; either, while the version is not known.
func advertisementInterval(version field[int]) func(value) (time.Duration, error) {
	three := duration(10*time.Millisecond, 40950*time.Millisecond, 10*time.Millisecond)
	two := duration(time.Second, 255*time.Second, time.Second)
	return func(v value) (time.Duration, error) {
		seconds, err := two(v)
		switch {
		case version.ok && version.value == 2 && err != nil:
			return 0, complain("%s is not an interval of version 2, which counts whole seconds: \"1s\" to \"255s\".", v)
		case version.ok && version.value == 2, !version.ok && err == nil:
			return seconds, nil
		}
		return three(v)
	}
}

// sourceAddress accepts an address that adverts of a family can come from: over
// IPv6 multicast a link-local one (RFC 9568, 5.1.2.1).
func sourceAddress(carrier family, unicast field[bool]) func(value) (netip.Addr, error) {
	return func(v value) (netip.Addr, error) {
		a, err := hostAddress(v)
		switch {
		case err != nil || carrier == unknown:
			return a, err
		case familyOf(a) != carrier:
			return a, complain("%s is not an %s address, but the first virtual address makes the adverts go over %s.", v, carrier, carrier)
		case carrier == ipv6 && unicast.ok && !unicast.value && !a.IsLinkLocalUnicast():
			return a, complain("%s is not a link-local address (fe80::/10), which adverts over IPv6 multicast come from (RFC 9568, 5.1.2.1).", v)
		}
		return a, nil
	}
}
