package election

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// fakeFilter is the filter of a fakeHost.
type fakeFilter struct{ *fakeHost }

func (f fakeFilter) Able(string, []netif.Closed) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.filterErr
}

func (f fakeFilter) Refuse(name string, closed []netif.Closed) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.filterErr == nil {
		f.refused[name] = closed
		f.deeds = append(f.deeds, "refuse")
	}
	return f.filterErr
}

func (f fakeFilter) Refuses(name string, closed []netif.Closed) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Equal(f.refused[name], closed), f.filterErr
}

func (f fakeFilter) Admit(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refused[name] != nil {
		f.deeds = append(f.deeds, "admit")
	}
	delete(f.refused, name)
	return nil
}

func (f fakeFilter) Refused() (names []string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.refused {
		names = append(names, name)
	}
	return names, f.filterErr
}

// refuses tells whether packets to the shop's addresses are dropped.
func (f *fakeHost) refuses() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused["shop"] != nil
}

// did are the deeds, without the releases of what a previous life might have left.
func (f *fakeHost) did() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	deeds := slices.Clone(f.deeds)
	for len(deeds) > 0 && deeds[0] == "release" {
		deeds = deeds[1:]
	}
	return deeds
}

// leftover is what a previous life refused.
var leftover = []netif.Closed{{Interface: "eth0", Address: vip.Addr()}}

// deafShop is an instance with accept = false.
func deafShop(priority uint8) Instance {
	c := shop(priority)
	c.NoAccept = true
	return c
}

// TestRefusedBeforeClaimed: from before an address is claimed until after it is
// released, nothing that is sent to it is accepted.
func TestRefusedBeforeClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		p.configure(deafShop(100))
		if p.refuses() {
			t.Error("a backup refuses")
		}
		sleep(4 * time.Second)
		if !p.holds(vip) || !p.refuses() {
			t.Errorf("a master holds: %v, refuses: %v", p.holds(vip), p.refuses())
		}
		p.leave(t)
		deeds := slices.Compact(p.did()) // claims are renewed
		expect(t, "deeds", deeds, "refuse", "claim", "release", "admit")
	})
}

func TestAcceptIsTheDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		p.configure(shop(100))
		sleep(4 * time.Second)
		if !p.holds(vip) || p.refuses() {
			t.Errorf("a master holds: %v, refuses: %v", p.holds(vip), p.refuses())
		}
		p.leave(t)
	})
}

// TestRefusalIsRepaired: a firewall that was loaded anew took our rules along.
func TestRefusalIsRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		p.configure(deafShop(100))
		sleep(4 * time.Second)
		before := p.names()
		fakeFilter{p.fakeHost}.Admit("shop")
		sleep(refusalEvery)
		if !p.refuses() {
			t.Error("the rules are not back")
		}
		expect(t, "events", p.names()[len(before):], "vrrp.error")
		sleep(10 * time.Second)
		expect(t, "events", p.names()[len(before):], "vrrp.error")
		p.leave(t)
	})
}

// TestAcceptUnsupported: who cannot refuse packets must not stand by to take the
// addresses; when the kernel has learned it, the fault is over.
func TestAcceptUnsupported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.filterErr = netif.ErrNoFilter
		p := launch(f, false)
		p.configure(deafShop(100))
		sleep(10 * time.Second)
		if p.holds(vip) || p.status()[0].State != "fault" || !slices.Equal(p.status()[0].Faults, []string{faultNoFilter}) {
			t.Errorf("holds: %v, status %+v", p.holds(vip), p.status()[0])
		}
		f.change(func() {})
		expect(t, "events", p.names(), "vrrp.error", "init>fault:"+faultNoFilter, "vrrp.fault")
		f.change(func() { f.filterErr = nil })
		sleep(10 * time.Second)
		if !p.holds(vip) || !p.refuses() {
			t.Errorf("after the fault, a master holds: %v, refuses: %v", p.holds(vip), p.refuses())
		}
		p.leave(t)
	})
}

// TestClaimNeedsRefusal: when the kernel fails in the last moment, the address
// is not claimed.
func TestClaimNeedsRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		p := launch(f, false)
		p.configure(deafShop(100))
		f.mu.Lock()
		f.filterErr = errFake
		f.mu.Unlock()
		sleep(4 * time.Second)
		if p.holds(vip) || p.status()[0].State != "fault" {
			t.Errorf("holds: %v, state %s", p.holds(vip), p.status()[0].State)
		}
		p.leave(t)
	})
}

// TestRefusalOfAPreviousLife: what a killed election refused goes with its
// addresses, or at once where nobody refuses any more.
func TestRefusalOfAPreviousLife(t *testing.T) {
	for _, now := range []Instance{deafShop(100), shop(100)} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeHost(vrrptest.NewLAN(), addrA)
			f.refused["shop"], f.refused["gone"] = leftover, leftover
			f.addrs[vip] = time.Now().Add(time.Minute)
			p := launch(f, false)
			p.configure(now)
			if names, _ := (fakeFilter{f}).Refused(); p.refuses() != now.NoAccept || slices.Contains(names, "gone") {
				t.Errorf("accept %v: refused at first: %v", !now.NoAccept, names)
			}
			sleep(1500 * time.Millisecond) // handed over
			if p.refuses() || p.holds(vip) {
				t.Errorf("accept %v: refuses %v, holds %v", !now.NoAccept, p.refuses(), p.holds(vip))
			}
			p.leave(t)
		})
	}
}

func TestCleanupAdmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.refused["shop"], f.refused["gone"] = leftover, leftover
		f.addrs[vip] = time.Now().Add(time.Minute)
		if err := cleanup(t.Context(), Config{Instances: []Instance{deafShop(100)}}, nil, f.host()); err != nil {
			t.Fatal(err)
		}
		if len(f.refused) > 0 || f.holds(vip) {
			t.Errorf("left: refused %v, held %v", f.refused, f.holds(vip))
		}
		if last := f.deeds[len(f.deeds)-1]; last != "admit" {
			t.Errorf("last deed: %s", last)
		}
	})
}

// TestOwnerAccepts: its addresses are its own, whatever is configured for all.
func TestOwnerAccepts(t *testing.T) {
	cfg := deafShop(vrrp.Owner)
	if cfg.refuses() || newRefusal(cfg, nil) != nil {
		t.Error("an owner refuses")
	}
	if a := (ability{cfg: cfg}); !a.given() {
		t.Error("an owner needs a filter")
	}
}
