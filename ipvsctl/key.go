package ipvsctl

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Protocol is the transport of a virtual service, by its IP protocol number.
type Protocol uint8

// The transports the kernel balances.
const (
	TCP  Protocol = 6
	UDP  Protocol = 17
	SCTP Protocol = 132
)

// String is the name ParseProtocol reads.
func (p Protocol) String() string {
	switch p {
	case TCP:
		return "tcp"
	case UDP:
		return "udp"
	case SCTP:
		return "sctp"
	}
	return "protocol-" + strconv.Itoa(int(p))
}

// ParseProtocol reads "tcp", "udp" or "sctp".
func ParseProtocol(name string) (Protocol, error) {
	for _, p := range []Protocol{TCP, UDP, SCTP} {
		if name == p.String() {
			return p, nil
		}
	}
	return 0, fmt.Errorf("unknown protocol %q", name)
}

// Key is what the kernel knows a virtual service by: protocol, address and
// port, or a firewall mark and an address family. IPv4 addresses are never in
// their IPv6-mapped form.
type Key struct {
	Protocol Protocol       // zero with a mark
	Address  netip.AddrPort // with a mark: the unspecified address of its family, port 0
	Mark     uint32         // zero: not a firewall-mark service
}

// MarkKey is the key of the service that takes the packets with this mark,
// which is at least 1.
func MarkKey(mark uint32, ipv6 bool) Key {
	family := netip.IPv4Unspecified()
	if ipv6 {
		family = netip.IPv6Unspecified()
	}
	return Key{Address: netip.AddrPortFrom(family, 0), Mark: mark}
}

// Compare orders keys by protocol, address, port and mark.
func (k Key) Compare(other Key) int {
	return cmp.Or(
		cmp.Compare(k.Protocol, other.Protocol),
		k.Address.Compare(other.Address),
		cmp.Compare(k.Mark, other.Mark),
	)
}

// String is "tcp 192.0.2.1:80", "fwmark 7" or "fwmark6 7".
func (k Key) String() string {
	switch {
	case k.Mark == 0:
		return k.Protocol.String() + " " + k.Address.String()
	case k.Address.Addr().Is6():
		return "fwmark6 " + strconv.FormatUint(uint64(k.Mark), 10)
	default:
		return "fwmark " + strconv.FormatUint(uint64(k.Mark), 10)
	}
}

// MarshalText writes the form of String.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the form of String.
func (k *Key) UnmarshalText(text []byte) error {
	kind, rest, _ := strings.Cut(string(text), " ")
	if kind == "fwmark" || kind == "fwmark6" {
		mark, err := strconv.ParseUint(rest, 10, 32)
		if err != nil || mark == 0 {
			return fmt.Errorf("%q names no firewall mark", text)
		}
		*k = MarkKey(uint32(mark), kind == "fwmark6")
		return nil
	}
	protocol, err := ParseProtocol(kind)
	if err != nil {
		return fmt.Errorf("%q names no service: %w", text, err)
	}
	address, err := netip.ParseAddrPort(rest)
	if err != nil {
		return fmt.Errorf("%q names no service: %w", text, err)
	}
	*k = Key{Protocol: protocol, Address: address}
	return nil
}

// Keys is a set of services.
type Keys map[Key]bool

// KeysOf is the set of these services' keys.
func KeysOf(services []Service) Keys {
	keys := make(Keys, len(services))
	for _, s := range services {
		keys[s.Key] = true
	}
	return keys
}
