package election

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
)

const (
	// faultConflict is the fault of an instance that leaves its addresses to a stranger.
	faultConflict = "address_conflict"

	// maxMet is how many routers an instance remembers that are not in its configuration.
	maxMet = 16

	// A router that is met is asked for within a few seconds, unless it was a moment ago:
	// hundreds of instances meet the same one at the same time.
	greetingStep  = 10 * time.Millisecond // times the VRID
	greetingPause = time.Minute
)

// inquirer asks who has the addresses of an instance before it takes them (vrrp.Scout),
// on its own interface: on others no advertisement says who is a router. Its methods are the
// router's and never block; everything else is done by a goroutine, which begins with the first
// router or question.
type inquirer struct {
	cfg      Instance
	prefixes []netip.Prefix
	routers  []netip.Addr // that are known: those of the configuration, then those met
	links    *atomic.Pointer[netif.Links]
	host     host
	emit     func(event.Event)

	meet  chan []netip.Addr // newest routers
	asks  chan struct{}
	ends  chan struct{}
	taken atomic.Bool // by a stranger

	stop    context.CancelFunc // nil: the goroutine does not run
	running sync.WaitGroup
}

func newInquirer(cfg Instance, links *atomic.Pointer[netif.Links], h host, emit func(event.Event)) *inquirer {
	q := &inquirer{
		cfg: cfg, links: links, host: h, emit: emit, routers: cfg.Routers,
		meet: make(chan []netip.Addr, 1), asks: make(chan struct{}, 1), ends: make(chan struct{}, 1),
	}
	for _, a := range cfg.Addresses {
		if cfg.linkOf(a) == cfg.home() && !cfg.owns() {
			q.prefixes = append(q.prefixes, a.Prefix)
		}
	}
	for _, family := range byFamily(addrsOf(q.prefixes)) {
		h.ears.want(cfg.Interface, family)
	}
	return q
}

// Met tells of a router of this virtual router.
func (q *inquirer) Met(router netip.Addr) {
	if len(q.prefixes) == 0 || slices.Contains(q.routers, router) || len(q.routers) >= maxMet+len(q.cfg.Routers) {
		return
	}
	q.routers = append(slices.Clip(q.routers), router)
	q.greet()
}

// greet has all routers that are known asked for.
func (q *inquirer) greet() {
	q.start()
	for {
		select {
		case q.meet <- q.routers:
			return
		default:
		}
		select {
		case <-q.meet:
		default:
		}
	}
}

// Ask says that the master is overdue.
func (q *inquirer) Ask() {
	if len(q.prefixes) == 0 {
		return
	}
	q.start()
	signal(q.asks)
}

// Taken is why the addresses are not to be claimed.
func (q *inquirer) Taken() string {
	if q.cfg.Hold && q.taken.Load() {
		return faultConflict
	}
	return ""
}

// claimed says that the addresses are ours: who else has them is for the lookout to find.
func (q *inquirer) claimed() {
	if q.stop != nil {
		signal(q.ends)
	}
}

// signal leaves a word that is not there yet.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (q *inquirer) start() {
	if q.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	q.stop = stop
	q.running.Go(func() { q.run(ctx) })
	if len(q.routers) > 0 {
		q.greet()
	}
}

// end ends the goroutine, and close waits for it.
func (q *inquirer) end() {
	if q.stop != nil {
		q.stop()
	}
}

func (q *inquirer) close() {
	q.end()
	q.running.Wait()
	for _, family := range byFamily(addrsOf(q.prefixes)) {
		q.host.ears.forget(q.cfg.Interface, family)
	}
}
