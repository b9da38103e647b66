package garp

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"github.com/mdlayher/arp"
)

const (
	neighbourSolicitation = 135
	optionSourceAddress   = 1 // source link-layer address (RFC 4861, 4.6.1)
)

// Probe builds the Ethernet frame that asks whether another node has an address,
// and claims nothing: an ARP probe from 0.0.0.0 (RFC 5227, 2.1.1), or a neighbour
// solicitation from the unspecified address as in duplicate address detection
// (RFC 4862, 5.4.2). It fails for what is not an address of one node, or not an
// Ethernet one.
func Probe(addr netip.Addr, mac net.HardwareAddr) ([]byte, error) {
	if addr.Is6() {
		return ask(addr, mac, netip.IPv6Unspecified())
	}
	return ask(addr, mac, netip.IPv4Unspecified())
}

// Request builds the Ethernet frame that asks at which MAC an address is, as a kernel
// does that has something to send there: from a source of its own, of the same family.
// A node that is about to find out whether it may have the address takes no offence at it,
// as it must at a [Probe] (RFC 5227, 2.1.1; RFC 4862, 5.4.3). It fails as Probe does.
func Request(addr netip.Addr, mac net.HardwareAddr, source netip.Addr) ([]byte, error) {
	if source.Is4() != addr.Is4() || !source.IsValid() || source.IsUnspecified() {
		return nil, fmt.Errorf("ask for %s: not from %s", addr, source)
	}
	return ask(addr, mac, source)
}

func ask(addr netip.Addr, mac net.HardwareAddr, source netip.Addr) ([]byte, error) {
	switch {
	case len(mac) != len(MAC{}):
		return nil, fmt.Errorf("ask for %s: %q is not an Ethernet address", addr, mac)
	case addr.Is4In6() || addr.IsMulticast() || addr.IsUnspecified() || !addr.IsValid():
		return nil, fmt.Errorf("ask for %s: not an address of one node", addr)
	case addr.Is6():
		return solicitation(addr, mac, source), nil
	}
	p, err := arp.NewPacket(arp.OperationRequest, mac, source, zero, addr)
	if err != nil {
		return nil, fmt.Errorf("ask for %s: %w", addr, err)
	}
	return ethernetARP(p, mac)
}

// solicitation goes to the group that all nodes with these last three bytes are
// in (RFC 4291, 2.7.1). It has an option unless it comes from the unspecified address,
// whose MAC it could not tell (RFC 4861, 4.3).
func solicitation(addr netip.Addr, mac net.HardwareAddr, source netip.Addr) []byte {
	target := addr.As16()
	group := [16]byte{0xff, 0x02, 11: 1, 12: 0xff, 13: target[13], 14: target[14], 15: target[15]}
	length := uint16(advertisementLength)
	if !source.IsUnspecified() {
		length = icmpLength
	}

	f := make([]byte, 0, ethernetHeader+ipv6Header+length)
	f = append(f, 0x33, 0x33, group[12], group[13], group[14], group[15]) // RFC 2464, 7
	f = append(f, mac...)
	f = binary.BigEndian.AppendUint16(f, etherTypeIPv6)

	f = append(f, 6<<4, 0, 0, 0)
	f = binary.BigEndian.AppendUint16(f, length)
	f = append(f, protoICMPv6, ndHopLimit)
	f = append(f, source.AsSlice()...)
	f = append(f, group[:]...)

	f = append(f, neighbourSolicitation, 0, 0, 0, 0, 0, 0, 0) // the checksum comes last
	f = append(f, target[:]...)
	if !source.IsUnspecified() {
		f = append(f, optionSourceAddress, 1) // in units of 8 bytes
		f = append(f, mac...)
	}

	sum := icmpChecksum(f[ethernetHeader+8:], uint32(length))
	binary.BigEndian.PutUint16(f[ethernetHeader+ipv6Header+2:], sum)
	return f
}
