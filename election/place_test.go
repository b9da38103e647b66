package election

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// inside is held on eth1, and no advertisement names it.
var inside = Address{Prefix: netip.MustParsePrefix("10.1.0.9/24"), Interface: "eth1", Label: "eth1:vip", Quiet: true}

func TestAddressOnAnotherInterface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		cfg := shop(150)
		cfg.Addresses = append(cfg.Addresses, inside)
		a.configure(cfg)
		sleep(time.Second)
		if s := a.status()[0]; !slices.Equal(s.Faults, []string{"interface_missing:eth1"}) {
			t.Errorf("without eth1: %+v", s)
		}
		a.change(func() { a.eth1 = linkDown })
		sleep(time.Second)
		if s := a.status()[0]; !slices.Equal(s.Faults, []string{"link_down:eth1"}) {
			t.Errorf("with eth1 down: %+v", s)
		}
		a.change(func() { a.eth1 = linkUp })
		sleep(5 * time.Second)
		if s := a.status()[0]; s.State != "master" || !a.holds(vip) || !a.holds(inside.Prefix) {
			t.Errorf("with eth1: %+v", s)
		}
		if got := a.where(inside.Prefix); got != 3 {
			t.Errorf("held on link %d, want eth1, which is 3", got)
		}
		if got := a.announcedOn(3); len(got) != 5 || got[0] != inside.Prefix.Addr() {
			t.Errorf("announced on eth1: %v", got)
		}
		if slices.Contains(a.announcedOn(2), inside.Prefix.Addr()) {
			t.Error("announced where it is not")
		}
		mark := len(a.names())
		a.change(func() { delete(a.addrs, inside.Prefix) })
		sleep(time.Second)
		if !a.holds(inside.Prefix) {
			t.Error("not restored")
		}
		expect(t, "events", a.names()[mark:], "address.restored")
		sleep(time.Hour)
		if !a.holds(inside.Prefix) {
			t.Error("the lease was not renewed")
		}
		mark = len(a.names())
		a.change(func() { a.eth1 = linkGone })
		sleep(time.Second)
		expect(t, "eth1 gone", a.names()[mark:], "address.released", "address.released", "master>fault:interface_missing:eth1", "vrrp.fault")
		if a.holds(vip) || a.holds(inside.Prefix) {
			t.Error("a fault holds addresses")
		}
		a.leave(t)
	})
}

// TestFightForAnAddress: who removes an address for as long as we live never gets it,
// and does not fill the log.
func TestFightForAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(shop(150))
		sleep(5 * time.Second)
		mark := len(a.all())
		for range 1000 {
			a.change(func() { delete(a.addrs, vip) })
			if !a.holds(vip) {
				t.Fatal("not restored at once")
			}
			sleep(100 * time.Millisecond)
		}
		told, repairs := 0, 0
		for _, e := range a.all()[mark:] {
			if e.Name != "address.restored" {
				t.Errorf("%+v", e)
			}
			told, repairs = told+1, repairs+e.Count
		}
		if told != 19 || repairs < 900 {
			t.Errorf("%d events of %d repairs in 100 s, want 10 at once and 9 in the time after, and what they stand for", told, repairs)
		}
		a.leave(t)
	})
}

// An address that a renewal puts back before its removal is heard of was removed
// all the same.
func TestRestoredByARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(shop(150))
		sleep(15 * time.Second)
		a.change(func() {}) // the watcher has seen the addresses
		mark, before := len(a.names()), a.announcements()
		old := a.snapshot()
		link := old["eth0"]
		link.Addrs = link.Addrs[:1]
		a.views <- netif.Links{"eth0": link}
		sleep(500 * time.Millisecond)
		expect(t, "removed", a.names()[mark:], "address.restored")
		if a.announcements() == before {
			t.Error("not announced again")
		}
		a.views <- netif.Links{"eth0": link} // old news
		sleep(500 * time.Millisecond)
		expect(t, "told once", a.names()[mark:], "address.restored")
		a.leave(t)
	})
}

// Neighbours learn at once that the addresses have moved to another MAC.
func TestAnotherMAC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.mac = net.HardwareAddr{2, 0, 0, 0, 0, 1}
		a := launch(f, false)
		a.configure(shop(150))
		sleep(15 * time.Second) // both bursts are over
		before := a.announcements()
		a.change(func() { a.mac = net.HardwareAddr{2, 0, 0, 0, 0, 2} })
		f.mu.Lock()
		at := f.lastMAC
		f.mu.Unlock()
		if after := a.announcements(); after != before+1 || at != "02:00:00:00:00:02" {
			t.Errorf("%d more announcements, the last of %s", after-before, at)
		}
		sleep(10 * time.Second)
		if after := a.announcements(); after != before+2 {
			t.Errorf("%d more announcements, want it repeated once", after-before)
		}
		a.leave(t)
	})
}

// TestManyLeases: a thousand leases are renewed a few at a time, and whenever the
// master dies each lasts until the peer of the lowest priority takes over.
func TestManyLeases(t *testing.T) {
	for lease, rounds := range map[time.Duration]int{5 * time.Second: 50, time.Minute: 50 / 20} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeHost(vrrptest.NewLAN(), addrA)
			a := launch(f, false)
			cfg := shop(150)
			cfg.Lease = lease
			for i := range 1000 {
				cfg.Addresses = append(cfg.Addresses, Address{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(i / 250), byte(i%250 + 1)}), 32), Quiet: true})
			}
			a.configure(cfg)
			sleep(5 * time.Second)
			shortest := lease
			for range 500 {
				sleep(100*time.Millisecond + 7*time.Microsecond)
				for _, address := range cfg.Addresses {
					shortest = min(shortest, a.lease(address.Prefix))
				}
			}
			if shortest < vrrp.DownInterval(3, 1, time.Second) {
				t.Errorf("of a lease of %v, only %v was left", lease, shortest)
			}
			f.mu.Lock()
			turns, most := len(f.renewals), slices.Max(f.renewals)
			f.mu.Unlock()
			if want := (rounds + 6) * (1000/portion + 1); most > portion || turns > want {
				t.Errorf("of a lease of %v, %d turns, at most %d expected, of up to %d addresses", lease, turns, want, most)
			}
			a.leave(t)
		})
	}
}

func TestLeftoversOnAnotherInterface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.eth1 = linkUp
		f.addrs[inside.Prefix], f.on[inside.Prefix] = time.Now().Add(time.Hour), 3
		f.addrs[second], f.on[second] = time.Now().Add(time.Hour), 3 // ours, but not there
		cfg := shop(150)
		cfg.Addresses = append(addresses(vip, second), inside)
		a := launch(f, false)
		a.configure(cfg)
		if !f.holds(inside.Prefix) {
			t.Error("released before the successor is heard")
		}
		if got := a.where(second); got != 2 {
			t.Errorf("an address left on the wrong link is on %d, want 2, where it is claimed to be handed over", got)
		}
		sleep(time.Second)
		if f.holds(inside.Prefix) || f.holds(vip) {
			t.Error("one interval later the addresses must be gone")
		}
		a.leave(t)
	})
}
