package election

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

const (
	statusEvery = time.Second            // counters are at most so old,
	statusShare = 10 * time.Millisecond  // or so old for each instance, that hundreds cost no more than a hundred
	statusDelay = 20 * time.Millisecond  // changes so close together make one report
	flushBound  = 500 * time.Millisecond // for the last reports, when leaving
)

// election is the state of Run's goroutine.
type election struct {
	host      host
	out       *outbox
	changed   chan struct{} // some router's state changed
	links     netif.Links
	published time.Time
	groups    []*group
	instances map[string]*instance // of all groups
	order     []string             // their names, as configured
	leaving   []*group             // no longer configured, or all when stopping
	verdicts  []Verdict            // of the trackers, as the director told last
	patrol    *patrol
	promotion promotion
	fresh     bool // nothing was configured yet: leftovers may be about
	planned   planned
}

// Run elects until ctx ends or the link closes, then leaves in good order:
// every master resigns and holds its addresses until its successor is heard,
// one advertisement interval at most. It needs CAP_NET_ADMIN and CAP_NET_RAW.
func Run(ctx context.Context, link net.Conn) error { return run(ctx, link, realHost()) }

func run(ctx context.Context, link net.Conn, h host) error {
	ctx, cancel := context.WithCancel(ctx)
	voice := &speaker{open: h.announcer}
	h.announcer = voice.lend
	defer voice.close()
	e := &election{
		host: h, out: newOutbox(), changed: make(chan struct{}, 1),
		instances: map[string]*instance{}, fresh: true,
	}
	e.patrol = newPatrol(h, e.out.emit)
	e.promotion = promotion{host: h, emit: e.out.emit}
	defer e.patrol.end()
	commands, links, failed := make(chan Command), make(chan netif.Links), make(chan error, 1)
	flushed := make(chan struct{})

	var wg sync.WaitGroup
	wg.Go(func() { receive(ctx, link, commands) })
	wg.Go(func() {
		if err := h.watch(ctx, links); err != nil {
			failed <- fmt.Errorf("watch links: %w", err)
		}
	})
	var writer sync.WaitGroup
	writer.Go(func() { e.out.run(link, flushed) })

	err := e.loop(ctx, commands, links, failed)

	close(flushed)
	link.SetWriteDeadline(time.Now().Add(flushBound))
	writer.Wait()
	cancel()
	link.Close()
	wg.Wait()
	return err
}

// receive reads commands until the link closes, which ends the election.
func receive(ctx context.Context, link net.Conn, commands chan<- Command) {
	defer close(commands)
	dec := json.NewDecoder(link)
	for {
		var c Command
		if dec.Decode(&c) != nil {
			return
		}
		select {
		case commands <- c:
		case <-ctx.Done():
			return
		}
	}
}

// loop ends when every router has left.
func (e *election) loop(ctx context.Context, commands <-chan Command, links <-chan netif.Links, failed <-chan error) (err error) {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	soon := time.NewTimer(0)
	defer soon.Stop()
	done := ctx.Done()
	var gone chan struct{} // closed when the last router has left
	stop := func() {
		done, commands, failed = nil, nil, nil
		gone = make(chan struct{})
		e.stopAll(gone)
	}
	for {
		select {
		case <-done:
			stop()
		case err = <-failed:
			stop()
		case c, ok := <-commands:
			if !ok {
				stop()
			} else if err = e.obey(c); err != nil {
				stop()
			}
		case e.links = <-links:
			e.look()
		case <-e.changed:
			e.reconsider()
			soon.Reset(statusDelay)
		case <-soon.C:
			e.publish()
		case <-tick.C:
			e.reconsider()
			e.patrol.round(e.instances, e.links, time.Now())
			e.tidy()
			if age := time.Since(e.published); age >= statusShare*time.Duration(len(e.order)) {
				e.publish()
			}
		case <-gone:
			e.tidyAll()
			return err
		}
	}
}

func (e *election) obey(c Command) error {
	switch {
	case c.Configure != nil:
		first := e.fresh
		err := e.configure(*c.Configure)
		e.out.answered(c.Configure.Serial, err)
		e.noteChange(vrrp.Transition{}) // for the status
		if first {
			return err
		}
	case c.Handover != nil:
		for _, g := range e.named(c.Handover.Instances) {
			g.router.Yield(c.Handover.Until)
		}
	case c.TakeBack != nil:
		for _, g := range e.named(c.TakeBack.Instances) {
			g.router.TakeBack()
		}
	case c.Proceed != nil:
		e.answer(*c.Proceed)
	case c.Maintenance != nil:
		e.maintain(*c.Maintenance)
	case c.Track != nil:
		e.verdicts = c.Track.Verdicts
		e.reconsider()
	}
	return nil
}

// named are the elections that have an instance of these names, all if there are
// none.
func (e *election) named(names []string) (list []*group) {
	if len(names) == 0 {
		return e.groups
	}
	for _, name := range names {
		if in := e.instances[name]; in != nil && !slices.Contains(list, in.group) {
			list = append(list, in.group)
		}
	}
	return list
}

func (e *election) noteChange(vrrp.Transition) {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// look shows every election the links.
func (e *election) look() {
	e.weigh()
	if e.links == nil {
		return
	}
	var virtual []netip.Prefix
	for _, in := range e.instances {
		virtual = append(virtual, in.cfg.prefixes()...)
	}
	for _, g := range e.groups {
		g.withdrawn = e.planned.maintenance != nil
		g.look(e.links, virtual)
	}
	if !e.fresh {
		e.promotion.look(crowded(e.links, e.holds))
	}
}

// holds tells whether an instance may hold an address.
func (e *election) holds(p netip.Prefix) bool {
	for _, in := range e.instances {
		if in.cfg.holds(p) {
			return true
		}
	}
	return false
}

// publish reports all instances in the order of the configuration. Before there is
// one it has nothing to say, and must not say that nothing is planned.
func (e *election) publish() {
	if e.fresh {
		return
	}
	byName := map[string]Status{}
	for _, g := range e.groups {
		for _, st := range g.status() {
			byName[st.Name] = st
		}
	}
	all := make([]Status, 0, len(e.order))
	for _, name := range e.order {
		if st, ok := byName[name]; ok {
			all = append(all, st)
		}
	}
	e.plan(all)
	e.published = time.Now()
	e.out.publish(Report{Status: all, Planned: e.planned.report()})
}

// stopAll tells every router to leave and closes gone when all have.
func (e *election) stopAll(gone chan<- struct{}) {
	e.alone()
	for _, g := range e.groups {
		g.stop()
		e.leaving = append(e.leaving, g)
	}
	leaving := slices.Clone(e.leaving) // some of which are forgotten meanwhile
	go func() {
		for _, g := range leaving {
			<-g.done
		}
		close(gone)
	}()
}
