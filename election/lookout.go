package election

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/netif"
)

const (
	// claimQueue is how many claims wait for a lookout; what comes beyond is lost.
	claimQueue = 64

	// leaseSlack is how much later than its end the kernel may remove an address.
	leaseSlack = 2 * time.Second
)

// lookout asks and listens for others that claim the addresses of a place while
// this node holds them, reports them, and answers them. It has goroutines of its
// own, so that no flood and no slow system call keeps the router from its
// advertisements; its methods are the router's and never block.
type lookout struct {
	name     string // of the interface
	links    *atomic.Pointer[netif.Links]
	prefixes []netip.Prefix
	grace    time.Duration
	host     host
	emit     func(event.Event)

	index    int                // of the link that is watched; 0: none
	stop     context.CancelFunc // ends the watch
	split    bool               // two masters are known of
	splits   chan bool          // the newest word of it, for the watch
	watching sync.WaitGroup
}

func newLookout(p *place, cfg Instance, h host, emit func(event.Event)) *lookout {
	o := &lookout{
		name: p.name, links: p.links, prefixes: p.prefixes, grace: grace(cfg), host: h, emit: emit,
		stop: func() {}, splits: make(chan bool, 1),
	}
	for _, family := range o.families() {
		h.ears.want(o.name, family)
	}
	return o
}

// grace is how long a killed master of the same configuration may keep the
// addresses after another has them.
func grace(cfg Instance) time.Duration {
	return max(cfg.Lease, 3*cfg.Interval) + cfg.Interval + leaseSlack
}

// begin starts the watch on a link, if it is not watched.
func (o *lookout) begin(index int) {
	if index == o.index {
		return
	}
	o.end()
	ctx, stop := context.WithCancel(context.Background())
	o.index, o.stop = index, stop
	split := o.split
	o.watching.Go(func() { o.watch(ctx, index, split) })
}

// end ends the watch.
func (o *lookout) end() {
	o.stop()
	o.index = 0
}

// close ends it for good, and may wait.
func (o *lookout) close() {
	o.end()
	o.watching.Wait()
	for _, family := range o.families() {
		o.host.ears.forget(o.name, family)
	}
}

// dispute says whether two masters are known of, which has an event of its own.
func (o *lookout) dispute(on bool) {
	o.split = on
	select {
	case <-o.splits:
	default:
	}
	o.splits <- on
}

// watch is one watch.
func (o *lookout) watch(ctx context.Context, index int, split bool) {
	claims := make(chan garp.Claim, claimQueue)
	for _, family := range o.families() {
		if err := o.host.ears.listen(o.name, index, family, claims); err != nil {
			o.emit(event.Event{Name: "vrrp.error", Interface: o.name, Reason: "watch", Error: err.Error()})
			continue
		}
		defer o.host.ears.mute(o.name, family, claims)
	}
	vigil := garp.NewVigil(time.Now(), slices.Concat(o.families()...), o.grace)
	if split {
		vigil.Suspend(time.Now(), true)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-claims:
			if !ours(o.links, c.MAC) {
				vigil.Heard(time.Now(), c)
			}
		case on := <-o.splits:
			vigil.Suspend(time.Now(), on)
		case <-timer.C:
		}
		if ctx.Err() != nil {
			return
		}
		o.perform(vigil.Due(time.Now()))
		if next := vigil.Deadline(); !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

// families are the addresses, those of each family together.
func (o *lookout) families() [][]netip.Addr { return byFamily(addrsOf(o.prefixes)) }

func byFamily(addrs []netip.Addr) [][]netip.Addr {
	var of4, of6 []netip.Addr
	for _, a := range addrs {
		if a.Is4() {
			of4 = append(of4, a)
		} else {
			of6 = append(of6, a)
		}
	}
	return slices.DeleteFunc([][]netip.Addr{of4, of6}, func(family []netip.Addr) bool { return len(family) == 0 })
}

// ours tells whether one of this node's links has a MAC.
func ours(links *atomic.Pointer[netif.Links], mac garp.MAC) bool {
	if links := links.Load(); links != nil {
		for _, l := range *links {
			if slices.Equal(l.MAC, mac[:]) {
				return true
			}
		}
	}
	return false
}

// The reasons of a conflict: whether the stranger was found before the addresses were claimed,
// or while they are held.
const (
	beforeClaim = "before_claim"
	afterClaim  = "after_claim"
)

// conflict is the event of a stranger that claims some of these addresses.
func conflict(link string, c garp.Conflict, prefixes []netip.Prefix, reason string) event.Event {
	claimed := make([]netip.Prefix, 0, len(c.Addrs))
	for _, p := range prefixes {
		if slices.Contains(c.Addrs, p.Addr()) {
			claimed = append(claimed, p)
		}
	}
	return event.Event{Name: "address.conflict", Reason: reason, Interface: link, Address: list(claimed), Peer: c.MAC.String(), Count: c.Count}
}

// perform does what is due. What cannot be sent shows in the router's own
// announcements.
func (o *lookout) perform(d garp.Duty) {
	for _, c := range d.Conflicts {
		o.emit(conflict(o.name, c, o.prefixes, afterClaim))
	}
	links := o.links.Load()
	if !d.Probe && d.Defend == nil || links == nil {
		return
	}
	l, ok := (*links)[o.name]
	s, err := o.host.announcer()
	if !ok || err != nil {
		return
	}
	defer s.Close()
	if d.Probe {
		_ = s.Probe(l.Index, l.MAC, slices.Concat(o.families()...))
	}
	if d.Defend != nil {
		_ = s.Defend(l.Index, l.MAC, l.Forwarding6, d.Defend)
	}
}

// disputes tells the lookouts of a split; it stands before the observer.
type disputes struct {
	*observer
	holder *holder
}

func (d disputes) Split(over bool, lasted time.Duration, peer netip.Addr, priority uint8) {
	if over || lasted == 0 {
		for _, o := range d.holder.lookout {
			o.dispute(!over)
		}
	}
	d.observer.Split(over, lasted, peer, priority)
}
