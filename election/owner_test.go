package election

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// TestAddressOwner: an owner is master at once, and leaves its node's addresses
// alone, whatever happens; it is none while its node lacks them.
func TestAddressOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		other := launch(newFakeHost(lan, addrB), false)
		other.configure(shop(254))
		sleep(5 * time.Second)

		f := newFakeHost(lan, addrA)
		f.own = []netip.Prefix{vip}
		a := launch(f, false)
		a.configure(shop(255))
		sleep(time.Millisecond)
		expect(t, "start", a.names(), "init>master:address_owner")
		if other.holds(vip) || a.announcements() == 0 {
			t.Errorf("the other holds: %v; %d announcements", other.holds(vip), a.announcements())
		}
		mark := len(a.names())
		a.change(func() { a.own = nil })
		sleep(time.Second)
		expect(t, "address lost", a.names()[mark:], "master>fault:own_address_missing:192.0.2.100/24", "vrrp.fault")
		if !other.holds(vip) {
			t.Error("nobody took over")
		}
		mark = len(a.names())
		a.change(func() { a.own = []netip.Prefix{vip} })
		sleep(time.Second)
		expect(t, "address back", a.names()[mark:], "fault>master:address_owner", "vrrp.fault_cleared")
		a.leave(t)
		if a.claims != 0 || a.releases != 0 {
			t.Errorf("the node's own addresses were claimed %d times and released %d times", a.claims, a.releases)
		}
		other.leave(t)
	})
}

// TestTwoAddressOwners: one remains, and both say so.
func TestTwoAddressOwners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		var both []*process
		for _, source := range []netip.Addr{addrA, addrB} {
			f := newFakeHost(lan, source)
			f.own = []netip.Prefix{vip}
			p := launch(f, false)
			p.configure(shop(255))
			both = append(both, p)
			sleep(10 * time.Second)
		}
		sleep(time.Hour)
		expect(t, "the lower address", both[0].names(), "init>master:address_owner", "vrrp.mismatch", "master>backup:higher_address")
		for _, p := range both {
			if e, ok := p.find("vrrp.mismatch"); ok && e.Reason != "owner" {
				t.Errorf("%+v", e)
			}
		}
		if s := both[1].status()[0]; s.State != "master" {
			t.Errorf("the higher address is %s", s.State)
		}
		for _, p := range both {
			p.leave(t)
		}
	})
}

// all are the events so far.
func (p *process) all() []event.Event {
	p.logMu.Lock()
	defer p.logMu.Unlock()
	return slices.Clone(p.events)
}

// find is the first event of a name.
func (p *process) find(name string) (event.Event, bool) {
	for _, e := range p.all() {
		if e.Name == name {
			return e, true
		}
	}
	return event.Event{}, false
}

// TestFormerClaimsOfAnOwner: what hald claimed before the node was made the
// owner is not the node's own.
func TestFormerClaimsOfAnOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.addrs[vip] = time.Now().Add(time.Hour)
		a := launch(f, false)
		a.configure(shop(255))
		sleep(time.Second)
		if a.holds(vip) {
			t.Error("a leftover was kept")
		}
		a.change(func() {})
		if s := a.status()[0]; s.State != "fault" {
			t.Errorf("%+v", s)
		}
		a.leave(t)
	})
}
