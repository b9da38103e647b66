package garp

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
)

const (
	etherTypeIPv6 = 0x86dd
	protoICMPv6   = 58

	// The advertisement without and with its option (RFC 4861, 4.4 and 4.6.1).
	ethernetHeader = 14
	ipv6Header     = 40

	advertisementLength = 24
	icmpLength          = advertisementLength + 8

	// ndHopLimit proves to receivers that no router forwarded the packet
	// (RFC 4861, 7.1.2: anything else is discarded).
	ndHopLimit = 255

	neighbourAdvertisement = 136
	flagRouter             = 0x80
	flagOverride           = 0x20
	optionTargetAddress    = 2 // target link-layer address
)

// allNodes is ff02::1, and allNodesMAC its Ethernet address (RFC 2464, 7).
var (
	allNodes    = netip.IPv6LinkLocalAllNodes()
	allNodesMAC = net.HardwareAddr{0x33, 0x33, 0, 0, 0, 1}
)

// Advertisement builds the Ethernet frame of 86 bytes that announces to all
// nodes that addr is at mac: an unsolicited neighbour advertisement with the
// override flag, so that caches that know another MAC take this one (RFC 4861,
// 7.2.6; RFC 9568, 6.4.1). It comes from addr itself, which the node must hold
// (RFC 4861, 4.4).
//
// router must be what the kernel answers when asked for its addresses, that is,
// whether it forwards IPv6 on this link: neighbours forget a router that says it
// is none (RFC 4861, 7.2.5). It fails for what is not an IPv6 address of
// one node, or not an Ethernet one.
func Advertisement(addr netip.Addr, mac net.HardwareAddr, router bool) ([]byte, error) {
	switch {
	case len(mac) != len(allNodesMAC):
		return nil, fmt.Errorf("announce %s: %q is not an Ethernet address", addr, mac)
	case !addr.Is6() || addr.Is4In6() || addr.IsMulticast() || addr.IsUnspecified():
		return nil, fmt.Errorf("announce %s: not an IPv6 address of one node", addr)
	}
	flags := byte(flagOverride)
	if router {
		flags |= flagRouter
	}

	f := make([]byte, 0, ethernetHeader+ipv6Header+icmpLength)
	f = append(f, allNodesMAC...)
	f = append(f, mac...)
	f = binary.BigEndian.AppendUint16(f, etherTypeIPv6)

	f = append(f, 6<<4, 0, 0, 0) // version; no traffic class, no flow label
	f = binary.BigEndian.AppendUint16(f, icmpLength)
	f = append(f, protoICMPv6, ndHopLimit)
	f = append(f, addr.AsSlice()...)
	f = append(f, allNodes.AsSlice()...)

	f = append(f, neighbourAdvertisement, 0, 0, 0) // code 0; the checksum comes last
	f = append(f, flags, 0, 0, 0)
	f = append(f, addr.AsSlice()...)
	f = append(f, optionTargetAddress, 1) // in units of 8 bytes
	f = append(f, mac...)

	sum := icmpChecksum(f[ethernetHeader+8:], icmpLength)
	binary.BigEndian.PutUint16(f[ethernetHeader+ipv6Header+2:], sum)
	return f, nil
}

// icmpChecksum is the checksum of an ICMPv6 message of the given length, given
// after its source and destination, with the rest of the pseudo-header (RFC 8200,
// 8.1). The message's own field must be zero.
func icmpChecksum(addressesAndMessage []byte, length uint32) uint16 {
	sum := protoICMPv6 + length
	for b := addressesAndMessage; len(b) > 0; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
