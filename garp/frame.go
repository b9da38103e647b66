package garp

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/mdlayher/arp"
)

const (
	etherTypeARP = 0x0806
	// minFrame is the shortest Ethernet frame without its checksum
	// (IEEE 802.3, 4A.4.2: 64 bytes with it).
	minFrame = 60
)

var (
	broadcast = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	zero      = make(net.HardwareAddr, 6)
)

// Frames builds the two Ethernet frames that announce that addr is at mac.
// Both are broadcast. The first is a request in which the address asks for
// itself (RFC 5227, 1.1 and 3: the form most stacks learn from); the second is
// a reply nobody asked for, for stacks that ignore the other. Its target
// hardware address is mac too (RFC 2002, 4.6); Linux takes a reply for
// gratuitous only then. It fails for what is not an IPv4 address, or not an
// Ethernet one.
func Frames(addr netip.Addr, mac net.HardwareAddr) (request, reply []byte, err error) {
	if len(mac) != len(broadcast) {
		return nil, nil, fmt.Errorf("announce %s: %q is not an Ethernet address", addr, mac)
	}
	if request, err = frame(arp.OperationRequest, addr, mac, zero); err != nil {
		return nil, nil, fmt.Errorf("announce %s: %w", addr, err)
	}
	if reply, err = frame(arp.OperationReply, addr, mac, mac); err != nil {
		return nil, nil, fmt.Errorf("announce %s: %w", addr, err)
	}
	return request, reply, nil
}

// frame has the announced address as both sender and target.
func frame(op arp.Operation, addr netip.Addr, mac, target net.HardwareAddr) ([]byte, error) {
	p, err := arp.NewPacket(op, mac, addr, target, addr)
	if err != nil {
		return nil, err
	}
	return ethernetARP(p, mac)
}

// ethernetARP is a message in a broadcast frame.
func ethernetARP(p *arp.Packet, mac net.HardwareAddr) ([]byte, error) {
	body, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	f := make([]byte, 0, minFrame)
	f = append(f, broadcast...)
	f = append(f, mac...)
	f = append(f, etherTypeARP>>8, etherTypeARP&0xff)
	f = append(f, body...)
	return f[:minFrame], nil
}
