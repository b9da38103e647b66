//go:build linux

package lab

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"time"
)

// Frame is a VRRP advertisement or an ARP message seen on the bridge: one of
// the two is not nil.
type Frame struct {
	Time   time.Time // when the kernel got it
	From   string    // the node at whose port it came in
	Source net.HardwareAddr
	Bytes  []byte // all of an advertisement, to be sent again
	Advert *Advert
	ARP    *ARP
}

// Advert is a VRRP advertisement for IPv4, version 3 (RFC 9568, 5.2).
type Advert struct {
	Source, Destination netip.Addr
	TTL                 uint8
	Version, Type       uint8
	VRID, Priority      uint8
	Interval            time.Duration // Max_Advertise_Interval
	Checksum            uint16        // as sent
	Addresses           []netip.Addr
}

// ARP is an ARP message (RFC 826).
type ARP struct {
	Operation          uint16 // 1 request, 2 reply
	SenderMAC          net.HardwareAddr
	SenderIP, TargetIP netip.Addr
}

// Gratuitous tells whether the sender announces its own address.
func (a *ARP) Gratuitous() bool { return a.SenderIP == a.TargetIP }

const (
	ethernetHeader = 14
	etherIPv4      = 0x0800
	etherARP       = 0x0806
	protocolVRRP   = 112
)

// parseFrame decodes an Ethernet frame; false if it is neither.
func parseFrame(b []byte) (f Frame, ok bool) {
	if len(b) < ethernetHeader {
		return f, false
	}
	f.Source = net.HardwareAddr(append([]byte(nil), b[6:12]...))
	payload := b[ethernetHeader:]
	switch binary.BigEndian.Uint16(b[12:14]) {
	case etherARP:
		f.ARP = parseARP(payload)
	case etherIPv4:
		f.Advert = parseAdvert(payload)
		f.Bytes = slices.Clone(b)
	}
	return f, f.ARP != nil || f.Advert != nil
}

func parseARP(b []byte) *ARP {
	if len(b) < 28 {
		return nil
	}
	return &ARP{
		Operation: binary.BigEndian.Uint16(b[6:8]),
		SenderMAC: net.HardwareAddr(append([]byte(nil), b[8:14]...)),
		SenderIP:  netip.AddrFrom4([4]byte(b[14:18])),
		TargetIP:  netip.AddrFrom4([4]byte(b[24:28])),
	}
}

func parseAdvert(b []byte) *Advert {
	if len(b) < 20 || b[9] != protocolVRRP {
		return nil
	}
	header, total := int(b[0]&0x0f)*4, int(binary.BigEndian.Uint16(b[2:4]))
	if header < 20 || total > len(b) || total < header+8 {
		return nil
	}
	v := b[header:total]
	a := &Advert{
		Source:      netip.AddrFrom4([4]byte(b[12:16])),
		Destination: netip.AddrFrom4([4]byte(b[16:20])),
		TTL:         b[8],
		Version:     v[0] >> 4, Type: v[0] & 0x0f,
		VRID: v[1], Priority: v[2],
		Interval: time.Duration(binary.BigEndian.Uint16(v[4:6])&0x0fff) * 10 * time.Millisecond,
		Checksum: binary.BigEndian.Uint16(v[6:8]),
	}
	for i := 0; i < int(v[3]) && 8+4*i+4 <= len(v); i++ {
		a.Addresses = append(a.Addresses, netip.AddrFrom4([4]byte(v[8+4*i:12+4*i])))
	}
	return a
}

// AdvertFrame builds the frame of an advertisement, with the checksum over the
// pseudo-header unless a.Checksum is set. To make it malformed, change its bytes.
func AdvertFrame(source net.HardwareAddr, a Advert) []byte {
	v := []byte{a.Version<<4 | a.Type, a.VRID, a.Priority, uint8(len(a.Addresses)), 0, 0, 0, 0}
	binary.BigEndian.PutUint16(v[4:6], uint16(a.Interval/(10*time.Millisecond)))
	for _, address := range a.Addresses {
		v = append(v, address.AsSlice()...)
	}
	pseudo := append(append([]byte{}, a.Source.AsSlice()...), a.Destination.AsSlice()...)
	pseudo = append(pseudo, 0, protocolVRRP, 0, uint8(len(v)))
	if a.Checksum == 0 {
		a.Checksum = checksum(append(pseudo, v...))
	}
	binary.BigEndian.PutUint16(v[6:8], a.Checksum)

	ip := []byte{0x45, 0xc0, 0, uint8(20 + len(v)), 0, 0, 0x40, 0, a.TTL, protocolVRRP, 0, 0}
	ip = append(append(ip, a.Source.AsSlice()...), a.Destination.AsSlice()...)
	binary.BigEndian.PutUint16(ip[10:12], checksum(ip))

	group := a.Destination.As4()
	frame := append([]byte{0x01, 0x00, 0x5e, group[1] & 0x7f, group[2], group[3]}, source...)
	frame = append(frame, etherIPv4>>8, etherIPv4&0xff)
	return append(append(frame, ip...), v...)
}

// checksum is the Internet checksum (RFC 1071).
func checksum(b []byte) uint16 {
	var sum uint32
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// Stranger is an advertisement for the lab's virtual router, valid in every
// respect, from a node that is not there.
func Stranger(priority uint8) []byte {
	return AdvertFrame(net.HardwareAddr{2, 0, 0, 0, 0, 99}, Advert{
		Source: netip.MustParseAddr("192.0.2.99"), Destination: netip.MustParseAddr("224.0.0.18"),
		TTL: 255, Version: 3, Type: 1, VRID: VRID, Priority: priority, Interval: time.Second,
		Addresses: []netip.Addr{VIP.Addr(), Gateway.Addr()},
	})
}

// Announcement is the gratuitous ARP request of a node that says it has an address.
func Announcement(source net.HardwareAddr, address netip.Addr) []byte {
	frame := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, source...)
	frame = append(frame, etherARP>>8, etherARP&0xff, 0, 1, etherIPv4>>8, etherIPv4&0xff, 6, 4, 0, 1)
	frame = append(append(frame, source...), address.AsSlice()...)
	frame = append(append(frame, 0, 0, 0, 0, 0, 0), address.AsSlice()...)
	return append(frame, make([]byte, 18)...)
}
