package ipvsctl

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Service is one virtual service with its destinations.
type Service struct {
	Key         Key
	Scheduler   string // the kernel's name: rr, wrr, lc, wlc, sh, mh, …
	Flags       Flags
	Persistence time.Duration // whole seconds; 0: off
	// Netmask is how many leading bits of the client's address count for
	// persistence. 0: all of them. -1, only ever read: a mask that is no prefix.
	Netmask      int
	Engine       string // persistence engine, "" or "sip"
	Destinations []Destination
}

// Flags are a service's options: IP_VS_SVC_F_* of linux/ip_vs.h. The two bits
// the kernel keeps for itself and for persistence are not part of them.
type Flags uint32

// What a service can be told besides its scheduler.
const (
	OnePacket  Flags = 0x04 // each UDP packet is scheduled by itself
	SHFallback Flags = 0x08 // sh: another destination when the hashed one is drained
	SHPort     Flags = 0x10 // sh: the source port is part of the hash
	MHFallback Flags = 0x08 // mh: the same two
	MHPort     Flags = 0x10

	persistent Flags = 0x01 // set exactly when Persistence is
	hashed     Flags = 0x02 // the kernel's own mark
)

// Destination is one real server of a service. Address and port identify it
// within the service.
type Destination struct {
	Address netip.AddrPort
	Weight  int    // 0–65535; 0: no new connections
	Upper   uint32 // no new connections at this many; 0: no limit
	Lower   uint32 // and again below this many; at most Upper
	Tunnel  Encapsulation
	Method  Method
}

// Method is how packets reach a destination: IP_VS_CONN_F_FWD_MASK of
// linux/ip_vs.h.
type Method uint8

// The forwarding methods. LocalNode and Bypass are only ever read.
const (
	Masquerade  Method = iota // VS/NAT
	LocalNode                 // the director itself
	Tunnel                    // VS/TUN
	DirectRoute               // VS/DR
	Bypass
)

// String is nat, dr or tun for the methods that can be set.
func (m Method) String() string {
	names := [...]string{Masquerade: "nat", LocalNode: "local", Tunnel: "tun", DirectRoute: "dr", Bypass: "bypass"}
	if int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("method-%d", uint8(m))
}

// ParseMethod reads "nat", "dr" or "tun".
func ParseMethod(name string) (Method, error) {
	for _, m := range []Method{Masquerade, DirectRoute, Tunnel} {
		if name == m.String() {
			return m, nil
		}
	}
	return 0, fmt.Errorf("unknown forwarding method %q", name)
}

// Encapsulation is how a destination with method Tunnel is spoken to. The zero
// value is plain IP in IP. Other kinds need Linux 5.3.
type Encapsulation struct {
	Kind  EncapsulationKind
	Port  uint16 // GUE: the UDP port to send to, at least 1
	Flags uint16 // IP_VS_TUNNEL_ENCAP_FLAG_*: Checksum, 2 for a remote checksum
}

// Checksum is the flag of a tunnel whose packets carry one.
const Checksum uint16 = 1

// EncapsulationKind is IP_VS_CONN_F_TUNNEL_TYPE_* of linux/ip_vs.h.
type EncapsulationKind uint8

// The tunnels the kernel speaks.
const (
	IPIP EncapsulationKind = iota
	GUE
	GRE
)

// settings is what of a service the kernel keeps and we compare: in a form
// where equal tables have equal values.
type settings struct {
	scheduler   string
	flags       Flags
	persistence time.Duration
	netmask     int
	engine      string
}

func (s Service) settings() settings {
	c := settings{scheduler: s.Scheduler, flags: s.Flags &^ hashed, engine: s.Engine}
	if c.persistence = s.Persistence.Truncate(time.Second); c.persistence != 0 && s.Netmask != s.Key.Address.Addr().BitLen() {
		c.netmask = s.Netmask
	}
	return c
}

// Equal tells whether two services are wanted alike, their destinations in the same order.
func (s Service) Equal(o Service) bool {
	return s.Key == o.Key && s.settings() == o.settings() && slices.Equal(s.Destinations, o.Destinations)
}

func (d Destination) settings() Destination {
	if d.Method != Tunnel {
		d.Tunnel = Encapsulation{}
	}
	return d
}

// String is one line without the destinations.
func (s Service) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", s.Key, s.Scheduler)
	if c := s.settings(); c.persistence != 0 {
		fmt.Fprintf(&b, " persistence %s", c.persistence)
		if c.netmask != 0 {
			fmt.Fprintf(&b, "/%d", c.netmask)
		}
	}
	if s.Engine != "" {
		fmt.Fprintf(&b, " engine %s", s.Engine)
	}
	if s.Flags != 0 {
		fmt.Fprintf(&b, " flags %#x", uint32(s.Flags))
	}
	return b.String()
}

// String is one line.
func (d Destination) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s weight %d", d.Address, d.Method, d.Weight)
	if d.Upper != 0 || d.Lower != 0 {
		fmt.Fprintf(&b, " thresholds %d/%d", d.Upper, d.Lower)
	}
	if t := d.settings().Tunnel; t != (Encapsulation{}) {
		fmt.Fprintf(&b, " encapsulation %d port %d flags %#x", t.Kind, t.Port, t.Flags)
	}
	return b.String()
}
