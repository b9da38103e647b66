package garp

import (
	"net"
	"net/netip"

	"github.com/mdlayher/arp"
)

// MAC is an Ethernet address that can be compared.
type MAC [6]byte

func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// Claim is what a node says of itself: that an address is at its MAC. The zero
// Claim is no claim.
type Claim struct {
	Addr netip.Addr
	MAC  MAC
}

// ParseARP reads the claim of an Ethernet frame with an ARP message: who asks for
// anything, answers or announces says with it that the sender's address is at
// the sender's MAC. A probe, which comes from 0.0.0.0 (RFC 5227, 1.1), claims
// nothing; neither does a frame that is no such message.
func ParseARP(frame []byte) Claim {
	if len(frame) < ethernetHeader {
		return Claim{}
	}
	var p arp.Packet
	if p.UnmarshalBinary(frame[ethernetHeader:]) != nil || len(p.SenderHardwareAddr) != len(MAC{}) {
		return Claim{}
	}
	if !p.SenderIP.Is4() || p.SenderIP.IsUnspecified() {
		return Claim{}
	}
	return Claim{p.SenderIP, MAC(p.SenderHardwareAddr)}
}

// ParseAdvertisement reads the claim of an ICMPv6 message that came with the given
// hop limit: a neighbour advertisement says that its target is at the MAC in its
// option (RFC 4861, 4.4). What a router may have forwarded claims nothing (7.1.2),
// and neither does what is malformed or says no MAC.
func ParseAdvertisement(message []byte, hopLimit int) Claim {
	if hopLimit != ndHopLimit || len(message) < advertisementLength || message[0] != neighbourAdvertisement || message[1] != 0 {
		return Claim{}
	}
	target := netip.AddrFrom16([16]byte(message[8:24]))
	for o := message[advertisementLength:]; len(o) >= 8; {
		length := 8 * int(o[1])
		if length == 0 || length > len(o) {
			break
		}
		if o[0] == optionTargetAddress && length == 8 {
			return Claim{target, MAC(o[2:8])}
		}
		o = o[length:]
	}
	return Claim{}
}
