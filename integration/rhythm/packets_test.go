//go:build linux

package main

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"slices"
)

const (
	protoVRRP   = 112
	protoICMPv6 = 58

	believable = 50 // a priority that neither director gives way to
	coveted    = 255
)

// strangerMAC is where every hostile frame comes from.
var strangerMAC = net.HardwareAddr{2, 0, 0, 0, 0, 0x99}

// craft builds hostile frames: each is wrong in one respect at least, or right and
// of a priority that moves nobody. Those that are wrong would move somebody if they
// were believed.
type craft struct{ *rand.Rand }

func (c craft) bytes(most int) []byte {
	b := make([]byte, c.IntN(most+1))
	for i := range b {
		b[i] = byte(c.Uint32())
	}
	return b
}

func (c craft) stranger() []byte { return []byte{192, 0, 2, byte(100 + c.IntN(100))} }

// sum is the checksum of RFC 1071 over all parts, each of even length but the last.
func sum(parts ...[]byte) uint16 {
	var s uint32
	for i, b := range slices.Concat(parts...) {
		s += uint32(b) << (8 * (1 - i%2))
	}
	for s>>16 > 0 {
		s = s&0xffff + s>>16
	}
	return ^uint16(s)
}

func pseudo(src, dst []byte, length int, protocol byte) []byte {
	if len(src) == 4 {
		return append(slices.Concat(src, dst), 0, protocol, byte(length>>8), byte(length))
	}
	return append(slices.Concat(src, dst), 0, 0, byte(length>>8), byte(length), 0, 0, 0, protocol)
}

func ethernet(dst net.HardwareAddr, kind uint16, payload ...[]byte) []byte {
	head := binary.BigEndian.AppendUint16(slices.Concat(dst, strangerMAC), kind)
	return slices.Concat(append([][]byte{head}, payload...)...)
}

// ipv4 is a frame to the VRRP group. Options are padded to whole words by their
// author.
func ipv4(src, dst []byte, ttl byte, fragment uint16, options, payload []byte) []byte {
	h := []byte{0x45 + byte(len(options)/4), 0xc0, 0, 0, 0x12, 0x34, 0, 0, ttl, protoVRRP, 0, 0}
	h = slices.Concat(h, src, dst, options)
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(payload)))
	binary.BigEndian.PutUint16(h[6:], fragment)
	binary.BigEndian.PutUint16(h[10:], sum(h))
	return ethernet(net.HardwareAddr{1, 0, 0x5e, 0, 0, 18}, 0x0800, h, payload)
}

func ipv6(src, dst []byte, hops, next byte, payload []byte) []byte {
	h := []byte{0x6c, 0, 0, 0, byte(len(payload) >> 8), byte(len(payload)), next, hops}
	return ethernet(net.HardwareAddr{0x33, 0x33, 0, 0, 0, dst[15]}, 0x86dd, h, src, dst, payload)
}

var (
	group4  = []byte{224, 0, 0, 18}
	group6  = net.ParseIP("ff02::12")
	every6  = net.ParseIP("ff02::1")
	someone = net.ParseIP("fe80::99")
)

// advert is a right one for a virtual router of the scene, whose number tells its
// version and family.
func advert(src []byte, vrid, priority byte, centiseconds uint16) []byte {
	b := []byte{0x31, vrid, priority, 1, byte(centiseconds >> 8 & 0x0f), byte(centiseconds), 0, 0}
	switch {
	case vrid == old:
		b[0], b[4], b[5] = 0x21, 0, 1
		b = append(b, 198, 51, 100, vrid, 0, 0, 0, 0, 0, 0, 0, 0)
		binary.BigEndian.PutUint16(b[6:], sum(b))
	case len(src) == 16:
		b = append(b, virtual6...)
		binary.BigEndian.PutUint16(b[6:], sum(pseudo(src, group6, len(b), protoVRRP), b))
	default:
		b = append(b, 198, 51, 100, vrid)
		binary.BigEndian.PutUint16(b[6:], sum(pseudo(src, group4, len(b), protoVRRP), b))
	}
	return b
}

// broken changes an advert so that no form of its checksum is right.
func (c craft) broken(src, b []byte) []byte {
	b = slices.Clone(b)
	for range 1 + c.IntN(4) {
		b[c.IntN(len(b))] ^= 1 << c.IntN(8)
	}
	for dst := group4; sum(b) == 0 || len(src) == 4 && sum(pseudo(src, dst, len(b), protoVRRP), b) == 0; {
		b[2] ^= 1 << c.IntN(8)
	}
	return b
}

// instance is one of the virtual routers over IPv4.
func (c craft) instance() byte { return []byte{young, old, signed}[c.IntN(3)] }

