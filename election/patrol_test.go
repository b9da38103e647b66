package election

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// fakeOthers say the same whenever they are asked, without end.
type fakeOthers struct {
	f     *fakeHost
	heard []vrrp.Sighting
	at    int
}

func (o *fakeOthers) Next() (vrrp.Sighting, error) {
	o.f.mu.Lock()
	defer o.f.mu.Unlock()
	if len(o.heard) == 0 {
		return vrrp.Sighting{}, vrrp.ErrEmpty
	}
	o.at++
	o.f.looks++
	return o.heard[o.at%len(o.heard)], nil
}

func (o *fakeOthers) Close() error {
	o.f.mu.Lock()
	defer o.f.mu.Unlock()
	o.f.posts--
	return nil
}

// TestAddressesInUse: who claims our addresses under another VRID is reported,
// whoever claims others is not; however much is said, little is read and little
// reported.
func TestAddressesInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sighting := func(address netip.Addr, discard vrrp.Discard) vrrp.Sighting {
			return vrrp.Sighting{Version: 3, Discard: discard, Packet: vrrp.Packet{
				Source:        addrB,
				Advertisement: vrrp.Advertisement{VRID: 77, Priority: 200, Interval: time.Second, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7"), address}},
			}}
		}
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.heard = []vrrp.Sighting{sighting(vip.Addr(), vrrp.BadTTL), sighting(netip.MustParseAddr("192.0.2.8"), "")}
		a := launch(f, false)
		a.configure(shop(150))
		sleep(10 * time.Second)
		if e, found := a.find("vrrp.foreign"); found {
			t.Errorf("reported: %+v", e)
		}
		f.mu.Lock()
		if f.posts != 1 || f.looks > 11*maxSightings {
			t.Errorf("%d listeners, %d looks in ten seconds", f.posts, f.looks)
		}
		f.heard[1] = sighting(vip.Addr(), "")
		f.mu.Unlock()
		sleep(21 * time.Second)
		n := 0
		for _, e := range a.all() {
			if e.Name == "vrrp.foreign" {
				n++
				if e.Reason != "addresses_in_use" || e.Instance != "shop" || e.VRID != 77 || e.Peer != addrB.String() || e.Address != vip.Addr().String() {
					t.Errorf("%+v", e)
				}
			}
		}
		if n < 2 || n > 3 {
			t.Errorf("reported %d times in 21 seconds", n)
		}
		a.configure()
		sleep(2 * time.Second)
		f.mu.Lock()
		if f.posts != 0 {
			t.Errorf("%d listeners without instances", f.posts)
		}
		f.mu.Unlock()
		a.leave(t)
	})
}
