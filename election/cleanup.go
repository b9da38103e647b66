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
// when the successor is heard, one advertisement interval later at most. Addresses that bear our mark
// and belong to no instance are released at once. wasMaster names the instances
// known to have been master, which counts where the kernel keeps no marks
// (before Linux 5.18). It is the whole of it when nothing is left: then Cleanup
// returns nil at once. Run must not be running.
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
	leftovers, stray, err := survey(k, links, cfg)
	if err != nil {
		return err
	}
	for index, addrs := range stray {
		err = errors.Join(err, k.Release(index, addrs))
	}
	var wg sync.WaitGroup
	for _, c := range cfg.groups() {
		if !slices.ContainsFunc(c.Instances, func(c Instance) bool { return !c.owns() && (leftovers[c.Name] || slices.Contains(wasMaster, c.Name)) }) {
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
		})
	}
	wg.Wait()
	return errors.Join(err, admitAll(h.filter))
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

// survey lists what bears our mark: the instances some of whose addresses are on
// their interface, and by link the strays that belong to none.
func survey(k kernel, links netif.Links, cfg Config) (leftovers map[string]bool, stray map[int][]netip.Prefix, err error) {
	held, err := k.Held()
	if err != nil {
		return nil, nil, err
	}
	leftovers, stray = map[string]bool{}, map[int][]netip.Prefix{}
	for index, addrs := range held {
		for _, p := range addrs {
			i := slices.IndexFunc(cfg.Instances, func(c Instance) bool {
				return !c.owns() && slices.ContainsFunc(append(c.elsewhere(), c.Interface), func(name string) bool {
					return links[name].Index == index && c.has(name, p)
				})
			})
			if i < 0 {
				stray[index] = append(stray[index], p)
				continue
			}
			leftovers[cfg.Instances[i].Name] = true
		}
	}
	return leftovers, stray, nil
}