// kinds of frames.
var kinds = []func(c craft) []byte{
	func(c craft) []byte { // an advert with some bits turned
		src := c.stranger()
		return ipv4(src, group4, 255, 0, nil, c.broken(src, advert(src, c.instance(), coveted, 10)))
	},
	func(c craft) []byte { // a resignation in the master's name with some bits turned
		src := []byte{192, 0, 2, 11}
		return ipv4(src, group4, 255, 0, nil, c.broken(src, advert(src, c.instance(), 0, 10)))
	},
	func(c craft) []byte { // noise
		return ipv4(c.stranger(), group4, 255, 0, nil, c.bytes(1400))
	},
	func(c craft) []byte { // cut off
		src := c.stranger()
		b := advert(src, c.instance(), coveted, 10)
		return ipv4(src, group4, 255, 0, nil, b[:c.IntN(len(b))])
	},
	func(c craft) []byte { // less than it counts, with a right checksum
		src := c.stranger()
		b := advert(src, young, coveted, 10)
		b[3], b[6], b[7] = byte(2+c.IntN(254)), 0, 0
		binary.BigEndian.PutUint16(b[6:], sum(pseudo(src, group4, len(b), protoVRRP), b))
		return ipv4(src, group4, 255, 0, nil, b)
	},
	func(c craft) []byte { // longer than any
		src := c.stranger()
		return ipv4(src, group4, 255, 0, nil, c.broken(src, append(advert(src, c.instance(), coveted, 10), c.bytes(1300)...)))
	},
	func(c craft) []byte { // from another network
		src := c.stranger()
		return ipv4(src, group4, byte(c.IntN(255)), 0, nil, advert(src, c.instance(), coveted, 10))
	},
	func(c craft) []byte { // for another virtual router, with addresses of ours
		src := c.stranger()
		b := advert(src, byte(5+c.IntN(250)), coveted, 10)
		return ipv4(src, group4, 255, 0, nil, b)
	},
	func(c craft) []byte { // of the other version
		src := c.stranger()
		b := advert(src, old, coveted, 10)
		b[1] = young
		b[6], b[7] = 0, 0
		binary.BigEndian.PutUint16(b[6:], sum(b))
		return ipv4(src, group4, 255, 0, nil, b)
	},
	func(c craft) []byte { // to somebody else
		src := c.stranger()
		return ipv4(src, [][]byte{{224, 0, 0, 1}, {192, 0, 2, 11}, {192, 0, 2, 12}, {255, 255, 255, 255}}[c.IntN(4)], 255, 0, nil, advert(src, c.instance(), coveted, 10))
	},
	func(c craft) []byte { // from nobody who can be
		src := [][]byte{{0, 0, 0, 0}, {224, 0, 0, 18}, {255, 255, 255, 255}, {127, 0, 0, 1}}[c.IntN(4)]
		return ipv4(src, group4, 255, 0, nil, advert(src, c.instance(), coveted, 10))
	},
	func(c craft) []byte { // unsigned, where adverts are signed; or with something for a signature
		src := c.stranger()
		return ipv4(src, group4, 255, 0, nil, append(advert(src, signed, coveted, 10), c.bytes(64)...))
	},
	func(c craft) []byte { // right, but of no weight, with whatever interval
		src := c.stranger()
		return ipv4(src, group4, 255, 0, nil, advert(src, c.instance(), byte(1+c.IntN(believable)), uint16(1+c.IntN(4095))))
	},
	func(c craft) []byte { // the same with options
		src, options := c.stranger(), make([]byte, 4*(1+c.IntN(10)))
		for i := range options {
			options[i] = byte([]uint32{1, c.Uint32()}[c.IntN(2)])
		}
		return ipv4(src, group4, 255, 0, options, advert(src, young, believable, 10))
	},
	func(c craft) []byte { // a piece of something
		return ipv4(c.stranger(), group4, 255, uint16(1+c.IntN(0x3fff)), nil, c.bytes(400))
	},
	func(c craft) []byte { // no IPv4 header
		return ethernet(net.HardwareAddr{1, 0, 0x5e, 0, 0, 18}, 0x0800, c.bytes(80))
	},
	func(c craft) []byte { // IPv6 with some bits turned
		b := advert(someone, six, coveted, 10)
		b[c.IntN(len(b))] ^= 1 << c.IntN(8)
		return ipv6(someone, group6, 255, protoVRRP, b)
	},
	func(c craft) []byte { // IPv6 from another network
		return ipv6(someone, group6, byte(c.IntN(255)), protoVRRP, advert(someone, six, coveted, 10))
	},
	func(c craft) []byte { // IPv6 cut off
		b := advert(someone, six, coveted, 10)
		return ipv6(someone, group6, 255, protoVRRP, b[:c.IntN(len(b))])
	},
	func(c craft) []byte { // IPv6 with a header of another kind before it
		return ipv6(someone, group6, 255, []byte{0, 43, 44, 60}[c.IntN(4)], append([]byte{protoVRRP, 0}, c.bytes(60)...))
	},
	func(c craft) []byte { // ARP that is none
		return ethernet(net.HardwareAddr{255, 255, 255, 255, 255, 255}, 0x0806, c.bytes(60))
	},
	func(c craft) []byte { // ARP by a stranger who has a virtual address, or spoilt
		b := slices.Concat([]byte{0, 1, 8, 0, 6, 4, 0, byte(1 + c.IntN(2))}, strangerMAC, []byte{198, 51, 100, c.instance()}, make([]byte, 6), []byte{198, 51, 100, c.instance()})
		if c.IntN(4) > 0 {
			b[c.IntN(8)] = byte(c.Uint32())
		}
		return ethernet(net.HardwareAddr{255, 255, 255, 255, 255, 255}, 0x0806, b[:len(b)-c.IntN(4)*c.IntN(8)])
	},
	func(c craft) []byte { // a neighbour advertisement by such a stranger, or spoilt
		b := slices.Concat([]byte{136, 0, 0, 0, byte(c.Uint32()), 0, 0, 0}, []byte(virtual6), []byte{2, byte(c.IntN(3))}, []byte(strangerMAC))
		if c.IntN(2) == 0 {
			b = append(b[:24], c.bytes(40)...)
		}
		binary.BigEndian.PutUint16(b[2:], sum(pseudo(someone, every6, len(b), protoICMPv6), b))
		return ipv6(someone, every6, byte(max(c.IntN(2)*255, c.IntN(255))), protoICMPv6, b)
	},
}
