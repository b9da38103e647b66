package election

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

func TestFloodMakesFewEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []event.Event
		o := newObserver(shop(150), func(e event.Event) { events = append(events, e) }, func(vrrp.Transition) {})
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

// Who is late by how much, and of how much: what an interval is chosen by.
func TestScarcityIsToldInNumbers(t *testing.T) {
	var events []event.Event
	o := newObserver(shop(150), func(e event.Event) { events = append(events, e) }, func(vrrp.Transition) {})
	o.Scarce(vrrp.Scarcity{Used: 2 * time.Second, Margin: 2609375 * time.Microsecond, Peer: addrB})
	o.Scarce(vrrp.Scarcity{Used: 1500 * time.Millisecond, Margin: 2414 * time.Millisecond, Over: true, Lasted: time.Minute})
	want := []event.Event{
		{Name: "vrrp.late", Reason: "margin_low", DurationMS: 2000, Peer: "192.0.2.12", Error: "the master's adverts were heard 2s late, of 2.609s until a backup takes over"},
		{Name: "vrrp.late", Reason: "margin_restored", DurationMS: 60000, Error: "this director's adverts were 1.5s late, of 2.414s until a backup takes over"},
	}
	if d := cmp.Diff(want, events); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

// What both sides say is in the event: at three in the morning nobody wants to look
// for the other director's configuration.
func TestMismatchNamesBothSides(t *testing.T) {
	ours := shop(150)
	ours.Version, ours.Checksum = 3, "rfc5798"
	two := shop(150)
	two.Version = 2
	other := netip.MustParseAddr("192.0.2.200")
	for _, tt := range []struct {
		ours Instance
		what string
		p    vrrp.Packet
		want string
	}{
		{ours, "version", vrrp.Packet{Version: 2}, "it speaks version 2, this director 3: neither hears the other"},
		{ours, "interval", vrrp.Packet{Advertisement: vrrp.Advertisement{Interval: 2 * time.Second}}, "it says 2s, this director 1s"},
		{two, "interval", vrrp.Packet{Advertisement: vrrp.Advertisement{Interval: 2 * time.Second}}, "it says 2s, this director 1s: neither hears the other"},
		{ours, "checksum", vrrp.Packet{Checksum: vrrp.RFC9568}, "it sends rfc9568, this director rfc5798"},
		{ours, "addresses", vrrp.Packet{Advertisement: vrrp.Advertisement{Addresses: []netip.Addr{vip.Addr(), other}}}, "it has 192.0.2.100 192.0.2.200, this director 192.0.2.100"},
		{ours, "addresses", vrrp.Packet{}, "it has none, this director 192.0.2.100"},
		{ours, "owner", vrrp.Packet{}, ""},
	} {
		var events []event.Event
		newObserver(tt.ours, func(e event.Event) { events = append(events, e) }, func(vrrp.Transition) {}).Mismatched(tt.what, tt.p)
		if len(events) != 1 || events[0].Reason != tt.what || events[0].Error != tt.want {
			t.Errorf("%s: %+v, want %q", tt.what, events, tt.want)
		}
	}
}

func TestMismatchIsReportedOnChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []event.Event
		o := newObserver(shop(150), func(e event.Event) { events = append(events, e) }, func(vrrp.Transition) {})
		p := vrrp.Packet{Source: addrA, Advertisement: vrrp.Advertisement{Interval: 2 * time.Second, Priority: 100}}
		for range 20 {
			o.Mismatched("interval", p)
			time.Sleep(time.Second)
		}
		p.Interval = 3 * time.Second
		o.Mismatched("interval", p)
		if len(events) != 2 || events[1].DurationMS != 3000 || events[1].PeerPriority != 100 {
			t.Errorf("%+v", events)
		}
	})
}

// A forger may claim something else in every packet, in anybody's name; the
// mismatch of a real peer is still told before long.
func TestMismatchesOfAForgerAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []event.Event
		o := newObserver(shop(150), func(e event.Event) { events = append(events, e) }, func(vrrp.Transition) {})
		forged := vrrp.Packet{Source: netip.MustParseAddr("192.0.2.99")}
		for i := range 20000 {
			forged.Source = forged.Source.Next()
			forged.Interval = time.Duration(i) * vrrp.MinInterval
			o.Mismatched("interval", forged)
			time.Sleep(time.Millisecond)
		}
		if len(events) != 2 {
			t.Errorf("%d events in 20 s, want 2", len(events))
		}
		for range 15 {
			o.Mismatched("interval", vrrp.Packet{Source: addrA, Advertisement: vrrp.Advertisement{Interval: 2 * time.Second}})
			time.Sleep(time.Second)
		}
		if n := len(events); n != 3 || events[n-1].Peer != "192.0.2.11" {
			t.Errorf("the peer is not among %+v", events)
		}
	})
}

func TestAFaultThatTurnsIntoAnotherIsToldAgain(t *testing.T) {
	var events []event.Event
	o := newObserver(shop(150), func(e event.Event) { events = append(events, e) }, func(vrrp.Transition) {})
	o.Changed(vrrp.Transition{From: vrrp.Initialize, To: vrrp.Fault, Reason: "interface_missing"})
	o.Changed(vrrp.Transition{From: vrrp.Fault, To: vrrp.Fault, Reason: "link_down"})
	var story []string
	for _, e := range events {
		story = append(story, e.Name+" "+e.Reason)
	}
	if diff := cmp.Diff([]string{"vrrp.transition interface_missing", "vrrp.fault interface_missing", "vrrp.fault link_down"}, story); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
