package election

import (
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// An announcement calls this node a router exactly when the kernel does.
func TestAnnouncementSaysWhetherTheLinkForwards(t *testing.T) {
	f := newFakeHost(vrrptest.NewLAN(), addrA)
	cfg := shop(100)
	cfg.Addresses = addresses(netip.MustParsePrefix("2001:db8::9/64"))
	for _, forwards := range []bool{true, false} {
		var links atomic.Pointer[netif.Links]
		links.Store(&netif.Links{"eth0": {Index: 2, Forwarding6: forwards}})
		newHolder(cfg, &links, f, fakeAnnouncer{f}, f.host(), func(event.Event) {}).Announce(time.Now())
		if f.announcements() == 0 || f.asRouter != forwards {
			t.Errorf("forwarding %v: %d announcements, the last as router: %v", forwards, f.announcements(), f.asRouter)
		}
	}
}
