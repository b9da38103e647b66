package vrrp

import (
	"errors"
	"net/netip"
)

// Sighting is one advertisement heard by Scan, of whatever virtual router and
// version. Discard says why its receivers should ignore it; empty: they should
// not.
type Sighting struct {
	Packet
	Version uint8
	Discard Discard
}

// Inspect4 reads a whole IPv4 packet of whatever version as Scan reports it.
func Inspect4(b []byte) Sighting {
	version := uint8(0)
	if len(b) > 0 {
		if header := int(b[0]&0x0f) * 4; len(b) > header {
			version = b[header] >> 4
		}
	}
	return inspect(version, func(f Format) (Packet, error) { return f.ParseIPv4(b) })
}

// Inspect6 is Inspect4 for a message of IPv6.
func Inspect6(b []byte, src, dst netip.Addr, hopLimit uint8) Sighting {
	version := uint8(0)
	if len(b) > 0 {
		version = b[0] >> 4
	}
	return inspect(version, func(f Format) (Packet, error) { return f.ParseIPv6(b, src, dst, hopLimit) })
}

// inspect parses as the version says. A password is nobody's business here: what
// is refused for want of it is otherwise in order.
func inspect(version uint8, parse func(Format) (Packet, error)) Sighting {
	p, err := parse(Format{Version: version, overhearing: true})
	if version != 2 && version != 3 {
		err = BadVersion
	}
	s := Sighting{Packet: p, Version: version}
	if d := Discard(""); errors.As(err, &d) {
		s.Discard = d
	}
	return s
}
