package election

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp/vrrptest"
)

var third = netip.MustParsePrefix("192.0.2.102/24")

// TestAddressesInPlace: a master whose addresses change claims and announces what is new,
// releases what is gone, leaves the rest alone and stays master; a backup that takes over
// has the new ones.
func TestAddressesInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		a, b := newFakeHost(lan, addrA), newFakeHost(lan, addrB)
		master, backup := launch(a, false), launch(b, false)
		master.configure(shop(150))
		backup.configure(shop(100))
		sleep(12 * time.Second)
		mark, claims, announced, sent := len(master.names()), a.claims, len(a.announced[2]), master.status()[0].AdvertsSent

		next := shop(150)
		next.Addresses = append(next.Addresses, Address{Prefix: third})
		master.configure(next)
		sleep(100 * time.Millisecond)
		if got := strings.Join(master.names()[mark:], " "); got != "address.claimed" {
			t.Errorf("events %s", got)
		}
		if _, held := a.addrs[third]; !held || a.claims == claims {
			t.Errorf("held: %v", a.addrs)
		}
		if new := a.announced[2][announced:]; len(new) == 0 || new[len(new)-1] != third.Addr() {
			t.Errorf("announced %v", new)
		}
		if got := master.status()[0].VirtualAddresses; got[len(got)-1] != third.String() {
			t.Errorf("status %v", got)
		}
		next.Addresses = []Address{{Prefix: third}}
		backup.configure(func() Instance { n := next; n.Priority = 100; return n }())
		master.configure(next)
		sleep(10 * time.Second)
		if got := strings.Join(master.names()[mark:], " "); got != "address.claimed address.released" || len(a.addrs) != 1 {
			t.Errorf("events %s; held: %v", got, a.addrs)
		}
		if n := master.status()[0].AdvertsSent - sent; n < 9 || n > 11 {
			t.Errorf("%d adverts in 10 s", n)
		}
		if len(b.addrs) > 0 {
			t.Errorf("the backup holds %v", b.addrs)
		}
		master.leave(t)
		sleep(5 * time.Second)
		if _, held := b.addrs[third]; !held || len(b.addrs) != 1 || len(a.addrs) != 0 {
			t.Errorf("after the takeover: %v, and the old master %v", b.addrs, a.addrs)
		}
		backup.leave(t)
	})
}

// TestAddressesGoBack: where the kernel does not take a new address the configuration is
// refused, and what was released for it is back at once. Where it does not take that
// either, the election knows.
func TestAddressesGoBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		a := launch(f, false)
		a.configure(shop(150))
		sleep(12 * time.Second)
		mark := len(a.names())
		next := shop(150)
		next.Addresses = addresses(third)
		f.claimErr, f.claimErrOf = errors.New("no room"), third
		a.configure(next)
		if got := a.refusal(); !strings.Contains(got, "no room") {
			t.Errorf("answer %q", got)
		}
		if !f.holds(vip) || f.holds(third) {
			t.Errorf("held: %v", f.addrs)
		}
		a.configure(shop(150))
		sleep(10 * time.Second)
		if got := strings.Join(a.names()[mark:], " "); got != "address.released address.claimed" || a.refusal() != "" || !f.holds(vip) {
			t.Errorf("events %s, answer %q, held: %v", got, a.refusal(), f.addrs)
		}
		f.claimErrOf = netip.Prefix{}
		a.configure(next)
		sleep(100 * time.Millisecond)
		if s := a.status()[0]; s.State != "fault" || s.Faults[0] != "claim" {
			t.Errorf("%+v", s)
		}
		f.claimErr = nil
		a.configure(shop(150))
		sleep(10 * time.Second)
		if s := a.status()[0]; s.State != "master" || !f.holds(vip) {
			t.Errorf("%+v, held: %v", s, f.addrs)
		}
		a.leave(t)
	})
}
