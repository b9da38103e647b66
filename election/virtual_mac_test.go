package election

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

const vr51 = "vr4-51-eth0"

func virtualShop(priority uint8) Instance {
	cfg := shop(priority)
	cfg.VirtualMAC = true
	return cfg
}

func TestVirtualMAC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(virtualShop(150))
		sleep(time.Second)
		if l := a.onVirtual(vr51); l.Index == 0 || l.Up || a.holds(vip) {
			t.Errorf("as backup: %+v", l)
		}
		sleep(5 * time.Second)
		a.change(func() {}) // the watcher tells of our own doing
		l := a.onVirtual(vr51)
		if !l.Up || a.where(vip) != l.Index || a.virtual.via != l.Index || a.virtual.made != 1 {
			t.Errorf("as master: %+v, %s on link %d, adverts by %d, %d links made", l, vip, a.where(vip), a.virtual.via, a.virtual.made)
		}
		if len(a.announcedOn(2)) > 0 || len(a.announcedOn(l.Index)) == 0 {
			t.Errorf("announced on eth0: %v, on the virtual link: %v", a.announcedOn(2), a.announcedOn(l.Index))
		}
		sleep(2 * time.Second)
		if s := a.status()[0]; s.VirtualMAC != "00:00:5e:00:01:33" || s.VirtualInterface != vr51 || s.Interface != "eth0" {
			t.Errorf("status %+v", s)
		}
		expect(t, "events", a.names(), "init>backup:startup", "address.claimed", "backup>master:master_silent", "virtual_mac.ready")

		sleep(time.Hour)
		if !a.holds(vip) {
			t.Error("the lease was not renewed")
		}
		mark := len(a.names())
		a.change(func() { a.virtual.set(l.Index, false) }) // by somebody
		sleep(2 * time.Second)
		if !a.onVirtual(vr51).Up {
			t.Error("the link is down")
		}
		a.change(func() {})
		sleep(2 * time.Second)
		a.change(func() { delete(a.virtual.links, vr51); delete(a.addrs, vip) })
		a.change(func() {})
		sleep(2 * time.Second)
		again := a.onVirtual(vr51)
		if !again.Up || again.Index == l.Index || a.where(vip) != again.Index || a.virtual.via != again.Index {
			t.Errorf("made again: %+v, %s on link %d, adverts by %d", again, vip, a.where(vip), a.virtual.via)
		}
		expect(t, "repair", a.names()[mark:], "address.restored", "virtual_mac.ready", "address.restored", "virtual_mac.ready")
		a.leave(t)
		if l := a.onVirtual(vr51); l.Index != 0 {
			t.Errorf("left behind: %+v", l)
		}
	})
}

func TestVirtualMACFaults(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		fault string
	}{
		"taken":       {&netif.ForeignLinkError{Name: vr51}, "virtual_mac_name_taken"},
		"no macvlan":  {netif.ErrNoMacvlan, "virtual_mac_unsupported"},
		"unpermitted": {netif.ErrPermission, "virtual_mac_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeHost(vrrptest.NewLAN(), addrA)
				f.virtual.err = c.err
				a := launch(f, false)
				a.configure(virtualShop(150))
				sleep(5 * time.Second)
				if s := a.status()[0]; !slices.Equal(s.Faults, []string{c.fault}) || a.holds(vip) {
					t.Errorf("got %+v", s)
				}
				expect(t, "events", a.names(), "virtual_mac.failed", "init>fault:"+c.fault, "vrrp.fault")
				f.mu.Lock()
				f.virtual.err = nil
				f.mu.Unlock()
				sleep(10 * time.Second)
				if s := a.status()[0]; s.State != "master" || !a.holds(vip) {
					t.Errorf("it did not come back by itself: %+v", s)
				}
				a.leave(t)
			})
		})
	}
}

