package vrrp

import (
	"encoding/binary"
	"net/netip"
)

// Group is the IPv4 multicast group of VRRP (RFC 9568, 5.1.1.2).
var Group = netip.AddrFrom4([4]byte{224, 0, 0, 18})

const (
	ipv4HeaderLength = 20
	ttl              = 255  // RFC 9568, 5.1.1.3
	tosControl       = 0xc0 // class selector 6, network control (RFC 4594, 3.2)
)

// Packet is a message as it came off the wire: who sent it, and the checksum
// form it had.
type Packet struct {
	Advertisement
	Source   netip.Addr
	Checksum Checksum
}

// AppendIPv4 adds the whole IPv4 packet of an advertisement from src to the
// VRRP group. The kernel fills in identification and header checksum
// (raw(7), IP_HDRINCL).
func AppendIPv4(b []byte, a Advertisement, src netip.Addr, form Checksum) ([]byte, error) {
	start := len(b)
	b = append(b, 0x45, tosControl, 0, 0, 0, 0, 0, 0, ttl, Protocol, 0, 0)
	b = append(append(b, src.AsSlice()...), Group.AsSlice()...)
	b, err := a.Append(b, src, Group, form)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
	return b, nil
}

// ParseIPv4 reads a whole IPv4 packet as a raw socket delivers it and applies
// the checks of RFC 9568, 7.1, that need no configuration. Every error is a
// Discard; Source is set whenever the IPv4 header could be read.
func ParseIPv4(b []byte) (Packet, error) {
	if len(b) < ipv4HeaderLength || b[0]>>4 != 4 {
		return Packet{}, BadLength
	}
	header, total := int(b[0]&0x0f)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < ipv4HeaderLength || total < header || total > len(b) {
		return Packet{}, BadLength
	}
	p := Packet{Source: netip.AddrFrom4([4]byte(b[12:]))}
	dst := netip.AddrFrom4([4]byte(b[16:]))
	switch {
	case b[8] != ttl:
		return p, BadTTL
	case dst != Group:
		return p, BadDestination
	case p.Source.IsMulticast() || p.Source.IsUnspecified():
		return p, BadSource
	}
	var err error
	p.Advertisement, p.Checksum, err = Parse(b[header:total], p.Source, dst)
	return p, err
}
