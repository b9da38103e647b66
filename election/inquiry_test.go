package election

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

const shopDown = 3609375 * time.Microsecond // of priority 100

var peerMAC = garp.MAC{2, 0, 0, 0, 0, 12}

// holding is shop with another policy.
func holding(priority uint8) Instance {
	c := shop(priority)
	c.Hold = true
	return c
}

// advertises has another router say that it is master.
func (p *process) advertises(port *vrrptest.Port, priority uint8) {
	port.Send(vrrp.Advertisement{VRID: 51, Priority: priority, Interval: time.Second, Addresses: []netip.Addr{vip.Addr()}})
	synctest.Wait()
}

// TestStrangerIsToldBeforeTheClaim: which is made in time all the same.
func TestStrangerIsToldBeforeTheClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.residents = map[netip.Addr]garp.MAC{vip.Addr(): intruder}
		p := launch(f, false)
		p.configure(shop(100))
		sleep(shopDown - time.Millisecond)
		told := p.conflicts()
		if len(told) != 1 || told[0].Reason != beforeClaim || told[0].Peer != intruder.String() || told[0].Address != vip.String() ||
			told[0].Interface != "eth0" || told[0].Instance != "shop" || p.holds(vip) {
			t.Errorf("before the claim: %+v, holds %v", told, p.holds(vip))
		}
		sleep(2 * time.Millisecond)
		if !p.holds(vip) {
			t.Error("the claim is late")
		}
		asked := p.asked()
		if sleep(4 * time.Second); p.asked() != asked {
			t.Errorf("%d questions after the claim, beside the first one", p.asked()-asked)
		}
		sleep(time.Minute)
		told = p.conflicts()
		if len(told) != 2 || told[1].Reason != afterClaim {
			t.Errorf("after the claim: %+v", told)
		}
		p.leave(t)
	})
}

// TestStrangersKeepTheAddresses where the configuration wants it: the instance is in fault, says
// why, asks a little, and takes its part again when they are gone for some seconds.
func TestStrangersKeepTheAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.residents = map[netip.Addr]garp.MAC{vip.Addr(): intruder}
		p := launch(f, false)
		p.configure(holding(100))
		sleep(time.Minute)
		if s := p.status()[0]; s.State != "fault" || !slices.Equal(s.Faults, []string{faultConflict}) || p.holds(vip) {
			t.Errorf("%+v", s)
		}
		expect(t, "events", p.names(), "init>backup:startup", "address.conflict", "backup>fault:address_conflict", "vrrp.fault")
		before := p.asked()
		sleep(time.Minute)
		if n := p.asked() - before; n < 55 || n > 65 {
			t.Errorf("%d questions in a minute, want one a second", n)
		}
		f.settle(nil)
		gone := time.Now()
		for !p.holds(vip) && time.Since(gone) < time.Minute {
			sleep(100 * time.Millisecond)
		}
		if took := time.Since(gone); took < 3*time.Second+shopDown || took > 6*time.Second+shopDown {
			t.Errorf("master %v after it was gone", took)
		}
		f.settle(map[netip.Addr]garp.MAC{vip.Addr(): intruder})
		sleep(20 * time.Minute)
		if !p.holds(vip) {
			t.Error("a master gave way to a stranger")
		}
		p.leave(t)
	})
}

// TestDeadMasterIsNoStranger: its kernel answers, at a MAC that answers for its own address as
// well; whether it was heard before or is known by the configuration alone.
func TestDeadMasterIsNoStranger(t *testing.T) {
	for name, configured := range map[string]bool{"heard": false, "configured": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeHost(vrrptest.NewLAN(), addrA)
				f.residents = map[netip.Addr]garp.MAC{vip.Addr(): peerMAC, addrB: peerMAC}
				p := launch(f, false)
				c := holding(100)
				if configured {
					c.Routers = []netip.Addr{addrB}
				}
				p.configure(c)
				if !configured {
					other := p.lan.Dial(51, addrB)
					sleep(time.Second)
					p.advertises(other, 150)
					other.Close()
				}
				sleep(shopDown + time.Millisecond)
				if !p.holds(vip) || len(p.conflicts()) > 0 {
					t.Errorf("holds %v, events %q", p.holds(vip), p.names())
				}
				p.leave(t)
			})
		})
	}
}

