package vrrp

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// The multicast groups of VRRP (RFC 9568, 5.1.1.2 and 5.1.2.2).
var (
	Group4 = netip.AddrFrom4([4]byte{224, 0, 0, 18})
	Group6 = netip.AddrFrom16([16]byte{0: 0xff, 1: 0x02, 15: 0x12})
)

const (
	ipv4HeaderLength = 20
	ipv6HeaderLength = 40
	hops             = 255  // TTL, hop limit (RFC 9568, 5.1.1.3 and 5.1.2.3)
	tosControl       = 0xc0 // class selector 6, network control (RFC 4594, 3.2)
)

// groupFor is the group of an address's family.
func groupFor(a netip.Addr) netip.Addr {
	if a.Is4() {
		return Group4
	}
	return Group6
}

// Packet is a message as it came off the wire: who sent it where to, and the
// checksum form it had.
type Packet struct {
	Advertisement
	Source, Destination netip.Addr
	Version             uint8 // whatever it says
	Checksum            Checksum
	Seal                Seal
	Trust               Trust
}

// Trust is what an advertisement's Seal is worth to us.
type Trust uint8

// The degrees of trust. The zero Trust is that of a link without authentication.
const (
	Unchecked Trust = iota
	OneSided        // only one of the two of us signs
	Proven          // signed, and no recording
	Doubtful        // signed, but by another clock: it may be a recording
)

// AppendPacket adds the whole IP packet of an advertisement from src to dst. The
// kernel fills in the IPv4 header's identification and checksum (raw(7),
// IP_HDRINCL).
func (f Format) AppendPacket(b []byte, a Advertisement, src, dst netip.Addr) ([]byte, error) {
	start := len(b)
	src, dst = src.WithZone(""), dst.WithZone("")
	if src.Is4() {
		b = append(b, 0x45, tosControl, 0, 0, 0, 0, 0, 0, hops, Protocol, 0, 0)
		b = append(append(b, src.AsSlice()...), dst.AsSlice()...)
		b, err := f.Append(b, a, src, dst)
		if err == nil {
			binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
		}
		return b, err
	}
	b = append(b, 0x60|tosControl>>4, tosControl<<4&0xff, 0, 0, 0, 0, Protocol, hops)
	b = append(append(b, src.AsSlice()...), dst.AsSlice()...)
	b, err := f.Append(b, a, src, dst)
	if err == nil {
		binary.BigEndian.PutUint16(b[start+4:], uint16(len(b)-start-ipv6HeaderLength))
	}
	return b, err
}

// ParseIPv4 reads a whole IPv4 packet as a raw socket delivers it. Every error
// is a Discard; Source is set whenever the IP header could be read.
func (f Format) ParseIPv4(b []byte) (Packet, error) {
	if len(b) < ipv4HeaderLength || b[0]>>4 != 4 {
		return Packet{}, BadLength
	}
	header, total := int(b[0]&0x0f)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < ipv4HeaderLength || total < header || total > len(b) {
		return Packet{}, BadLength
	}
	p := Packet{Source: netip.AddrFrom4([4]byte(b[12:])), Destination: netip.AddrFrom4([4]byte(b[16:]))}
	return f.parse(p, b[8], b[header:total])
}

// ParseIPv6 reads a message as a raw IPv6 socket delivers it, without the IP
// header, whose parts the kernel tells apart. Every error is a Discard.
func (f Format) ParseIPv6(b []byte, src, dst netip.Addr, hopLimit uint8) (Packet, error) {
	return f.parse(Packet{Source: src, Destination: dst}, hopLimit, b)
}

func (f Format) parse(p Packet, hopLimit uint8, b []byte) (Packet, error) {
	switch {
	case hopLimit != hops:
		return p, BadTTL
	case p.Source.IsMulticast() || p.Source.IsUnspecified():
		return p, BadSource
	}
	if len(b) > 0 {
		p.Version = b[0] >> 4
	}
	var err error
	p.Advertisement, p.Checksum, err = f.Parse(b, p.Source, p.Destination)
	if err == nil {
		err = f.unseal(b, &p)
	}
	return p, err
}

// admission is who may speak to us, and how: the group's members on the link, or
// in unicast the peers alone.
type admission struct {
	vrid  uint8
	local netip.Addr
	peers []netip.Addr // empty: multicast
}

// admit applies the checks that need the configuration (RFC 9568, 7.1).
func (a admission) admit(p Packet) error {
	want := groupFor(a.local)
	if len(a.peers) > 0 {
		want = a.local
	}
	switch {
	case p.Destination != want:
		return BadDestination
	case len(a.peers) > 0 && !slices.Contains(a.peers, p.Source):
		return BadSource
	case p.VRID != a.vrid:
		return BadVRID
	}
	return nil
}
