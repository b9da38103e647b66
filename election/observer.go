package election

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

const (
	foreignEvery = 10 * time.Second // one event per reason, whatever peers send
	lateEvery    = time.Second
	troubleEvery = 10 * time.Second
)

// observer turns what a router reports into events, so that no peer and no
// broken kernel can flood the log. It belongs to the instance's router.
type observer struct {
	cfg     Instance
	emit    func(event.Event)
	changed func(vrrp.Transition)

	before   vrrp.State // the state that Leaving was entered from
	trouble  string     // last error, the reason behind a fault
	mismatch map[string]vrrp.Packet
	limits   map[string]*limit
	splits   splits
}

func newObserver(cfg Instance, emit func(event.Event), changed func(vrrp.Transition)) *observer {
	return &observer{cfg: cfg, emit: emit, changed: changed, mismatch: map[string]vrrp.Packet{}, limits: map[string]*limit{}, splits: newSplits()}
}

// renew goes over to another configuration, with which peers may agree or not.
func (o *observer) renew(cfg Instance) {
	o.cfg = cfg
	clear(o.mismatch)
}

// Changed reports one event for each change that an operator knows as one:
// leaving is still being master.
func (o *observer) Changed(t vrrp.Transition) {
	defer o.changed(t)
	switch {
	case t.To == vrrp.Leaving:
		o.before = t.From
		return
	case t.From == vrrp.Leaving:
		t.From = o.before
	}
	if t.Reason == vrrp.ReasonRefused {
		o.emit(event.Event{Name: "vrrp.handover_refused", Reason: "no_successor"})
	}
	if t.From != t.To {
		o.emit(event.Event{
			Name: "vrrp.transition", From: t.From.String(), To: t.To.String(), Reason: t.Reason,
			Peer: text(t.Peer), PeerPriority: int(t.PeerPriority), DurationMS: event.Milliseconds(t.Silence),
		})
	}
	switch {
	case t.To == vrrp.Fault:
		o.emit(event.Event{Name: "vrrp.fault", Reason: t.Reason, Error: o.trouble})
	case t.From == vrrp.Fault:
		o.trouble = ""
		o.emit(event.Event{Name: "vrrp.fault_cleared"})
	}
}

func (o *observer) Discarded(reason vrrp.Discard, source netip.Addr) {
	o.limited("foreign "+string(reason), foreignEvery, event.Event{Name: "vrrp.foreign", Reason: string(reason), Peer: text(source)})
}

func (o *observer) Late(by time.Duration) {
	o.limited("late", lateEvery, event.Event{Name: "vrrp.late", DurationMS: event.Milliseconds(by)})
}

// Scarce says of how long what is left: the numbers to choose an interval by.
func (o *observer) Scarce(s vrrp.Scarcity) {
	e := event.Event{Name: "vrrp.late", Reason: "margin_low", DurationMS: event.Milliseconds(s.Used), Peer: text(s.Peer)}
	what := "this director's adverts were"
	if s.Peer.IsValid() {
		what = "the master's adverts were heard"
	}
	e.Error = fmt.Sprintf("%s %v late, of %v until a backup takes over", what, s.Used.Round(time.Millisecond), s.Margin.Round(time.Millisecond))
	if s.Over {
		e.Reason, e.DurationMS = "margin_restored", event.Milliseconds(s.Lasted)
	}
	o.emit(e)
}

func (o *observer) Troubled(action string, err error) {
	o.trouble = err.Error()
	o.limited("trouble "+action, troubleEvery, event.Event{Name: "vrrp.error", Reason: action, Error: err.Error()})
}

// limited emits the first event of a key and then one in a while, which carries
// the number of those left out.
func (o *observer) limited(key string, every time.Duration, e event.Event) {
	if n, ok := o.limit(key, every).allow(time.Now(), 1); ok {
		e.Count = n
		o.emit(e)
	}
}

func (o *observer) limit(key string, every time.Duration) *limit {
	l := o.limits[key]
	if l == nil {
		l = &limit{every: every}
		o.limits[key] = l
	}
	return l
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
