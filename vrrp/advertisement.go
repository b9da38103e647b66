package vrrp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Protocol is VRRP's IP protocol number (RFC 9568, 5.1.1.4).
const Protocol = 112

// Limits of the version 3 message (RFC 9568, 5.2).
const (
	MinInterval  = 10 * time.Millisecond    // Max Advertise Interval of 1 centisecond
	MaxInterval  = 40950 * time.Millisecond // 4095 centiseconds, 12 bits
	MaxAddresses = 255                      // IPvX Addr Count is 8 bits

	version      = 3
	typeAdvert   = 1
	headerLength = 8
	centisecond  = 10 * time.Millisecond
)

// Advertisement is the content of one VRRP version 3 message.
type Advertisement struct {
	VRID      uint8         // 1–255
	Priority  uint8         // 0: the master resigns; 255: address owner
	Interval  time.Duration // MinInterval–MaxInterval, whole centiseconds
	Addresses []netip.Addr  // at least one, all IPv4
}

// Checksum is how the checksum of a message over IPv4 is formed. RFC 5798 sums a
// pseudo-header with it, RFC 9568 (5.2.8) the message alone; both are in use.
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

// Discard is the reason why a packet was ignored. Its text is the stable name
// used in counters and events.
type Discard string

// Error makes a Discard the error of Parse and of Conn.Next.
func (d Discard) Error() string { return "discarded: " + string(d) }

// The reasons to discard (RFC 9568, 7.1, and our own).
const (
	BadTTL         Discard = "ttl"         // not 255: it came from another link
	BadVersion     Discard = "version"     // not version 3
	BadType        Discard = "type"        // not an advertisement
	BadLength      Discard = "length"      // shorter than it says
	BadChecksum    Discard = "checksum"    // neither form is right
	BadCount       Discard = "count"       // no address (erratum 8299)
	BadInterval    Discard = "interval"    // zero (erratum 8301)
	BadVRID        Discard = "vrid"        // not ours
	BadDestination Discard = "destination" // not the VRRP group
	BadSource      Discard = "source"      // not a unicast address
	Duplicate      Discard = "same_source" // our own source address and priority: a duplicate, or an echo
	OwnPacket      Discard = "own"         // our own packet, looped back
)

// Append adds the message as carried by IPv4 from src to dst. It fails on values
// that the format cannot hold.
func (a Advertisement) Append(b []byte, src, dst netip.Addr, form Checksum) ([]byte, error) {
	switch {
	case a.VRID == 0:
		return nil, errors.New("marshal advertisement: virtual router id 0")
	case a.Interval < MinInterval || a.Interval > MaxInterval || a.Interval%centisecond != 0:
		return nil, fmt.Errorf("marshal advertisement: interval %v is not 1 to 4095 centiseconds", a.Interval)
	case len(a.Addresses) == 0 || len(a.Addresses) > MaxAddresses:
		return nil, fmt.Errorf("marshal advertisement: %d addresses, not 1 to %d", len(a.Addresses), MaxAddresses)
	}
	start := len(b)
	b = append(b, version<<4|typeAdvert, a.VRID, a.Priority, uint8(len(a.Addresses)))
	b = binary.BigEndian.AppendUint16(b, uint16(a.Interval/centisecond))
	b = append(b, 0, 0)
	for _, ip := range a.Addresses {
		if !ip.Is4() {
			return nil, fmt.Errorf("marshal advertisement: %v is not an IPv4 address", ip)
		}
		b = append(b, ip.AsSlice()...)
	}
	binary.BigEndian.PutUint16(b[start+6:], checksum(b[start:], src, dst, form))
	return b, nil
}

// Parse reads a message that IPv4 carried from src to dst, and tells which form
// its checksum had. Every error is a Discard. Bytes after the last address are
// summed and otherwise ignored; reserved bits are ignored (RFC 9568, 5.2.6).
func Parse(b []byte, src, dst netip.Addr) (Advertisement, Checksum, error) {
	fail := func(d Discard) (Advertisement, Checksum, error) { return Advertisement{}, Unknown, d }
	if len(b) < headerLength {
		return fail(BadLength)
	}
	if b[0]>>4 != version {
		return fail(BadVersion)
	}
	if b[0]&0x0f != typeAdvert {
		return fail(BadType)
	}
	count := int(b[3])
	if count == 0 {
		return fail(BadCount)
	}
	if len(b) < headerLength+4*count {
		return fail(BadLength)
	}
	form := checksumForm(b, src, dst)
	if form == Unknown {
		return fail(BadChecksum)
	}
	a := Advertisement{
		VRID:     b[1],
		Priority: b[2],
		Interval: time.Duration(binary.BigEndian.Uint16(b[4:])&0x0fff) * centisecond,
	}
	if a.VRID == 0 {
		return fail(BadVRID)
	}
	if a.Interval == 0 {
		return fail(BadInterval)
	}
	a.Addresses = make([]netip.Addr, count)
	for i := range a.Addresses {
		a.Addresses[i] = netip.AddrFrom4([4]byte(b[headerLength+4*i:]))
	}
	return a, form, nil
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
// protocol and length, as for IPv6 (RFC 2460, 8.1).
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
