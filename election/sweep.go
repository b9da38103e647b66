package election

import (
	"errors"
	"slices"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
)

// tidy forgets elections that have left, removes links with a virtual MAC that belong to no instance any more, and
// tries again what could not be made.
func (e *election) tidy() {
	e.leaving = slices.DeleteFunc(e.leaving, (*group).gone)
	if e.fresh || e.links == nil {
		return
	}
	wanted, troubled := map[string]int{}, false
	want := func(in *instance) {
		if parent, ok := e.links[in.cfg.Interface]; ok && in.device != nil {
			wanted[in.cfg.home()] = parent.Index
		}
	}
	for _, in := range e.instances {
		want(in)
		troubled = troubled || in.device != nil && in.device.trouble != ""
	}
	for _, g := range e.leaving {
		for _, in := range g.members {
			want(in)
		}
	}
	e.reportSweep(sweep(e.host, e.links, wanted))
	e.promotion.again()
	if troubled {
		e.look()
	}
}

// gone tells whether an election has left with all that belongs to it.
func (g *group) gone() bool {
	select {
	case <-g.done:
	default:
		return false
	}
	for _, in := range g.members {
		in.device.wait() // it was told to end before
	}
	return true
}

// tidyAll removes all of them, and restores the settings of the links, when no
// instance is left.
func (e *election) tidyAll() {
	for _, g := range e.leaving {
		for _, in := range g.members {
			in.device.wait()
		}
	}
	links, err := e.host.links()
	if err == nil {
		err = sweep(e.host, links, nil)
		e.promotion.make(crowded(links, e.holds))
	}
	e.reportSweep(err)
}

func (e *election) reportSweep(err error) {
	if err != nil {
		e.out.emit(event.Event{Name: "virtual_mac.failed", Reason: "remove", Error: err.Error()})
	}
}

// sweep removes the links with a virtual MAC that are not wanted: wanted has the
// index of the parent by the name of the link.
func sweep(h host, links netif.Links, wanted map[string]int) error {
	var failed error
	var remover virtualLinks
	for _, l := range links {
		if !l.Virtual || wanted[l.Name] == l.Parent {
			continue
		}
		if remover == nil {
			var err error
			if remover, err = h.virtual(); err != nil {
				return err
			}
			defer remover.Close()
		}
		failed = errors.Join(failed, remover.Remove(l))
	}
	return failed
}
