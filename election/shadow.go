package election

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// RunShadow is Run for a trial beside whatever does the work: it hears the
// election and reports what it would do in it, but sends nothing and changes
// nothing of the host. The one thing that others see is the kernel's own report that it
// listens to VRRP's multicast group.
func RunShadow(ctx context.Context, link net.Conn) error { return run(ctx, link, shadow(realHost())) }

// shadow is a host that can be seen and heard, and not touched. Links with a
// virtual MAC are not made: their instances would send by the interface.
func shadow(h host) host {
	listen := h.listen
	h.kernel = func() (kernel, error) { return idleKernel{}, nil }
	h.announcer = func() (announcer, error) { return idleAnnouncer{}, nil }
	h.filter = idleFilter{}
	h.virtual = func() (virtualLinks, error) { return idleLinks{}, nil }
	h.promote = func(map[int]bool) error { return nil }
	h.ears = newEars(func(int, []netip.Addr) (ear, error) { return &idleEar{closed: make(chan struct{})}, nil })
	h.listen = func(l vrrp.Link, o vrrp.Options) (vrrp.Conn, error) {
		c, err := listen(l, o)
		if err != nil {
			return nil, err
		}
		return mute{c}, nil
	}
	h.shadow = true
	return h
}

// withoutVirtualMACs is the same election over the interfaces themselves.
func (c Config) withoutVirtualMACs() Config {
	c.Instances = slices.Clone(c.Instances)
	for i := range c.Instances {
		c.Instances[i].VirtualMAC = false
	}
	return c
}

// mute hears and does not speak.
type mute struct{ vrrp.Conn }

func (mute) Send(vrrp.Advertisement) error { return nil }

// idleKernel says yes to everything and holds nothing.
type idleKernel struct{}

func (idleKernel) Claim(int, []netif.Virtual, time.Duration) error { return nil }
func (idleKernel) ClaimEach(_ int, wanted [][]netif.Virtual, _ time.Duration) []error {
	return make([]error, len(wanted))
}
func (idleKernel) Renew(netif.Links, string, []netif.Virtual, time.Duration) error { return nil }
func (idleKernel) Release(int, []netip.Prefix) error                               { return nil }
func (idleKernel) Missing(int, []netip.Prefix) ([]netip.Prefix, error)             { return nil, nil }
func (idleKernel) Held() (map[int][]netip.Prefix, error)                           { return nil, nil }
func (idleKernel) ClaimRoutes([]netif.Route) error                                 { return nil }
func (idleKernel) ReleaseRoutes([]netif.Route) error                               { return nil }
func (idleKernel) MissingRoutes([]netif.Route) ([]netif.Route, error)              { return nil, nil }
func (idleKernel) HeldRoutes() ([]netif.Route, error)                              { return nil, nil }
func (idleKernel) ClaimRules([]netif.Rule) error                                   { return nil }
func (idleKernel) ReleaseRules([]netif.Rule) error                                 { return nil }
func (idleKernel) MissingRules([]netif.Rule) ([]netif.Rule, error)                 { return nil, nil }
func (idleKernel) HeldRules() ([]netif.Rule, error)                                { return nil, nil }
func (idleKernel) Close() error                                                    { return nil }
func (idleKernel) ClaimVirtual(int, int, []netif.Virtual, time.Duration) error     { return nil }
func (idleKernel) ReleaseVirtual(int, []netip.Prefix) error                        { return nil }
func (idleKernel) MissingVirtual(int, []netip.Prefix) ([]netip.Prefix, error)      { return nil, nil }

// idleAnnouncer announces nothing.
type idleAnnouncer struct{}

func (idleAnnouncer) Announce(int, net.HardwareAddr, bool, []netip.Addr) error { return nil }
func (idleAnnouncer) Probe(int, net.HardwareAddr, []netip.Addr) error          { return nil }
func (idleAnnouncer) Request(int, net.HardwareAddr, netip.Addr, []netip.Addr) error {
	return nil
}
func (idleAnnouncer) Defend(int, net.HardwareAddr, bool, []netip.Addr) error { return nil }
func (idleAnnouncer) Close() error                                           { return nil }

// idleFilter has no rules and makes none.
type idleFilter struct{}

func (idleFilter) Able(string, []netif.Closed) error            { return nil }
func (idleFilter) Refuse(string, []netif.Closed) error          { return nil }
func (idleFilter) Refuses(string, []netif.Closed) (bool, error) { return true, nil }
func (idleFilter) Admit(string) error                           { return nil }
func (idleFilter) Refused() ([]string, error)                   { return nil, nil }

// idleLinks makes and removes no link.
type idleLinks struct{}

func (idleLinks) Ensure(netif.VirtualLink) (netif.Link, error) {
	return netif.Link{}, errors.New("a trial makes no link")
}
func (idleLinks) Faults(netif.VirtualLink, []netip.Prefix) ([]netif.VirtualFault, error) {
	return nil, nil
}
func (idleLinks) Remove(netif.Link) error { return nil }
func (idleLinks) Close() error            { return nil }

// idleEar hears no claim: whoever has the addresses has them rightly.
type idleEar struct {
	once   sync.Once
	closed chan struct{}
}

func (e *idleEar) Next() (garp.Claim, error) {
	<-e.closed
	return garp.Claim{}, net.ErrClosed
}

func (e *idleEar) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}
