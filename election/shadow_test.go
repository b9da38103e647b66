package election

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp/vrrptest"
)

// A shadow that would be master says so; the others never hear of it, and nothing
// of its host is touched.
func TestShadowOnlyListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		trial, real := newFakeHost(lan, addrA), newFakeHost(lan, addrB)
		a, b := launchOn(trial, shadow(trial.host()), false), launch(real, false)
		config := shop(150)
		config.VirtualMAC = true
		a.configure(config)
		b.configure(shop(100))
		sleep(time.Minute)
		if s := a.status(); len(s) != 1 || s[0].State != "master" {
			t.Errorf("the shadow: %+v", s)
		}
		if s := b.status(); len(s) != 1 || s[0].State != "master" || !b.holds(vip) {
			t.Errorf("the director: %+v", s)
		}
		a.leave(t)
		sleep(time.Second)
		if b.status()[0].State != "master" || slices.ContainsFunc(b.names(), func(n string) bool { return n == "master>backup:higher_priority" }) {
			t.Errorf("the director heard the shadow: %v", b.names())
		}
		if trial.claims+trial.releases+trial.promotions+trial.announcements()+len(trial.probed)+len(trial.deeds) > 0 {
			t.Errorf("the shadow touched its host: %d claims, %d releases, %d settings, %d announcements, probes of %v, %v",
				trial.claims, trial.releases, trial.promotions, trial.announcements(), trial.probed, trial.deeds)
		}
		b.leave(t)
	})
}

// A shadow hears who is master.
func TestShadowHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		trial := newFakeHost(lan, addrA)
		a, b := launchOn(trial, shadow(trial.host()), false), launch(newFakeHost(lan, addrB), false)
		a.configure(shop(100))
		b.configure(shop(150))
		sleep(time.Minute)
		if s := a.status(); s[0].State != "backup" || s[0].Master != addrB.String() {
			t.Errorf("the shadow: %+v", s)
		}
		b.leave(t)
		a.leave(t)
	})
}
