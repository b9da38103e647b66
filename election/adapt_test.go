package election

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp/vrrptest"
)

// TestConfiguredInPlace: a master whose weight in the election changes stays master
// all the while, keeps its counters, sends every advert, and announces nothing.
func TestConfiguredInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(shop(150))
		sleep(12 * time.Second) // the second burst is over
		mark, said, sent := len(a.names()), a.announcements(), a.status()[0].AdvertsSent
		next := shop(120)
		next.NoPreempt = true
		next.Trackers = []Tracker{{Kind: trackInterface, Name: "eth0", Weight: -10}}
		for i := range 50 {
			next.Priority = 120 + uint8(i%2)
			a.configure(next)
			sleep(200 * time.Millisecond)
		}
		for _, n := range a.names()[mark:] {
			if n != "vrrp.priority" && n != "track.up" {
				t.Errorf("event %s", n)
			}
		}
		s := a.status()[0]
		if s.State != "master" || s.Priority != 121 || s.EffectivePriority != 121 || len(s.Trackers) != 1 {
			t.Errorf("status: %+v", s)
		}
		if got := s.AdvertsSent - sent; got < 9 || got > 11 {
			t.Errorf("%d adverts in 10 s, want one a second", got)
		}
		if n := a.announcements(); n != said {
			t.Errorf("%d announcements of an address that stayed", n-said)
		}
		next.VRID++
		a.configure(next)
		sleep(5 * time.Second)
		if names := a.names(); names[len(names)-1] != "backup>master:master_silent" {
			t.Errorf("another virtual router did not begin anew: %v", names[mark:])
		}
		a.leave(t)
	})
}

// TestTrackersJoin: a master to which trackers are added goes on until they are known, with
// its priority, whatever failing would mean, and then they count.
func TestTrackersJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(shop(150))
		sleep(12 * time.Second)
		mark := len(a.names())
		next := shop(150)
		next.Trackers = []Tracker{{Kind: "exec", Name: "must"}, {Kind: "exec", Name: "should", Weight: -30}, {Kind: trackFile, Name: "offset"}}
		a.configure(next)
		sleep(5 * time.Second)
		if s := a.status()[0]; len(a.names()) > mark || s.State != "master" || s.EffectivePriority != 150 || s.Trackers[0].State != trackUnknown {
			t.Errorf("events %v, status %+v", a.names()[mark:], s)
		}
		a.enc.Encode(Command{Track: &Track{Verdicts: []Verdict{
			{Instance: "shop", Kind: "exec", Name: "must", State: trackUp}, {Instance: "shop", Kind: "exec", Name: "should", State: trackDown},
		}}})
		sleep(2 * time.Second)
		if s := a.status()[0]; s.State != "master" || s.EffectivePriority != 120 {
			t.Errorf("%+v", s)
		}
		a.enc.Encode(Command{Track: &Track{Verdicts: []Verdict{{Instance: "shop", Kind: "exec", Name: "must", State: trackDown}}}})
		sleep(2 * time.Second)
		if s := a.status()[0]; s.State != "fault" || s.Faults[0] != "track_exec:must" {
			t.Errorf("%+v", s)
		}
		a.leave(t)
	})
}