// TestStrangerBesideAMaster: a stranger that a live master stood beside is a stranger still.
func TestStrangerBesideAMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.residents = map[netip.Addr]garp.MAC{vip.Addr(): intruder, addrB: peerMAC}
		p := launch(f, false)
		p.configure(holding(100))
		other := p.lan.Dial(51, addrB)
		for range 30 {
			sleep(time.Second)
			p.advertises(other, 150)
		}
		if len(p.conflicts()) > 0 || p.asked() > 0 {
			t.Errorf("with a live master: %d questions, events %q", p.asked(), p.names())
		}
		sleep(10 * time.Second)
		if s := p.status()[0]; s.State != "fault" || len(p.conflicts()) != 1 {
			t.Errorf("%+v, events %q", s, p.names())
		}
		p.leave(t)
	})
}

// TestVirtualMACIsNoStranger: that of this virtual router is, whoever has it; another one's is not.
func TestVirtualMACIsNoStranger(t *testing.T) {
	for _, vrid := range []byte{51, 52} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeHost(vrrptest.NewLAN(), addrA)
			f.residents = map[netip.Addr]garp.MAC{vip.Addr(): {0, 0, 0x5e, 0, 1, vrid}}
			p := launch(f, false)
			p.configure(holding(100))
			sleep(10 * time.Second)
			if mine := vrid == 51; p.holds(vip) != mine {
				t.Errorf("virtual router %d: holds %v", vrid, p.holds(vip))
			}
			p.leave(t)
		})
	}
}

// TestPolicyChangesInPlace: while a stranger keeps the addresses, too, and without a transition of who
// has them.
func TestPolicyChangesInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.residents = map[netip.Addr]garp.MAC{vip.Addr(): intruder}
		p := launch(f, false)
		p.configure(holding(100))
		sleep(10 * time.Second)
		p.configure(shop(100))
		sleep(time.Second + shopDown)
		if !p.holds(vip) {
			t.Errorf("events %q", p.names())
		}
		transitions := p.status()[0].Transitions
		p.configure(holding(100))
		sleep(time.Minute)
		if !p.holds(vip) || p.status()[0].Transitions != transitions {
			t.Errorf("a master gave way: %q", p.names())
		}
		p.leave(t)
		if p.listening() > 0 {
			t.Error("somebody still listens")
		}
	})
}

// TestWhoIsNotAsked: an owner asks nobody, and nobody asks on interfaces where no router is
// known.
func TestWhoIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.eth1 = linkUp
		f.residents = map[netip.Addr]garp.MAC{second.Addr(): intruder}
		p := launch(f, false)
		c := holding(100)
		c.Addresses = append(c.Addresses, Address{Prefix: second, Interface: "eth1"})
		p.configure(c)
		sleep(shopDown - time.Millisecond)
		if probed, _ := p.questions(); slices.Contains(probed, second.Addr()) || !slices.Contains(probed, vip.Addr()) {
			t.Errorf("asked for %v", probed)
		}
		sleep(time.Second)
		if !p.holds(vip) {
			t.Error("it is no master")
		}
		p.leave(t)
	})
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.own = append(f.own, vip)
		p := launch(f, false)
		p.configure(holding(vrrp.Owner))
		sleep(time.Second)
		p.advertises(p.lan.Dial(51, addrB), 100)
		sleep(time.Minute)
		_, requested := p.questions()
		if s := p.status(); len(s) != 1 || s[0].State != "master" || slices.Contains(requested, addrB) {
			t.Errorf("%+v, asked for %v", s, requested)
		}
		p.leave(t)
	})
}

// TestCrowdAsksRoutersOnce: instances of one link share what they know.
func TestCrowdAsksRoutersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.residents = map[netip.Addr]garp.MAC{addrB: peerMAC}
		p := launch(f, false)
		var all []Instance
		for i := range 50 {
			c := holding(100)
			c.Name, c.VRID = string(rune('A'+i)), uint8(i+1)
			c.Addresses = addresses(netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(101 + i)}), 24))
			c.Routers = []netip.Addr{addrB}
			f.residents[c.Addresses[0].Prefix.Addr()] = peerMAC
			all = append(all, c)
		}
		p.configure(all...)
		sleep(4 * time.Second)
		if _, requests := p.questions(); len(requests) < 2 || len(requests) > 8 || p.listening() != 1 {
			t.Errorf("%d requests, %d ears", len(requests), p.listening())
		}
		for _, s := range p.status() {
			if s.State != "master" {
				t.Errorf("%s is %s: %v", s.Name, s.State, s.Faults)
			}
		}
		p.leave(t)
	})
}
