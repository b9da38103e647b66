package election

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp/vrrptest"
)

var innerVIP = netip.MustParsePrefix("198.51.100.100/24")

// twoLegged makes hosts on the same two LANs, with both interfaces up.
func twoLegged(sources ...netip.Addr) (hosts []*fakeHost, inner *vrrptest.LAN) {
	outer, inner := vrrptest.NewLAN(), vrrptest.NewLAN()
	for _, source := range sources {
		f := newFakeHost(outer, source)
		f.inner, f.eth1 = inner, linkUp
		hosts = append(hosts, f)
	}
	return hosts, inner
}

// edge is a configuration with the group of shop, on eth0, and store, on eth1.
func edge(priority uint8) Config {
	store := shop(priority)
	store.Name, store.Interface, store.Addresses = "store", "eth1", []Address{{Prefix: innerVIP}}
	return Config{Instances: []Instance{shop(priority), store}, Groups: []Group{{Name: "edge", Members: []string{"store", "shop"}}}}
}

func (p *process) apply(c Config) {
	p.enc.Encode(Command{Configure: &c})
	synctest.Wait()
}

// story is names with the instance and the group before each.
func (p *process) story(mark int) (list []string) {
	for i, name := range p.names() {
		p.logMu.Lock()
		e := p.events[i]
		p.logMu.Unlock()
		list = append(list, strings.TrimPrefix(e.SyncGroup+"/"+e.Instance+" "+name, "/"))
	}
	return list[mark:]
}

// holdsBoth tells whether it holds the addresses of both members; neither more
// nor less than both or none is right.
func (p *process) holdsBoth(t *testing.T) bool {
	t.Helper()
	if p.holds(vip) != p.holds(innerVIP) {
		t.Errorf("one member holds %v, the other %v", p.holds(vip), p.holds(innerVIP))
	}
	return p.holds(vip)
}

func TestSyncGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, inner := twoLegged(addrA, addrB)
		a, b := launch(hosts[0], false), launch(hosts[1], false)
		a.apply(edge(150))
		b.apply(edge(100))
		sleep(5 * time.Second)
		expect(t, "a's way to master", a.story(0), "edge/store init>backup:startup", "edge/shop init>backup:startup",
			"edge/store address.claimed", "edge/shop address.claimed",
			"edge/store backup>master:master_silent", "edge/shop backup>master:master_silent")

		mark, peer := len(a.names()), len(b.names())
		inner.Lose(func(_, _ netip.Addr) bool { return true })
		sleep(time.Minute)
		expect(t, "a, with one link deaf", a.story(mark))
		expect(t, "b, with one link deaf", b.story(peer), "edge/store vrrp.path_down")
		inner.Lose(nil)

		a.change(func() { a.eth1 = linkDown })
		if a.holdsBoth(t) {
			t.Error("a holds with a link down")
		}
		sleep(time.Second)
		if !b.holdsBoth(t) {
			t.Error("b did not take over")
		}
		expect(t, "a, with a link down", a.story(mark), "edge/store address.released", "edge/shop address.released",
			"edge/store master>fault:link_down", "edge/store vrrp.fault", "edge/shop master>fault:sync_group", "edge/shop vrrp.fault")
		s := a.status()
		if s[0].Name != "shop" || s[0].SyncGroup != "edge" || !slices.Equal(s[0].Faults, []string{"sync_group"}) || !slices.Equal(s[1].Faults, []string{"link_down"}) {
			t.Errorf("status: %+v", s)
		}
		a.change(func() { a.eth1 = linkUp })
		sleep(5 * time.Second)
		if !a.holdsBoth(t) || b.holdsBoth(t) {
			t.Error("a did not come back")
		}
		if s := b.status(); s[0].Master != addrA.String() || s[1].Master != innerSource(addrA).String() {
			t.Errorf("b's masters: %s and %s", s[0].Master, s[1].Master)
		}
		a.leave(t)
		b.leave(t)
	})
}

