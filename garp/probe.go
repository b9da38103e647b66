package garp

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"github.com/mdlayher/arp"
)

const neighbourSolicitation = 135

// Probe builds the Ethernet frame that asks whether another node has an address,
// and claims nothing: an ARP probe from 0.0.0.0 (RFC 5227, 2.1.1), or a neighbour
// solicitation from the unspecified address as in duplicate address detection
// (RFC 4862, 5.4.2). It fails for what is not an address of one node, or not an
// Ethernet one.
func Probe(addr netip.Addr, mac net.HardwareAddr) ([]byte, error) {
	switch {
	case len(mac) != len(MAC{}):
		return nil, fmt.Errorf("probe %s: %q is not an Ethernet address", addr, mac)
	case addr.Is4In6() || addr.IsMulticast() || addr.IsUnspecified() || !addr.IsValid():
		return nil, fmt.Errorf("probe %s: not an address of one node", addr)
	case addr.Is6():
		return solicitation(addr, mac), nil
	}
	p, err := arp.NewPacket(arp.OperationRequest, mac, netip.IPv4Unspecified(), zero, addr)
	if err != nil {
		return nil, fmt.Errorf("probe %s: %w", addr, err)
	}
	return ethernetARP(p, mac)
}

// solicitation goes to the group that all nodes with these last three bytes are
// in (RFC 4291, 2.7.1). It has no option: there is no address whose MAC
// it could tell (RFC 4861, 4.3).
func solicitation(addr netip.Addr, mac net.HardwareAddr) []byte {
	target := addr.As16()
	group := [16]byte{0xff, 0x02, 11: 1, 12: 0xff, 13: target[13], 14: target[14], 15: target[15]}

	f := make([]byte, 0, ethernetHeader+ipv6Header+advertisementLength)
	f = append(f, 0x33, 0x33, group[12], group[13], group[14], group[15]) // RFC 2464, 7
	f = append(f, mac...)
	f = binary.BigEndian.AppendUint16(f, etherTypeIPv6)

	f = append(f, 6<<4, 0, 0, 0)
	f = binary.BigEndian.AppendUint16(f, advertisementLength)
	f = append(f, protoICMPv6, ndHopLimit)
	f = append(f, netip.IPv6Unspecified().AsSlice()...)
	f = append(f, group[:]...)

	f = append(f, neighbourSolicitation, 0, 0, 0, 0, 0, 0, 0) // the checksum comes last
	f = append(f, target[:]...)

	sum := icmpChecksum(f[ethernetHeader+8:], advertisementLength)
	binary.BigEndian.PutUint16(f[ethernetHeader+ipv6Header+2:], sum)
	return f
}
