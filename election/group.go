package election

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// groupConfig is one election: of a sync group, or of an instance by itself,
// which has no name here.
type groupConfig struct {
	Name      string
	Instances []Instance
}

// group is one election at work: the instances that are master together, and
// their router.
type group struct {
	cfg     groupConfig
	members []*instance
	router  *vrrp.Router
	// resigning is true until the leftovers of a previous life are handed over,
	// which no tracker is to disturb.
	resigning atomic.Bool
	withdrawn bool               // the director is in maintenance
	stop      context.CancelFunc // makes the router leave in good order
	ctx       context.Context
	begun     chan struct{} // closed when the router runs
	done      chan struct{} // closed when it has left
}

// groups are the elections of a configuration: the sync groups, with their
// members in the order given there, then the instances in none.
func (c Config) groups() (list []groupConfig) {
	named := map[string]Instance{}
	for _, in := range c.Instances {
		named[in.Name] = in
	}
	for _, g := range c.Groups {
		group := groupConfig{Name: g.Name}
		for _, name := range g.Members {
			group.Instances = append(group.Instances, named[name])
			delete(named, name)
		}
		list = append(list, group)
	}
	for _, in := range c.Instances {
		if _, free := named[in.Name]; free {
			list = append(list, groupConfig{Instances: []Instance{in}})
		}
	}
	return list
}

// newGroup builds an election; changed is called on its router's goroutine after
// every transition, once for each instance, and must not block.
func newGroup(cfg groupConfig, h host, emit func(event.Event), changed func(vrrp.Transition)) (*group, error) {
	g := &group{cfg: cfg, begun: make(chan struct{}), done: make(chan struct{})}
	// The routers outlive the election's context: they leave when told to.
	g.ctx, g.stop = context.WithCancel(context.Background())
	var members []vrrp.Member
	for i, c := range cfg.Instances {
		in, err := newInstance(c, h)
		if err != nil {
			g.close()
			return nil, fmt.Errorf("instance %s: %w", c.Name, err)
		}
		in.group, in.spare = g, cfg.spare(i)
		g.members = append(g.members, in)
		members = append(members, in.member(h, g.stamp(emit, c), g.noting(changed)))
	}
	first := cfg.Instances[0]
	g.router = vrrp.NewRouter(vrrp.Config{
		Version: first.Version, Priority: g.priority(), Interval: first.Interval,
		NoPreempt: first.NoPreempt, PreemptDelay: first.PreemptDelay,
	}, members...)
	g.router.SetConcede(first.Concede)
	return g, nil
}

// stamp makes every event name its instance, and its group if it has one.
func (g *group) stamp(emit func(event.Event), c Instance) func(event.Event) {
	return func(e event.Event) {
		e.Instance, e.VRID, e.SyncGroup = c.Name, int(c.VRID), g.cfg.Name
		emit(e)
	}
}

// precedes tells whether another election has to wait until this one has left: it has an
// instance of the same name, the same virtual router, or an address.
func (c groupConfig) precedes(next groupConfig) bool {
	return slices.ContainsFunc(c.Instances, func(a Instance) bool {
		return slices.ContainsFunc(next.Instances, func(b Instance) bool {
			return a.Name == b.Name || a.Interface == b.Interface && a.VRID == b.VRID || slices.ContainsFunc(a.prefixes(), b.holds)
		})
	})
}

// start elects as soon as the elections that precede it have left, until stop is called and the addresses are handed over.
func (g *group) start(before []*group) {
	go func() {
		defer close(g.done)
		defer g.close()
		for _, b := range before {
			<-b.done
		}
		close(g.begun)
		g.router.Run(g.ctx)
	}()
}

func (g *group) close() {
	for _, in := range g.members {
		in.holder.close()
		in.device.stop()
		in.kernel.Close()
		in.sender.Close()
	}
}

// look tells the router what the links are like now.
func (g *group) look(links netif.Links, virtual []netip.Prefix) {
	positions := make([]vrrp.Link, len(g.members))
	for i, in := range g.members {
		positions[i] = in.look(links, virtual)
		if g.withdrawn && !in.spare {
			positions[i] = vrrp.Link{Fault: faultMaintenance}
		}
	}
	g.router.SetLinks(positions...)
}

// running tells whether the elections before have left, and the router runs.
func (g *group) running() bool {
	select {
	case <-g.begun:
		return true
	default:
		return false
	}
}

// status is the position of each instance; nil when the router does not run.
func (g *group) status() (list []Status) {
	if !g.running() {
		return nil
	}
	for i, s := range g.router.Stats(g.done) {
		list = append(list, g.members[i].status(s))
	}
	return list
}
