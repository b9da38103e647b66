package doctor

import (
	"net/netip"
	"time"

	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// Facts are what was found out about a machine and its links.
type Facts struct {
	Daemon    Daemon
	Kernel    Kernel
	Process   Process
	Clock     Clock
	Links     netif.Links
	Multicast map[string]bool      // by interface: it takes multicast packets
	Sysctls   map[string]string    // by name; what this kernel does not have is missing
	Defaults  []string             // interfaces of the IPv4 default routes
	Routes    map[netip.Addr]Route // to the other directors and the real servers; none: unreachable
	Others    []Program            // that do what hald does
	Wire      map[string]Wire      // by interface
	Walls     []Wall               // where a firewall would drop adverts
	States    []Wall               // where a firewall drops by the state of connections
	Listened  time.Duration        // on every interface
	Troubles  []Finding            // what could not be looked at
}

// Daemon is a hald that runs here.
type Daemon struct {
	Running bool
	Masters map[string]bool // instances that it is master of
}

// Kernel is what the kernel has of IPVS.
type Kernel struct {
	Release string
	IPVS    bool            // ip_vs is in it
	Loaded  map[string]bool // modules of ip_vs
	Known   map[string]bool // modules that it could load, and built-in ones; nil: that cannot be told
}

// has tells whether a module is there or can be.
func (k Kernel) has(module string) bool { return k.Loaded[module] || k.Known[module] }

// Process is what this process may do, which hopefully is what hald may do.
type Process struct {
	Lacks    []string // capabilities
	RealTime bool     // it may be scheduled so
	Files    uint64   // that it may open
}

// Clock is how the machine's clock is led.
type Clock struct {
	Known        bool
	Synchronised bool
}

// Route is the way to an address.
type Route struct {
	Interface string
	Gateway   netip.Addr // zero: on the link
	MTU       int
}

// Program is another program that would be in hald's way.
type Program struct {
	PID  int
	Name string
	Unit string // of systemd; empty: none
	VRRP bool   // it has a socket for VRRP
}

// Wire is what a link was heard to say.
type Wire struct {
	Heard  []vrrp.Sighting // the last advert of every sender and virtual router
	Asked  []netip.Addr    // who has these?
	Claims []garp.Claim    // who says so
}

// Wall is a firewall's rule, or the policy of a chain, that drops adverts.
type Wall struct {
	Interface string
	Out       bool   // on their way out; else in
	Chain     string // FAMILY TABLE CHAIN, as nft has it
	IPv6      bool
	Sure      bool // false: it depends on what cannot be told from here
}
