package election

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// kernel holds addresses and routes; *netif.Addresses is the real one.
type kernel interface {
	Claim(linkIndex int, addrs []netif.Virtual, lease time.Duration) error
	ClaimEach(linkIndex int, wanted [][]netif.Virtual, lease time.Duration) []error
	Renew(links netif.Links, name string, addrs []netif.Virtual, lease time.Duration) error
	Release(linkIndex int, addrs []netip.Prefix) error
	Missing(linkIndex int, addrs []netip.Prefix) ([]netip.Prefix, error)
	Held() (map[int][]netip.Prefix, error)
	ClaimRoutes([]netif.Route) error
	ReleaseRoutes([]netif.Route) error
	MissingRoutes([]netif.Route) ([]netif.Route, error)
	HeldRoutes() ([]netif.Route, error)
	ClaimRules([]netif.Rule) error
	ReleaseRules([]netif.Rule) error
	MissingRules([]netif.Rule) ([]netif.Rule, error)
	HeldRules() ([]netif.Rule, error)
	Close() error

	// The same on a link with a virtual MAC, which is set up and down with them.
	ClaimVirtual(link, parent int, addrs []netif.Virtual, lease time.Duration) error
	ReleaseVirtual(link int, addrs []netip.Prefix) error
	MissingVirtual(link int, addrs []netip.Prefix) ([]netip.Prefix, error)
}

// announcer sends gratuitous ARP and neighbour advertisements; *garp.Sender is the real one.
type announcer interface {
	Announce(linkIndex int, mac net.HardwareAddr, router bool, addrs []netip.Addr) error
	Probe(linkIndex int, mac net.HardwareAddr, addrs []netip.Addr) error
	Request(linkIndex int, mac net.HardwareAddr, source netip.Addr, addrs []netip.Addr) error
	Defend(linkIndex int, mac net.HardwareAddr, router bool, addrs []netip.Addr) error
	Close() error
}

// others are the strange virtual routers on a link; *vrrp.Others is the real one.
type others interface {
	Next() (vrrp.Sighting, error)
	Close() error
}

// host is the machine as the election sees it.
type host struct {
	watch     func(ctx context.Context, out chan<- netif.Links) error
	links     func() (netif.Links, error)
	kernel    func() (kernel, error)
	announcer func() (announcer, error)
	filter    filter
	virtual   func() (virtualLinks, error)
	promote   func(links map[int]bool) error                                                                        // the secondaries of these, by index, and of no others
	sees      func(ctx context.Context, linkIndex int, source net.HardwareAddr, within time.Duration) (bool, error) // an advertisement leave
	ears      *ears
	clerk     *clerk
	listen    func(vrrp.Link, vrrp.Options) (vrrp.Conn, error)
	others    func(name string, index int, ipv4 bool, ours []uint8) (others, error)
	sequence  *vrrp.Sequence       // of what this process signs
	realTime  func() (bool, error) // the process has a real-time scheduling policy, and its limit
	shadow    bool                 // nothing is touched
}

// realHost is the network namespace of the process.
func realHost() host {
	return host{
		watch:     new(netif.Watcher).Run,
		links:     netif.List,
		kernel:    func() (kernel, error) { return netif.OpenAddresses() },
		announcer: func() (announcer, error) { return garp.OpenSender() },
		filter:    netif.Filter{},
		virtual:   func() (virtualLinks, error) { return netif.OpenVirtualLinks() },
		promote:   netif.PromoteSecondaries,
		sees:      netif.SeesAdvertisement,
		ears:      newEars(openListener),
		clerk:     new(clerk),
		listen:    new(vrrp.Stations).Listen,
		others: func(name string, index int, ipv4 bool, ours []uint8) (others, error) {
			return vrrp.OpenOthers(name, index, ipv4, ours)
		},
		sequence: new(vrrp.Sequence),
		realTime: realTime,
	}
}

// openListener listens for claims of addresses of one family.
func openListener(linkIndex int, addrs []netip.Addr) (ear, error) {
	if addrs[0].Is4() {
		return garp.ListenARP(linkIndex, addrs)
	}
	return garp.ListenND(linkIndex, addrs)
}
