package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// answerWait is how long answers are waited for, and askEvery the time between the two
// questions.
const (
	answerWait = 500 * time.Millisecond
	askEvery   = 150 * time.Millisecond
)

// hear listens to all links at once.
func hear(ctx context.Context, c *config.Config, f Facts, listen time.Duration, trouble func(link string, err error)) map[string]Wire {
	var mu sync.Mutex
	var wg sync.WaitGroup
	wires := map[string]Wire{}
	for _, name := range listening(c) {
		l, there := f.Links[name]
		if !there || !l.Up {
			continue
		}
		wg.Go(func() {
			var w Wire
			var heardErr, askedErr error
			w.Heard, heardErr = heard(ctx, l, listen)
			w.Asked = questions(c, f, l, w.Heard)
			w.Claims, askedErr = ask(l, f.Links, w.Asked)
			mu.Lock()
			defer mu.Unlock()
			if err := errors.Join(heardErr, askedErr); err != nil {
				trouble(name, err)
				return
			}
			wires[name] = w
		})
	}
	wg.Wait()
	return wires
}

// heard is the last advert of every sender and virtual router on a link.
func heard(ctx context.Context, l netif.Link, listen time.Duration) (all []vrrp.Sighting, err error) {
	ctx, cancel := context.WithTimeout(ctx, listen)
	defer cancel()
	err = vrrp.Scan(ctx, &net.Interface{Index: l.Index, Name: l.Name}, func(s vrrp.Sighting) {
		same := func(o vrrp.Sighting) bool { return o.VRID == s.VRID && o.Source == s.Source }
		if i := slices.IndexFunc(all, same); i >= 0 {
			all[i] = s
			return
		}
		all = append(all, s)
	})
	return all, err
}

// questions are the addresses whose holders are asked for on a link: the virtual ones, and
// those of all who may be found to answer for them.
func questions(c *config.Config, f Facts, l netif.Link, heard []vrrp.Sighting) (asked []netip.Addr) {
	add := func(addr netip.Addr) {
		if addr = addr.WithZone(""); addr.IsValid() && !slices.Contains(asked, addr) {
			asked = append(asked, addr)
		}
	}
	onLink := func(addr netip.Addr) bool {
		way, known := f.Routes[addr]
		return known && way.Interface == l.Name && !way.Gateway.IsValid()
	}
	for _, in := range c.Instances {
		for _, a := range in.Addresses {
			if linkOf(in, a) == l.Name {
				add(a.Prefix.Addr())
			}
		}
	}
	for _, o := range c.Directors {
		if onLink(o.Address) && o.Name != c.Director.Name {
			add(o.Address)
		}
	}
	serversOf(c, func(_ config.Service, s config.Server) {
		if onLink(s.Address.Addr()) {
			add(s.Address.Addr())
		}
	})
	for _, s := range heard {
		add(s.Source)
	}
	return asked
}

// ask sends probes on a link, twice, and returns what others answer. A probe claims
// nothing, so that nobody's cache is changed by it.
func ask(l netif.Link, links netif.Links, addrs []netip.Addr) ([]garp.Claim, error) {
	if len(addrs) == 0 || len(l.MAC) != len(garp.MAC{}) {
		return nil, nil
	}
	var listeners []*garp.Listener
	defer func() {
		for _, listener := range listeners {
			listener.Close()
		}
	}()
	claims := make(chan garp.Claim, 1024)
	for _, open := range []func(int, []netip.Addr) (*garp.Listener, error){garp.ListenARP, garp.ListenND} {
		listener, err := open(l.Index, addrs)
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, listener)
		go pass(listener, claims)
	}
	sender, err := garp.OpenSender()
	if err != nil {
		return nil, err
	}
	defer sender.Close()
	again, end := time.NewTimer(0), time.NewTimer(answerWait+askEvery)
	questions := 2
	var all []garp.Claim
	for {
		select {
		case c := <-claims:
			if slices.Contains(addrs, c.Addr) && !slices.Contains(all, c) && !isOwn(links, c.MAC) {
				all = append(all, c)
			}
		case <-again.C:
			if err := sender.Probe(l.Index, l.MAC, addrs); err != nil {
				return nil, err
			}
			if questions--; questions > 0 {
				again.Reset(askEvery)
			}
		case <-end.C:
			return all, nil
		}
	}
}

// pass ends when the listener is closed. What nobody takes is lost.
func pass(listener *garp.Listener, claims chan<- garp.Claim) {
	for {
		c, err := listener.Next()
		if err != nil {
			return
		}
		select {
		case claims <- c:
		default:
		}
	}
}

func isOwn(links netif.Links, mac garp.MAC) bool {
	for _, l := range links {
		if len(l.MAC) == len(mac) && garp.MAC(l.MAC) == mac {
			return true
		}
	}
	return false
}

// routes are the interfaces of the default routes, and the ways to the other directors
// and the real servers.
func routes(c *config.Config, links netif.Links) (defaults []string, ways map[netip.Addr]Route) {
	byIndex := map[int]netif.Link{}
	for _, l := range links {
		byIndex[l.Index] = l
	}
	all, _ := netlink.RouteList(nil, netlink.FAMILY_V4)
	for _, r := range all {
		if ones, _ := maskOf(r.Dst); ones == 0 && r.LinkIndex > 0 {
			defaults = append(defaults, byIndex[r.LinkIndex].Name)
		}
	}
	ways = map[netip.Addr]Route{}
	add := func(addr netip.Addr) {
		if !addr.IsValid() {
			return
		}
		found, err := netlink.RouteGet(addr.AsSlice())
		if err != nil || len(found) == 0 {
			return
		}
		l := byIndex[found[0].LinkIndex]
		way := Route{Interface: l.Name, MTU: l.MTU}
		if found[0].MTU > 0 {
			way.MTU = found[0].MTU
		}
		if gateway, ok := netip.AddrFromSlice(found[0].Gw); ok {
			way.Gateway = gateway.Unmap()
		}
		ways[addr] = way
	}
	for _, o := range c.Directors {
		add(o.Address)
	}
	serversOf(c, func(_ config.Service, s config.Server) { add(s.Address.Addr()) })
	return defaults, ways
}

func maskOf(n *net.IPNet) (ones, bits int) {
	if n == nil {
		return 0, 32
	}
	return n.Mask.Size()
}
