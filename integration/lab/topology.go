//go:build linux

package lab

import "net/netip"

// The addresses of the topology. All nodes share one link; the inside network
// is there so that the answers of the NAT server come back through a director.
var (
	// VIP is where the services are.
	VIP = netip.MustParsePrefix("192.0.2.100/24")
	// Gateway is the second virtual address: the NAT server's way out, which
	// therefore moves with the VIP.
	Gateway = netip.MustParsePrefix("198.51.100.1/24")

	// Client is the client's address.
	Client = netip.MustParsePrefix("192.0.2.5/24")
)

// VirtualAddresses are what the master holds.
var VirtualAddresses = []netip.Prefix{VIP, Gateway}

// Directors are the names of the two directors, the usual master first.
var Directors = []string{"lb1", "lb2"}

// DirectorAddress is each director's own address: the source of its adverts.
var DirectorAddress = map[string]netip.Prefix{
	"lb1": netip.MustParsePrefix("192.0.2.11/24"),
	"lb2": netip.MustParsePrefix("192.0.2.12/24"),
}

// insideAddress is each director's address in the NAT server's network.
var insideAddress = map[string]netip.Prefix{
	"lb1": netip.MustParsePrefix("198.51.100.11/24"),
	"lb2": netip.MustParsePrefix("198.51.100.12/24"),
}

// Forwarding is an LVS forwarding method, as the configuration language has it.
type Forwarding string

// The forwarding methods.
const (
	DR  Forwarding = "dr"
	NAT Forwarding = "nat"
	TUN Forwarding = "tun"
)

// RealServer is one real server: which one answers is seen in its answer.
type RealServer struct {
	Name       string
	Address    netip.Prefix
	Forwarding Forwarding
}

// RealServers are the three real servers, one for each forwarding method.
var RealServers = []RealServer{
	{"web1", netip.MustParsePrefix("192.0.2.21/24"), DR},
	{"web2", netip.MustParsePrefix("198.51.100.22/24"), NAT},
	{"web3", netip.MustParsePrefix("192.0.2.23/24"), TUN},
}

// The ports of the VIP, and of every real server.
const (
	PortMixed = 80 // all three real servers, each by its own method
	PortDR    = 81
	PortNAT   = 82
	PortTUN   = 83
)

// ports are all of them.
var ports = []int{PortMixed, PortDR, PortNAT, PortTUN}

// Interface is the name of every node's interface.
const Interface = "eth0"

// SecondInterface is that of the directors' second one, where there is a
// SecondLink.
const SecondInterface = "eth1"
