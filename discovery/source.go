package discovery

import (
	"fmt"
	"net/netip"
	"time"
)

// The kinds of a Source.
const (
	DNS  = "dns"  // A and AAAA records
	SRV  = "srv"  // SRV records, and the addresses of what they name
	File = "file" // a file of JSON
)

// Source is where servers are found. It is comparable: equal sources are asked once.
type Source struct {
	Kind string `json:"kind"`
	Name string `json:"name"` // a DNS name, or an absolute path
	IPv4 bool   `json:"ipv4"` // servers may have such addresses
	IPv6 bool   `json:"ipv6"`
	Port bool   `json:"port"` // they may have ports of their own
}

// String names the source in messages.
func (s Source) String() string { return s.Kind + " " + s.Name }

// Server is one that was found.
type Server struct {
	Address netip.AddrPort `json:"address"`          // port 0: none of its own
	Weight  *int           `json:"weight,omitempty"` // 0–65535; nil: none of its own
}

// Where is the server's address, with its port if it has one of its own.
func (s Server) Where() string {
	if s.Address.Port() == 0 {
		return s.Address.Addr().String()
	}
	return s.Address.String()
}

// String is the server in messages.
func (s Server) String() string {
	if s.Weight != nil {
		return fmt.Sprintf("%s with weight %d", s.Where(), *s.Weight)
	}
	return s.Where()
}

// Answer is what a source said: the servers, in order and each once, or why there is no
// answer.
type Answer struct {
	Servers []Server
	TTL     time.Duration // of DNS: how long it is true
	Err     error
}

// MaxServers is how many servers one source may have.
const MaxServers = 1024

// accept tells why an address is not one of a server.
func (s Source) accept(a netip.AddrPort) error {
	address := a.Addr()
	switch {
	case address.Zone() != "", address.Is4In6(), address.IsUnspecified(), address.IsMulticast(), address.IsLinkLocalUnicast() && address.Is6(),
		address.Is4() && (address.As4()[0] == 0 || address.As4()[0] >= 240):
		return fmt.Errorf("%s is not an address that packets can be sent to", address)
	case address.Is4() && !s.IPv4, address.Is6() && !s.IPv6:
		return fmt.Errorf("%s is of a family that the virtual server cannot reach with this forwarding", address)
	case a.Port() != 0 && !s.Port:
		return fmt.Errorf("%s has a port, which forwarding \"dr\" does not allow", a)
	}
	return nil
}
