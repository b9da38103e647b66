package election

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/netif"
)

// inquest is what an inquirer's goroutine does.
type inquest struct {
	*inquirer
	inquiry *garp.Inquiry
	routers []netip.Addr // whom the ears know
	greet   time.Time    // when they are asked for; zero: not
	claims  chan garp.Claim
	hearing int // index of the link on which it listens for them; 0: none
	near    int // of the routers, so many are listened for
}

// run asks and listens until the context ends.
func (q *inquirer) run(ctx context.Context) {
	i := &inquest{inquirer: q, claims: make(chan garp.Claim, claimQueue)}
	i.inquiry = garp.NewInquiry(addrsOf(q.prefixes), q.cfg.Interval, func(m garp.MAC) bool {
		return q.cfg.virtualMAC(m) || q.host.ears.isRouter(q.cfg.Interface, m)
	})
	defer i.leave()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case routers := <-q.meet:
			i.meet(routers)
		case <-q.asks:
			i.inquiry.Begin(time.Now())
		case <-q.ends:
			i.inquiry.End()
		case c := <-i.claims:
			if !ours(q.links, c.MAC) {
				i.inquiry.Heard(time.Now(), c)
			}
		case <-timer.C:
		}
		if ctx.Err() != nil {
			return
		}
		i.perform(time.Now())
		if next := i.deadline(); !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

// deadline is when something is to be done; zero if never.
func (i *inquest) deadline() time.Time {
	next := i.inquiry.Deadline()
	if !i.greet.IsZero() && (next.IsZero() || i.greet.Before(next)) {
		return i.greet
	}
	return next
}

// meet makes routers known to the ears, and has them asked for in a while.
func (i *inquest) meet(routers []netip.Addr) {
	for _, family := range byFamily(routers[len(i.routers):]) {
		i.host.ears.meet(i.cfg.Interface, family)
	}
	i.routers = routers
	i.greet = time.Now().Add(time.Duration(i.cfg.VRID) * greetingStep)
	i.inquiry.Met(time.Now())
}

// perform does what is due. What cannot be sent or heard is as if nobody answered.
func (i *inquest) perform(now time.Time) {
	greet := !i.greet.IsZero() && !now.Before(i.greet)
	if greet {
		i.greet = time.Time{}
	}
	l, found := i.link()
	if found && i.inquiry.Active() {
		i.listen(l)
	}
	if found && greet {
		i.listenForRouters(l)
	}
	d := i.inquiry.Due(now)
	for _, c := range d.Conflicts {
		i.emit(conflict(i.cfg.Interface, c, i.prefixes, beforeClaim))
	}
	i.taken.Store(i.inquiry.Taken(now))
	if !i.inquiry.Active() {
		i.mute()
	}
	if !found {
		return
	}
	pause := greetingPause
	if d.Routers {
		pause = i.inquiry.Pace() / 2 // others on the link may have asked in the same round
	}
	if greet || d.Routers {
		i.request(l, i.host.ears.unasked(i.cfg.Interface, now, pause))
	}
	if len(d.Addrs) > 0 {
		i.probe(l, d.Addrs)
	}
}

func (i *inquest) link() (netif.Link, bool) {
	links := i.links.Load()
	if links == nil {
		return netif.Link{}, false
	}
	l, ok := (*links)[i.cfg.Interface]
	return l, ok
}

// request asks where routers are, from an address of our own.
func (i *inquest) request(l netif.Link, routers []netip.Addr) {
	s, err := i.host.announcer()
	if err != nil {
		return
	}
	defer s.Close()
	for _, family := range byFamily(routers) {
		source, ok := l.PrimaryIPv4(i.cfg.prefixes())
		if family[0].Is6() {
			source, ok = l.LinkLocal(i.cfg.prefixes())
		}
		if ok {
			_ = s.Request(l.Index, l.MAC, source, family)
		}
	}
}

// probe asks who has addresses.
func (i *inquest) probe(l netif.Link, addrs []netip.Addr) {
	s, err := i.host.announcer()
	if err != nil {
		return
	}
	defer s.Close()
	_ = s.Probe(l.Index, l.MAC, addrs)
}

// listen hears who claims the addresses on a link, and where the routers are.
func (i *inquest) listen(l netif.Link) {
	if i.hearing == l.Index && i.near == len(i.routers) {
		return
	}
	i.mute()
	i.listenForRouters(l)
	for _, family := range byFamily(addrsOf(i.prefixes)) {
		i.heard(i.host.ears.listen(i.cfg.Interface, l.Index, family, i.claims))
	}
	i.hearing = l.Index
}

func (i *inquest) listenForRouters(l netif.Link) {
	for _, family := range byFamily(i.routers) {
		i.heard(i.host.ears.listen(i.cfg.Interface, l.Index, family, nil))
	}
	i.near = len(i.routers)
}

func (i *inquest) heard(err error) {
	if err != nil {
		i.emit(event.Event{Name: "vrrp.error", Interface: i.cfg.Interface, Reason: "watch", Error: err.Error()})
	}
}

func (i *inquest) mute() {
	if i.hearing == 0 {
		return
	}
	for _, family := range byFamily(addrsOf(i.prefixes)) {
		i.host.ears.mute(i.cfg.Interface, family, i.claims)
	}
	i.hearing = 0
}

// leave forgets the routers, too.
func (i *inquest) leave() {
	i.mute()
	for _, family := range byFamily(i.routers) {
		i.host.ears.part(i.cfg.Interface, family)
	}
}

// virtualMAC tells whether a MAC is that of the virtual router itself (RFC 9568, 7.3), of either
// family.
func (c Instance) virtualMAC(mac garp.MAC) bool {
	return slices.ContainsFunc([]bool{false, true}, func(ipv6 bool) bool {
		return slices.Equal(mac[:], netif.VirtualLink{VRID: c.VRID, IPv6: ipv6}.MAC())
	})
}
