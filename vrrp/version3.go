package vrrp

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"
)

// append3 adds a message of version 3 (RFC 9568, 5.2).
func (f Format) append3(b []byte, a Advertisement, src, dst netip.Addr) ([]byte, error) {
	if a.Interval < MinInterval || a.Interval > MaxInterval || a.Interval%centisecond != 0 {
		return nil, fmt.Errorf("marshal advertisement: interval %v is not 1 to 4095 centiseconds", a.Interval)
	}
	start := len(b)
	b = append(b, 3<<4|typeAdvert, a.VRID, a.Priority, uint8(len(a.Addresses)))
	b = binary.BigEndian.AppendUint16(b, uint16(a.Interval/centisecond))
	b = append(b, 0, 0)
	for _, ip := range a.Addresses {
		b = append(b, ip.AsSlice()...)
	}
	if f.Seal.KeyID != 0 {
		var err error
		if b, err = f.appendTrailer(b, start, src); err != nil {
			return nil, err
		}
	}
	form := f.Checksum
	if src.Is6() {
		form = RFC5798
	}
	binary.BigEndian.PutUint16(b[start+6:], checksum(summed(b[start:], src), src, dst, form))
	return b, nil
}

// summed is what the checksum of a message of version 3 covers, which is as long
// as its addresses say: all of it, but over IPv4 not a trailer. Over IPv6 the
// kernels of others form the checksum, and they cover what they send.
func summed(b []byte, src netip.Addr) []byte {
	if end := messageEnd(b[3], src); src.Is4() && len(b) == end+TrailerLength {
		return b[:end]
	}
	return b
}

// parse3 reads a message of version 3. Bytes after the last address are left to
// unseal; reserved bits are ignored (RFC 9568, 5.2.6).
func (f Format) parse3(b []byte, src, dst netip.Addr) (a Advertisement, form Checksum, err error) {
	count := int(b[3])
	if len(b) < messageEnd(b[3], src) {
		return a, form, BadLength
	}
	form = checksumForm(summed(b, src), src, dst)
	if form == Unknown || src.Is6() && form != RFC5798 {
		return a, form, BadChecksum
	}
	return Advertisement{
		VRID:      b[1],
		Priority:  b[2],
		Interval:  time.Duration(binary.BigEndian.Uint16(b[4:])&0x0fff) * centisecond,
		Addresses: addresses(b[headerLength:], count, src.Is4()),
	}, form, nil
}
