package election

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp/vrrptest"
)

func TestHandover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		a, b := launch(newFakeHost(lan, addrA), false), launch(newFakeHost(lan, addrB), false)
		a.configure(shop(150))
		b.configure(shop(100))
		sleep(5 * time.Second)
		mark := len(a.names())
		a.enc.Encode(Command{Handover: &Handover{Instances: []string{"shop"}}})
		for !b.holds(vip) {
			if !a.holds(vip) {
				t.Fatal("nobody holds the address")
			}
			sleep(time.Millisecond)
		}
		sleep(time.Hour)
		if a.holds(vip) || !b.holds(vip) {
			t.Errorf("an hour later a holds: %v, b holds: %v", a.holds(vip), b.holds(vip))
		}
		a.enc.Encode(Command{TakeBack: &TakeBack{}})
		sleep(5 * time.Second)
		if !a.holds(vip) || b.holds(vip) {
			t.Errorf("taken back, a holds: %v, b holds: %v", a.holds(vip), b.holds(vip))
		}
		expect(t, "a", a.names()[mark:], "address.released", "master>backup:handover", "address.claimed", "backup>master:preempt")
		b.leave(t)
		mark = len(a.names())
		a.enc.Encode(Command{Handover: &Handover{}})
		sleep(5 * time.Second)
		if got := a.names()[mark:]; !a.holds(vip) || !slices.Equal(got, []string{"vrrp.handover_refused"}) {
			t.Errorf("alone, a holds: %v, %q", a.holds(vip), got)
		}
		a.leave(t)
	})
}
