package election

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

func TestFloodMakesFewEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []event.Event
		o := newObserver(func(e event.Event) { events = append(events, e) }, func(vrrp.Transition) {})
		for range 20000 {
			o.Discarded(vrrp.BadChecksum, addrA)
			o.Discarded(vrrp.BadTTL, addrA)
			time.Sleep(time.Millisecond)
		}
		if len(events) != 4 {
			t.Errorf("%d events in 20 s, want 2 for each reason", len(events))
		}
		if e := events[2]; e.Name != "vrrp.foreign" || e.Reason != "checksum" || e.Count != 10000 || e.Peer != "192.0.2.11" {
			t.Errorf("%+v", e)
		}
	})
}

func TestMismatchIsReportedOnChange(t *testing.T) {
	var events []event.Event
	o := newObserver(func(e event.Event) { events = append(events, e) }, func(vrrp.Transition) {})
	p := vrrp.Packet{Source: addrA, Advertisement: vrrp.Advertisement{Interval: 2 * time.Second, Priority: 100}}
	for range 10 {
		o.Mismatched("interval", p)
	}
	p.Interval = 3 * time.Second
	o.Mismatched("interval", p)
	if len(events) != 2 || events[1].DurationMS != 3000 || events[1].PeerPriority != 100 {
		t.Errorf("%+v", events)
	}
}
