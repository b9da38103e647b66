package vrrp

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"
)

// Authentication of version 2. RFC 3768 took the types of RFC 2338 out again,
// because they protect from mistakes only; peers in the field still use the
// simple text.
const (
	authNone       = 0
	authSimple     = 1
	authLength     = 8
	MaxPassword    = authLength
	version2Second = time.Second // the unit of its interval
)

// append2 adds a message of version 2 (RFC 3768, 5.3): an interval in seconds, a
// checksum over the message alone, and authentication data that is always there.
func (f Format) append2(b []byte, a Advertisement, src netip.Addr) ([]byte, error) {
	switch {
	case !src.Is4():
		return nil, fmt.Errorf("marshal advertisement: version 2 is not carried from %v, by IPv6", src)
	case a.Interval < version2Second || a.Interval > MaxInterval2 || a.Interval%version2Second != 0:
		return nil, fmt.Errorf("marshal advertisement: interval %v is not 1 to 255 seconds", a.Interval)
	case len(f.Password) > MaxPassword:
		return nil, fmt.Errorf("marshal advertisement: a password of more than %d bytes", MaxPassword)
	}
	start := len(b)
	b = append(b, 2<<4|typeAdvert, a.VRID, a.Priority, uint8(len(a.Addresses)), f.authType(), uint8(a.Interval/version2Second), 0, 0)
	for _, ip := range a.Addresses {
		b = append(b, ip.AsSlice()...)
	}
	data := f.authData()
	b = append(b, data[:]...)
	binary.BigEndian.PutUint16(b[start+6:], ^fold(sum(0, b[start:])))
	return b, nil
}

// parse2 reads a message of version 2 (RFC 3768, 7.1).
func (f Format) parse2(b []byte, src, _ netip.Addr) (a Advertisement, form Checksum, err error) {
	count := int(b[3])
	end := headerLength + 4*count
	switch {
	case !src.Is4():
		return a, form, BadVersion
	case len(b) < end+authLength:
		return a, form, BadLength
	case fold(sum(0, b)) != 0xffff:
		return a, form, BadChecksum
	case !f.overhearing && !f.authenticates(b[4], b[end:end+authLength]):
		return a, form, BadAuth
	}
	return Advertisement{
		VRID:      b[1],
		Priority:  b[2],
		Interval:  time.Duration(b[5]) * version2Second,
		Addresses: addresses(b[headerLength:], count, true),
	}, RFC9568, nil
}

// authenticates tells whether type and data are what we would send.
func (f Format) authenticates(kind uint8, data []byte) bool {
	own := f.authData()
	return kind == f.authType() && (kind == authNone || subtle.ConstantTimeCompare(data, own[:]) == 1)
}

func (f Format) authType() uint8 {
	if f.Password == "" {
		return authNone
	}
	return authSimple
}

func (f Format) authData() (data [authLength]byte) {
	copy(data[:], f.Password)
	return data
}
