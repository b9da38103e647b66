package election

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// TestDeafMasterIsGivenWayTo where the configuration wants it, from the reload on; it is told, and
// the standing by is what an operator's would be, for the next life too.
func TestDeafMasterIsGivenWayTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		p.configure(shop(100))
		sleep(5 * time.Second)
		other := p.lan.Dial(51, addrB)
		speaks := func(seconds int) {
			for range seconds {
				p.advertises(other, 50)
				sleep(time.Second)
			}
		}
		speaks(30)
		if !p.holds(vip) {
			t.Error("nobody wanted it to yield")
		}
		c := shop(100)
		c.Concede = true
		p.configure(c)
		speaks(5)
		if p.holds(vip) {
			t.Errorf("it did not yield: %q", p.names())
		}
		names := p.names()
		if story := strings.Join(names, " "); !strings.Contains(story, "vrrp.split vrrp.split_yielded") || !strings.Contains(story, "master>backup:split") {
			t.Errorf("%q", names)
		}
		p.logMu.Lock()
		told := p.events[slices.IndexFunc(p.events, func(e event.Event) bool { return e.Name == "vrrp.split_yielded" })]
		p.logMu.Unlock()
		if told.Peer != addrB.String() || told.PeerPriority != 50 || told.DurationMS < 10_000 || told.Instance != "shop" {
			t.Errorf("%+v", told)
		}
		until, kept := p.plans().Standby["shop"]
		if left := time.Until(until.Until); !kept || left < 9*time.Minute || left > 10*time.Minute {
			t.Errorf("it stands by for %v, kept: %v", left, kept)
		}
		other.Close()
		sleep(5 * time.Second)
		if !p.holds(vip) {
			t.Error("it does not take over from who fell silent")
		}
		p.leave(t)
	})
}
