package election

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/hald-project/hald/netif"
)

// ways are the routes of one instance: it claims, repairs and releases them. They
// have no lease; what a dead node leaves behind is for the next life or `hald
// cleanup`. They belong to the holder.
type ways struct {
	routes []Route
	links  *atomic.Pointer[netif.Links]
	kernel kernel
	held   bool
}

func (w *ways) claim() error {
	if len(w.routes) == 0 {
		return nil
	}
	wanted, err := w.wanted()
	if err != nil {
		return err
	}
	if err := w.kernel.ClaimRoutes(wanted); err != nil {
		return err
	}
	w.held = true
	return nil
}

// wanted are the routes over the links as they are now.
func (w *ways) wanted() ([]netif.Route, error) {
	links := w.links.Load()
	if links == nil {
		return nil, fmt.Errorf("no link is known: %w", netif.ErrLinkGone)
	}
	list := make([]netif.Route, len(w.routes))
	for i, r := range w.routes {
		var err error
		if list[i], err = r.on(*links); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// repair puts back what is missing and says what it was. It asks the kernel every
// time: of routes that go with an address or a link nobody is told.
func (w *ways) repair() (restored []Route, err error) {
	if !w.held {
		return nil, nil
	}
	wanted, err := w.wanted()
	if err != nil {
		return nil, nil // a fault is on its way
	}
	missing, err := w.kernel.MissingRoutes(wanted)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	if err := w.kernel.ClaimRoutes(wanted); err != nil {
		return nil, err
	}
	for i, r := range w.routes {
		if slices.Contains(missing, wanted[i]) {
			restored = append(restored, r)
		}
	}
	return restored, nil
}

// release removes the routes, wherever they lead. released tells whether this
// life held them.
func (w *ways) release() (released bool, err error) {
	if len(w.routes) == 0 {
		return false, nil
	}
	list := make([]netif.Route, len(w.routes))
	for i, r := range w.routes {
		list[i] = netif.Route{Table: r.Table, Destination: r.Destination, Metric: r.Metric}
	}
	if err := w.kernel.ReleaseRoutes(list); err != nil {
		return false, err
	}
	released = w.held
	w.held = false
	return released, nil
}
