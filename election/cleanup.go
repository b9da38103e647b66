package election

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// Cleanup gives up what a dead election still holds: for each instance whose
// addresses are about, and its sync group, it sends priority 0 and releases them
// when the successor is heard, one advertisement interval later at most.
// Addresses and routes that bear our mark and belong to no such instance are
// released at once. wasMaster names the instances
// known to have been master, which counts where the kernel keeps no marks
// (before Linux 5.18). Last it removes all links with a virtual MAC and restores
// promote_secondaries where a dead election left it set. When nothing is left that is
// the whole of it: then Cleanup returns nil at once. Run must not be running.
func Cleanup(ctx context.Context, cfg Config, wasMaster []string) error {
	return cleanup(ctx, cfg, wasMaster, realHost())
}

func cleanup(ctx context.Context, cfg Config, wasMaster []string, h host) error {
	k, err := h.kernel()
	if err != nil {
		return err
	}
	defer k.Close()
	links, err := h.links()
	if err != nil {
		return err
	}
	left, err := survey(k, links, cfg, wasMaster)
	if err != nil {
		return err
	}
	err = left.releaseStrays(k)
	var wg sync.WaitGroup
	for _, c := range cfg.groups() {
		if !slices.ContainsFunc(c.Instances, func(c Instance) bool { return left.instances[c.Name] }) {
			continue
		}
		g, e := handOver(c, links, h)
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		wg.Go(func() {
			select {
			case <-g.done:
			case <-ctx.Done():
				g.stop()
				<-g.done
			}
			for _, in := range g.members {
				in.device.wait()
			}
		})
	}
	wg.Wait()
	links, e := h.links()
	if e == nil {
		e = errors.Join(sweep(h, links, nil), h.promote(crowded(links, cfg.holds)))
	}
	return errors.Join(err, e, admitAll(h.filter))
}

// handOver starts an election that hands over what is left and then stops.
func handOver(c groupConfig, links netif.Links, h host) (*group, error) {
	for i := range c.Instances {
		c.Instances[i].Trackers = nil // whatever they say, it leaves
	}
	var g *group
	g, err := newGroup(c, h, func(event.Event) {}, func(t vrrp.Transition) {
		if t.From == vrrp.Leaving || t.To == vrrp.Fault {
			g.stop()
		}
	})
	if err != nil {
		return nil, err
	}
	g.handOver()
	var virtual []netip.Prefix
	for _, in := range c.Instances {
		virtual = append(virtual, in.prefixes()...)
	}
	g.look(links, virtual)
	g.start(nil)
	return g, nil
}
