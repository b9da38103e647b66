package election

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

func TestBlame(t *testing.T) {
	const port = 1 << 31 // no process's id
	primary := netip.PrefixFrom(addrA, 24)
	alone := netif.Loss{Prefix: vip, Port: port}
	along := netif.Loss{Prefix: vip, Primary: primary, Port: port}
	for name, c := range map[string]struct {
		losses   []netif.Loss
		down     bool
		bare     bool // the link lacks the host's primary
		gone     bool // it does in the kernel, and not in the snapshot
		replaced bool
		want     event.Event
	}{
		"nothing is known":          {want: event.Event{Reason: "removed"}},
		"of another address":        {losses: []netif.Loss{{Prefix: second, Port: port}}, want: event.Event{Reason: "removed"}},
		"somebody asked":            {losses: []netif.Loss{along}, want: event.Event{Reason: "deleted", By: "netlink port 2147483648"}},
		"nobody asked":              {losses: []netif.Loss{{Prefix: vip}}, want: event.Event{Reason: "removed"}},
		"with its primary":          {losses: []netif.Loss{along}, bare: true, want: event.Event{Reason: "primary_removed", By: "netlink port 2147483648", Error: "the kernel dropped it with 192.0.2.11/24"}},
		"the snapshot was early":    {losses: []netif.Loss{along}, gone: true, want: event.Event{Reason: "primary_removed", By: "netlink port 2147483648", Error: "the kernel dropped it with 192.0.2.11/24"}},
		"the newest counts":         {losses: []netif.Loss{along, alone}, bare: true, want: event.Event{Reason: "deleted", By: "netlink port 2147483648"}},
		"the link went down and up": {losses: []netif.Loss{{Prefix: vip, LinkDown: true}}, want: event.Event{Reason: "link_down"}},
		"it is down":                {down: true, want: event.Event{Reason: "link_down"}},
		"another link has the name": {losses: []netif.Loss{alone}, replaced: true, want: event.Event{Reason: "link_replaced", By: "netlink port 2147483648"}},
	} {
		l := netif.Link{Up: !c.down, Losses: c.losses}
		if !c.bare {
			l.Addrs = []netif.Address{{Prefix: primary}}
		}
		if d := cmp.Diff(c.want, blame(event.Event{}, l, c.replaced, []netip.Prefix{vip}, func(p netip.Prefix) bool { return c.gone && p == primary })); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// The event of a repair has it.
func TestRestoredTellsWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(shop(150))
		sleep(5 * time.Second)
		a.told()
		lost := a.snapshot()
		link := lost["eth0"]
		link.Addrs, link.Losses = link.Addrs[:1], []netif.Loss{{Prefix: vip, Port: 1 << 31}}
		a.views <- netif.Links{"eth0": link}
		sleep(time.Second)
		if got := a.reason("address.restored"); got != "deleted" {
			t.Errorf("reason %q", got)
		}
		a.leave(t)
	})
}