// TestSyncGroupIsMovedByOneMember: orders for a member, and its trackers, are for
// all of them.
func TestSyncGroupIsMovedByOneMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, _ := twoLegged(addrA, addrB)
		a, b := launch(hosts[0], false), launch(hosts[1], false)
		tracked := edge(150)
		tracked.Instances[0].Trackers = []Tracker{tracker("script", "nginx", -100)}
		a.apply(tracked)
		a.say(verdict("script", "nginx", "up"))
		b.apply(edge(100))
		sleep(5 * time.Second)
		mark := len(a.names())
		a.enc.Encode(Command{Handover: &Handover{Instances: []string{"shop"}}})
		sleep(time.Minute)
		if a.holdsBoth(t) || !b.holdsBoth(t) {
			t.Error("not handed over")
		}
		a.enc.Encode(Command{TakeBack: &TakeBack{Instances: []string{"store"}}})
		sleep(5 * time.Second)
		if !a.holdsBoth(t) || b.holdsBoth(t) {
			t.Error("not taken back")
		}
		expect(t, "a", a.story(mark), "edge/store address.released", "edge/shop address.released",
			"edge/store master>backup:handover", "edge/shop master>backup:handover",
			"edge/store address.claimed", "edge/shop address.claimed", "edge/store backup>master:preempt", "edge/shop backup>master:preempt")
		mark = len(a.names())
		a.say(verdict("script", "nginx", "down"))
		sleep(10 * time.Second)
		if a.holdsBoth(t) || !b.holdsBoth(t) {
			t.Error("the lowered master must lose")
		}
		expect(t, "a, lowered", a.story(mark)[:3], "edge/shop track.down", "edge/store vrrp.priority", "edge/shop vrrp.priority")
		a.leave(t)
		b.leave(t)
	})
}

// TestSyncGroupReconfigured: an unchanged group goes on; one that changes leaves
// and begins anew, as do the instances that join or leave it.
func TestSyncGroupReconfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, _ := twoLegged(addrA)
		a := launch(hosts[0], false)
		a.apply(edge(150))
		sleep(5 * time.Second)
		mark := len(a.names())
		with := edge(150)
		other := shop(150)
		other.Name, other.VRID, other.Addresses = "other", 52, []Address{{Prefix: second}}
		with.Instances = append(with.Instances, other)
		a.apply(with)
		sleep(5 * time.Second)
		expect(t, "another instance", a.story(mark), "other init>backup:startup", "other address.claimed", "other backup>master:master_silent")

		mark = len(a.names())
		with.Groups[0].Members = []string{"store", "shop", "other"}
		a.apply(with)
		sleep(10 * time.Second)
		if !a.holdsBoth(t) || !a.holds(second) {
			t.Error("the group of three is not master")
		}
		for _, s := range a.status() {
			if s.SyncGroup != "edge" || s.State != "master" {
				t.Errorf("%+v", s)
			}
		}
		if got := a.story(mark); slices.Contains(got, "other backup>master:master_silent") || len(got) != 15 {
			t.Errorf("joining: %q", got)
		}

		a.apply(Config{Instances: []Instance{shop(150)}})
		sleep(10 * time.Second)
		if !a.holds(vip) || a.holds(innerVIP) || a.holds(second) {
			t.Error("only shop was to stay")
		}
		a.leave(t)
	})
}

// TestSyncGroupLeftovers: what one member's dead predecessor left has the whole
// group hand over.
func TestSyncGroupLeftovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, _ := twoLegged(addrA, addrB)
		b := launch(hosts[1], false)
		b.apply(edge(100))
		sleep(100 * time.Millisecond)
		hosts[0].addrs[vip] = time.Now().Add(time.Hour)
		a := launch(hosts[0], false)
		a.apply(edge(150))
		for ; !b.holdsBoth(t); sleep(time.Millisecond) {
			if !a.holdsBoth(t) {
				t.Fatal("nobody holds the addresses")
			}
		}
		if a.holdsBoth(t) {
			t.Error("a holds on after its successor was heard")
		}
		a.leave(t)
		b.leave(t)
	})
}

func TestSyncGroupCleanup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, _ := twoLegged(addrA, addrB)
		b := launch(hosts[1], false)
		b.apply(edge(100))
		sleep(100 * time.Millisecond)
		dead := hosts[0]
		dead.addrs[vip], dead.addrs[innerVIP], dead.on[innerVIP] = time.Now().Add(time.Hour), time.Now().Add(time.Hour), 3
		began := time.Now()
		if err := cleanup(t.Context(), edge(150), nil, dead.host()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if dead.holds(vip) || dead.holds(innerVIP) || !b.holdsBoth(t) {
			t.Error("not handed over")
		}
		if d := time.Since(began); d > 610*time.Millisecond {
			t.Errorf("took %v, want Skew_Time", d)
		}
		b.leave(t)
	})
}
