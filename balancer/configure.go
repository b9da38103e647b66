package balancer

import (
	"context"
	"fmt"

	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/thrift"
)

// configure makes a configuration the one in force. The first and every later
// one take the same way: what is equal goes on undisturbed.
func (p *pool) configure(ctx context.Context, c Config) error {
	if trouble := p.finds.recall(ctx, c.Found); trouble != nil {
		p.tell(*trouble)
	}
	thrift.Spend()
	p.tidy.Reset(thrift.After)
	checks := newChecks()
	services, err := p.compose(c, checks)
	if err != nil {
		return err
	}
	trackers := compileTrackers(c, checks)
	if err := p.install(ctx, services, trackers, checks); err != nil {
		return err
	}
	p.serial = c.Serial
	p.order(index(c.Overrides))
	p.finds.follow(ctx, sources(services))
	p.keeping.configure(ctx, c)
	if p.awaitsTable() {
		p.track()
		return nil
	}
	p.advance(nil)
	return nil
}

// awaitsTable tells whether the kernel's table is about to be known, which is the beginning of everything: one step
// is enough then.
func (p *pool) awaitsTable() bool {
	return p.keeping.reconciler != nil && !p.view.seen && p.view.whole == ""
}

// compose is the services of a configuration: compiled now, and as they were where
// it says that they are.
func (p *pool) compose(c Config, all checks) ([]*virtual, error) {
	if c.Order != nil && c.After != p.serial {
		return nil, fmt.Errorf("it says what is different from configuration %d, and %d is in force", c.After, p.serial)
	}
	fresh := make(map[string]*virtual, len(c.Services))
	order := c.Order
	for _, s := range c.Services {
		compiled, err := assemble(s, p.finds.known, all)
		if err != nil {
			return nil, err
		}
		fresh[s.Name] = &virtual{service: &compiled, stale: true}
		if c.Order == nil {
			order = append(order, s.Name)
		}
	}
	services := make([]*virtual, 0, len(order))
	for _, name := range order {
		v := fresh[name]
		if v == nil {
			v = p.byName[name]
		}
		if v == nil {
			return nil, fmt.Errorf("virtual server %q is in its order, and nobody told what it is", name)
		}
		services = append(services, v)
	}
	return services, nil
}

// install puts services and trackers in the place of those in force. Those that are
// the same go on undisturbed; one with the name of another goes on where that one
// stood, and one with its address with what is in the table. After an error all is as
// it was.
func (p *pool) install(ctx context.Context, services []*virtual, trackers []tracker, all checks) error {
	byName, kept := make(map[string]*virtual, len(services)), make(map[*virtual]bool, len(services))
	var come, gone []*virtual
	for _, v := range services {
		byName[v.service.Name] = v
		if kept[v] = true; p.byName[v.service.Name] != v {
			come = append(come, v)
		}
	}
	for _, v := range p.services {
		if !kept[v] {
			gone = append(gone, v)
		}
	}
	if err := p.watches.follow(ctx, come, gone, trackers, all); err != nil {
		return err
	}
	heirs := make(map[ipvsctl.Key]*virtual, len(come))
	for _, v := range come {
		if was := p.byName[v.service.Name]; was != nil {
			v.state, v.want = was.state, was.want
		}
		for _, key := range v.service.keys {
			heirs[key] = v
		}
	}
	for _, was := range gone {
		for key, r := range was.state.table {
			v := heirs[key]
			if v == nil {
				continue
			}
			if _, known := v.state.table[key]; !known {
				v.state.inherit(key, r, func(i int) place { return was.state.members[r.members[i]].place })
			}
		}
		if byName[was.service.Name] == nil {
			p.gone = append(p.gone, was)
		}
	}
	p.services, p.byName, p.trackers = services, byName, trackers
	return nil
}

// find takes what a source said: servers come and go as with another configuration.
func (p *pool) find(ctx context.Context, a found) error {
	changed, story := p.finds.take(a)
	for _, e := range story {
		p.tell(e)
	}
	if !changed {
		return nil
	}
	services, checks := make([]*virtual, 0, len(p.services)), newChecks()
	for _, v := range p.services {
		if v.service.asks(a.of) {
			found, err := assemble(*v.service.given, p.finds.known, checks)
			if err != nil {
				return err
			}
			v = &virtual{service: &found, stale: true}
		}
		services = append(services, v)
	}
	if err := p.install(ctx, services, p.trackers, checks); err != nil {
		return err
	}
	p.advance(nil)
	return nil
}

// order takes what operators ordered.
func (p *pool) order(now map[target]*Override) {
	for _, some := range []map[target]*Override{p.overrides, now} {
		for t := range some {
			if v := p.byName[t.service]; v != nil {
				v.stale = true
			}
		}
	}
	p.overrides = now
}
