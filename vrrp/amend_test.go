package vrrp_test

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// TestAmendedAuthentication: the Conn that is open goes over to other keys, and the next one
// is opened with them; a master goes on advertising all the while. What cannot be held
// leaves the keys as they were.
func TestAmendedAuthentication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, vrrptest.NewLAN(), addrA, 150)
		sleep(10 * time.Second)
		open, mark, sent := n.port, n.mark(), n.stats().Sent
		dialed := 0
		amend := func(password string, failure error) error {
			return n.Amend([]vrrp.Amendment{{
				Advertised: []netip.Addr{vip}, Sign: vrrp.Authentication{Password: password},
				Dial: func(l vrrp.Link) (vrrp.Conn, error) { dialed++; return n.dial(l) },
				Hold: func(time.Time, vrrp.State) error { return failure },
				Back: func(time.Time, vrrp.State) error { return nil },
			}}, n.stopped)
		}
		if err := amend("new", nil); err != nil || open.Signed().Password != "new" || dialed > 0 {
			t.Errorf("%v, signs with %q, %d Conns opened", err, open.Signed().Password, dialed)
		}
		if err := amend("newer", errors.New("no room")); err == nil || open.Signed().Password != "new" {
			t.Errorf("%v, signs with %q", err, open.Signed().Password)
		}
		sleep(10 * time.Second)
		if got := n.stats().Sent - sent; got != 10 {
			t.Errorf("%d adverts in 10 s", got)
		}
		expect(t, "the master was disturbed", n.since(mark))
		n.SetLinks(vrrp.Link{Index: 2, Source: addrB})
		synctest.Wait()
		if dialed != 1 {
			t.Errorf("%d Conns opened the new way", dialed)
		}
		n.stop()
		<-n.stopped
	})
}