func TestVirtualMACSelfTest(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*fakeVirtual)
		reason string
	}{
		"settings": {func(v *fakeVirtual) { v.faults = []netif.VirtualFault{{Reason: "arp_filter"}, {Reason: "rp_filter"}} }, "arp_filter rp_filter"},
		"frames":   {func(v *fakeVirtual) { v.mute = true }, "frames"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeHost(vrrptest.NewLAN(), addrA)
				c.spoil(&f.virtual)
				a := launch(f, false)
				a.configure(virtualShop(150))
				sleep(5 * time.Second)
				a.change(func() {})
				sleep(5 * time.Second)
				if got := a.reason("virtual_mac.wrong"); got != c.reason {
					t.Errorf("reason %q, want %q", got, c.reason)
				}
				if s := a.status()[0]; s.State != "master" {
					t.Errorf("a test changes nothing: %+v", s)
				}
				a.leave(t)
			})
		})
	}
}

func TestVirtualLinkOfNobodyIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		stray := netif.VirtualLink{Parent: netif.Link{Name: "eth0", Index: 2}, VRID: 7}
		own := netif.VirtualLink{Parent: netif.Link{Name: "eth0", Index: 2}, VRID: 51}
		for _, v := range []netif.VirtualLink{stray, own} {
			if _, err := (fakeLinks{f}).Ensure(v); err != nil {
				t.Fatal(err)
			}
		}
		before := f.onVirtual(vr51)
		a := launch(f, false)
		sleep(2 * time.Second)
		if f.onVirtual(stray.Name()).Index == 0 {
			t.Error("removed before anything is configured")
		}
		a.configure(virtualShop(150))
		sleep(2 * time.Second)
		if f.onVirtual(stray.Name()).Index != 0 || f.onVirtual(vr51).Index != before.Index {
			t.Errorf("links %v", f.virtual.links)
		}
		a.configure(shop(150)) // now without
		sleep(5 * time.Second)
		a.change(func() {})
		sleep(2 * time.Second)
		if f.onVirtual(vr51).Index != 0 || a.where(vip) != 0 && a.where(vip) != 2 {
			t.Errorf("links %v, %s on %d", f.virtual.links, vip, a.where(vip))
		}
		a.leave(t)
	})
}

func TestCleanupRemovesVirtualLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		cfg := virtualShop(150)
		l, err := (fakeLinks{f}).Ensure(cfg.virtualLink(netif.Link{Name: "eth0", Index: 2}))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.ClaimVirtual(l.Index, 2, []netif.Virtual{{Prefix: vip}}, time.Minute); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if err := cleanup(context.Background(), Config{Instances: []Instance{cfg}}, nil, f.host()); err != nil {
			t.Fatal(err)
		}
		if f.holds(vip) || f.onVirtual(vr51).Index != 0 || time.Since(begun) < cfg.Interval {
			t.Errorf("held %v, links %v, after %v", f.holds(vip), f.virtual.links, time.Since(begun))
		}
	})
}

func TestHomeOfAddresses(t *testing.T) {
	cfg := virtualShop(100)
	cfg.Addresses = []Address{{Prefix: vip}, {Prefix: second, Interface: "eth0"}, inside, {Prefix: netip.MustParsePrefix("2001:db8::9/128"), Interface: "eth1"}}
	links := []string{}
	for _, a := range cfg.Addresses {
		links = append(links, cfg.linkOf(a))
	}
	if !slices.Equal(links, []string{vr51, vr51, "eth1", "eth1"}) || !slices.Equal(cfg.elsewhere(), []string{"eth1"}) {
		t.Errorf("%v, elsewhere %v", links, cfg.elsewhere())
	}
	cfg.Routes = []Route{{Interface: vr51}}
	if got := cfg.elsewhere(); !slices.Equal(got, []string{"eth1"}) {
		t.Errorf("with a route over the link that is down in backup: elsewhere %v", got)
	}
	if cfg.virtualLink(netif.Link{}).Hold6 {
		t.Error("IPv6 for the sake of an address that is elsewhere")
	}
	cfg.Addresses = addresses(netip.MustParsePrefix("fe80::9/64"), vip)
	if v := cfg.virtualLink(netif.Link{Name: "eth0"}); !v.IPv6 || !v.Hold6 || cfg.linkOf(cfg.Addresses[1]) != "vr6-51-eth0" {
		t.Errorf("%+v", v)
	}
}
