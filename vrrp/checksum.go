package vrrp

import "net/netip"

// Checksum is how the checksum of a version 3 message over IPv4 is formed. RFC
// 5798 sums a pseudo-header with it, RFC 9568 (5.2.8) the message alone; both are
// in use. Over IPv6 there is always a pseudo-header, in version 2 never.
type Checksum uint8

// The two forms, and Unknown before any was seen.
const (
	Unknown Checksum = iota
	RFC5798
	RFC9568
)

func (c Checksum) String() string {
	return [...]string{"unknown", "rfc5798", "rfc9568"}[c]
}

// checksum computes the checksum of a message whose checksum field is zero.
func checksum(b []byte, src, dst netip.Addr, form Checksum) uint16 {
	s := sum(0, b)
	if form != RFC9568 {
		s = pseudoHeader(s, src, dst, len(b))
	}
	return ^fold(s)
}

// checksumForm tells which form of checksum a received message carries. A sum
// over a message with its checksum in place is all ones.
func checksumForm(b []byte, src, dst netip.Addr) Checksum {
	s := sum(0, b)
	if fold(pseudoHeader(s, src, dst, len(b))) == 0xffff {
		return RFC5798
	}
	if fold(s) == 0xffff {
		return RFC9568
	}
	return Unknown
}

// pseudoHeader adds the pseudo-header of RFC 5798, 5.2.8: both addresses,
// protocol and length, as for IPv6 (RFC 8200, 8.1).
func pseudoHeader(s uint32, src, dst netip.Addr, length int) uint32 {
	return sum(sum(s+Protocol+uint32(length), src.AsSlice()), dst.AsSlice())
}

// sum adds 16-bit big-endian words; an odd last byte counts as the high one.
func sum(s uint32, b []byte) uint32 {
	for ; len(b) > 1; b = b[2:] {
		s += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	return s
}

func fold(s uint32) uint16 {
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return uint16(s)
}
