package election

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/hald-project/hald/netif"
)

// remains are what bears our mark while no election runs.
type remains struct {
	instances map[string]bool        // some of whose addresses are on their interface, or known to have been master
	addresses map[int][]netip.Prefix // by link: strays, which belong to none of the configuration
	routes    []netif.Route          // strays: of none of these instances
	rules     []netif.Rule           // strays, alike
}

// survey asks the kernel for them. wasMaster names instances known to have been
// master. Routes alone do not make one: nobody is served by them, and nothing is
// to be handed over.
func survey(k kernel, links netif.Links, cfg Config, wasMaster []string) (left remains, err error) {
	held, err := k.Held()
	if err != nil {
		return left, err
	}
	left = remains{instances: map[string]bool{}, addresses: map[int][]netip.Prefix{}}
	for _, c := range cfg.Instances {
		if !c.owns() && slices.Contains(wasMaster, c.Name) {
			left.instances[c.Name] = true
		}
	}
	for index, addrs := range held {
		for _, p := range addrs {
			i := slices.IndexFunc(cfg.Instances, func(c Instance) bool {
				return !c.owns() && slices.ContainsFunc(append(c.elsewhere(), c.home()), func(name string) bool {
					return links[name].Index == index && c.has(name, p)
				})
			})
			if i < 0 {
				left.addresses[index] = append(left.addresses[index], p)
				continue
			}
			left.instances[cfg.Instances[i].Name] = true
		}
	}
	routes, err := k.HeldRoutes()
	if err != nil {
		return left, err
	}
	for _, r := range routes {
		if !slices.ContainsFunc(cfg.Instances, func(c Instance) bool { return left.instances[c.Name] && c.hasRoute(r) }) {
			left.routes = append(left.routes, r)
		}
	}
	rules, err := k.HeldRules()
	if err != nil {
		return left, err
	}
	for _, r := range rules {
		if !slices.ContainsFunc(cfg.Instances, func(c Instance) bool { return left.instances[c.Name] && c.hasRule(r) }) {
			left.rules = append(left.rules, r)
		}
	}
	return left, nil
}

func (left remains) releaseStrays(k kernel) (err error) {
	if len(left.rules) > 0 {
		err = k.ReleaseRules(left.rules)
	}
	if len(left.routes) > 0 {
		err = errors.Join(err, k.ReleaseRoutes(left.routes))
	}
	for index, addrs := range left.addresses {
		err = errors.Join(err, k.Release(index, addrs))
	}
	return err
}
