package vrrp

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Protocol is VRRP's IP protocol number (RFC 9568, 5.1.1.4).
const Protocol = 112

// Limits of the messages (RFC 9568, 5.2; RFC 3768, 5.3).
const (
	MinInterval  = 10 * time.Millisecond    // Max Advertise Interval of 1 centisecond
	MaxInterval  = 40950 * time.Millisecond // 4095 centiseconds, 12 bits
	MaxInterval2 = 255 * time.Second        // version 2: 8 bits of seconds
	MaxAddresses = 255                      // IPvX Addr Count is 8 bits

	typeAdvert   = 1
	headerLength = 8
	centisecond  = 10 * time.Millisecond
)

// Advertisement is the content of one VRRP message.
type Advertisement struct {
	VRID      uint8         // 1–255
	Priority  uint8         // 0: the master resigns; 255: address owner
	Interval  time.Duration // version 3: whole centiseconds; version 2: whole seconds
	Addresses []netip.Addr  // at least one unless Format.Bare; all of the family that carries the message
}

// Format is how the messages of one virtual router are put on the wire.
type Format struct {
	Version  uint8    // 2 (RFC 3768, IPv4 only) or 3 (RFC 9568)
	Checksum Checksum // version 3 over IPv4; Unknown is sent as RFC5798
	Password string   // version 2: simple text (RFC 2338, 5.3.10), at most 8 bytes; empty: none
	Keys     []Key    // version 3: whose signatures are believed; empty: none is looked at
	Lenient  bool     // with Keys: an advertisement without a trailer is believed too
	Seal     Seal     // version 3: how Append signs, by one of Keys; zero: not at all

	// Bare says that the virtual router has no addresses: its messages name none,
	// against RFC 9568, 5.2.5, and those of others may do so too.
	Bare bool

	overhearing bool // any password will do: the packet is for others
}

// Authentication is the part of a Format that can change while others listen.
type Authentication struct {
	Password string
	Keys     []Key
	Lenient  bool
}

// With is the format with another authentication.
func (f Format) With(a Authentication) Format {
	f.Password, f.Keys, f.Lenient = a.Password, a.Keys, a.Lenient
	return f
}

// Discard is the reason why a packet was ignored. Its text is the stable name
// used in counters and events.
type Discard string

// Error makes a Discard the error of a parser and of Conn.Next.
func (d Discard) Error() string { return "discarded: " + string(d) }

// The reasons to discard (RFC 9568, 7.1; RFC 3768, 7.1; and our own).
const (
	BadTTL         Discard = "ttl"            // not 255: it came from another link
	BadVersion     Discard = "version"        // not ours
	BadType        Discard = "type"           // not an advertisement
	BadLength      Discard = "length"         // shorter than it says
	BadChecksum    Discard = "checksum"       // no form is right
	BadCount       Discard = "count"          // no address (erratum 8299)
	BadInterval    Discard = "interval"       // zero (erratum 8301); version 2: not ours
	BadVRID        Discard = "vrid"           // not ours
	BadAuth        Discard = "authentication" // version 2: not our type or password; version 3: not our key or signature
	Unsigned       Discard = "unsigned"       // version 3: no trailer, but we have keys
	Replayed       Discard = "replayed"       // signed, but not later than what was heard of its sender
	Untimely       Discard = "untimely"       // signed, but by another clock: it may be a recording
	BadDestination Discard = "destination"    // neither the VRRP group nor, in unicast, us
	BadSource      Discard = "source"         // not a unicast address; in unicast, no peer
	Flood          Discard = "flood"          // too many to look at, all of lower priority or more than a queue holds
	Duplicate      Discard = "same_source"    // our own source address and priority: a duplicate, or an echo
)

// Append adds the message as carried from src to dst. It fails on values that
// the format cannot hold.
func (f Format) Append(b []byte, a Advertisement, src, dst netip.Addr) ([]byte, error) {
	switch {
	case a.VRID == 0:
		return nil, errors.New("marshal advertisement: virtual router id 0")
	case len(a.Addresses) == 0 && !f.Bare || len(a.Addresses) > MaxAddresses:
		return nil, fmt.Errorf("marshal advertisement: %d addresses, not 1 to %d", len(a.Addresses), MaxAddresses)
	case src.Is4() != dst.Is4():
		return nil, fmt.Errorf("marshal advertisement: from %v to %v, another family", src, dst)
	}
	for _, ip := range a.Addresses {
		if ip.Is4() != src.Is4() {
			return nil, fmt.Errorf("marshal advertisement: %v is not of the family of %v", ip, src)
		}
	}
	if f.Version == 2 {
		return f.append2(b, a, src)
	}
	return f.append3(b, a, src, dst)
}

// Parse reads a message carried from src to dst, and tells which form its
// checksum had. Every error is a Discard. The order of the checks is that of
// RFC 9568, 7.1.
func (f Format) Parse(b []byte, src, dst netip.Addr) (Advertisement, Checksum, error) {
	if len(b) < headerLength {
		return Advertisement{}, Unknown, BadLength
	}
	if b[0]>>4 != f.Version {
		return Advertisement{}, Unknown, BadVersion
	}
	if b[0]&0x0f != typeAdvert {
		return Advertisement{}, Unknown, BadType
	}
	if b[3] == 0 && !f.Bare {
		return Advertisement{}, Unknown, BadCount
	}
	parse := f.parse3
	if f.Version == 2 {
		parse = f.parse2
	}
	a, form, err := parse(b, src, dst)
	if err == nil && a.VRID == 0 {
		err = BadVRID
	}
	if err == nil && a.Interval == 0 {
		err = BadInterval
	}
	if err != nil {
		return Advertisement{}, Unknown, err
	}
	return a, form, nil
}

// addresses reads count addresses of a family.
func addresses(b []byte, count int, is4 bool) []netip.Addr {
	list := make([]netip.Addr, count)
	for i := range list {
		if is4 {
			list[i] = netip.AddrFrom4([4]byte(b[4*i:]))
		} else {
			list[i] = netip.AddrFrom16([16]byte(b[16*i:]))
		}
	}
	return list
}
