package election

import (
	"net/netip"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/event"
)

// cabled is a configuration whose instance shop, on eth0, is elected by the adverts on
// eth1, too, where nothing is held.
func cabled(priority uint8) Config {
	c := edge(priority)
	c.Instances[1].Name, c.Instances[1].Addresses = "cable", nil
	c.Groups[0].Members = []string{"shop", "cable"}
	return c
}

// lastOf is the newest event of a name.
func (p *process) lastOf(name string) event.Event {
	p.logMu.Lock()
	defer p.logMu.Unlock()
	for i := len(p.events) - 1; i >= 0; i-- {
		if p.events[i].Name == name {
			return p.events[i]
		}
	}
	return event.Event{}
}

// TestHeartbeatPath: while one of two links is silent, or down where nothing is held,
// nobody moves, and it is told; without both of them the backup takes over.
func TestHeartbeatPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, inner := twoLegged(addrA, addrB)
		a, b := launch(hosts[0], false), launch(hosts[1], false)
		a.apply(cabled(150))
		b.apply(cabled(100))
		sleep(5 * time.Second)
		markA, markB := len(a.names()), len(b.names())

		hosts[0].lan.Lose(func(_, _ netip.Addr) bool { return true })
		sleep(10 * time.Second)
		expect(t, "a, whose clients' link is cut", a.story(markA))
		expect(t, "b, whose clients' link is cut", b.story(markB), "edge/shop vrrp.path_down")
		if e := b.lastOf("vrrp.path_down"); e.Reason != "not_heard" || e.Interface != "eth0" || e.Peer != addrA.String() || e.DurationMS != 2031.25 || e.Error == "" {
			t.Errorf("%+v", e)
		}
		if s := b.status(); s[0].PathDown == nil || s[0].PathDown.Reason != "not_heard" || s[1].PathDown != nil || s[0].State != "backup" {
			t.Errorf("%+v", s)
		}
		hosts[0].lan.Lose(nil)
		sleep(10 * time.Second)
		expect(t, "b, when it is whole again", b.story(markB), "edge/shop vrrp.path_down", "edge/shop vrrp.path_up")
		if e := b.lastOf("vrrp.path_up"); e.Reason != "restored" || e.DurationMS != 11000 {
			t.Errorf("%+v", e)
		}

		markB = len(b.names())
		a.change(func() { a.eth1 = linkDown })
		b.change(func() { b.eth1 = linkDown })
		sleep(10 * time.Second)
		expect(t, "a, whose cable is out", a.story(markA), "edge/cable vrrp.path_down")
		expect(t, "b, whose cable is out", b.story(markB), "edge/cable vrrp.path_down")
		if s := a.status(); s[0].State != "master" || s[1].PathDown == nil || s[1].PathDown.Reason != "link_down" || len(s[1].Faults) != 0 {
			t.Errorf("%+v", s)
		}
		a.leave(t)
		sleep(5 * time.Second)
		if s := b.status(); s[0].State != "master" || s[1].State != "master" {
			t.Errorf("with the cable out and its peer gone b has %+v", s)
		}
		b.leave(t)
		inner.Lose(nil)
	})
}

// TestSpare: an instance is a mere path where it has nothing that moves, and another has.
func TestSpare(t *testing.T) {
	full, bare, routed := Instance{Addresses: []Address{{Prefix: vip}}}, Instance{}, Instance{Routes: []Route{{}}}
	for _, c := range []struct {
		in   []Instance
		want []bool
	}{
		{[]Instance{bare}, []bool{false}},
		{[]Instance{bare, bare}, []bool{false, false}},
		{[]Instance{full, bare}, []bool{false, true}},
		{[]Instance{bare, full, bare}, []bool{true, false, true}},
		{[]Instance{full, routed}, []bool{false, false}},
	} {
		var got []bool
		for i := range c.in {
			got = append(got, groupConfig{Instances: c.in}.spare(i))
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.in, got, c.want)
		}
	}
}

// TestHeartbeatPathIsTracked: who wants the link of a mere path to count tracks it.
func TestHeartbeatPathIsTracked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, _ := twoLegged(addrA, addrB)
		a := launch(hosts[0], false)
		c := cabled(150)
		c.Instances[1].Trackers = []Tracker{{Kind: "interface", Name: "eth1"}}
		a.apply(c)
		sleep(5 * time.Second)
		a.change(func() { a.eth1 = linkDown })
		sleep(5 * time.Second)
		if s := a.status(); s[0].State != "fault" || s[1].State != "fault" {
			t.Errorf("%+v", s)
		}
		a.leave(t)
	})
}

// TestPathThatGetsARoute is none any more: the route moves over its link.
func TestPathThatGetsARoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, _ := twoLegged(addrA, addrB)
		a := launch(hosts[0], false)
		a.apply(cabled(150))
		sleep(5 * time.Second)
		a.change(func() { a.eth1 = linkDown })
		sleep(time.Second)
		for _, want := range []string{"fault", "master"} {
			c := cabled(150)
			if want == "fault" {
				c.Instances[1].Routes = []Route{{Destination: netip.MustParsePrefix("198.51.100.0/24"), Interface: "eth1", Table: 254, Metric: 50}}
			}
			a.apply(c)
			sleep(5 * time.Second)
			if s := a.status(); s[0].State != want || s[1].State != want {
				t.Errorf("want %s: %+v", want, s)
			}
		}
		a.leave(t)
	})
}

// TestMaintenanceOfPaths: a mere path makes no difference to it, and says nothing of it.
func TestMaintenanceOfPaths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, _ := twoLegged(addrA, addrB)
		a, b := launch(hosts[0], false), launch(hosts[1], false)
		a.apply(cabled(150))
		b.apply(cabled(100))
		sleep(5 * time.Second)
		a.enc.Encode(Command{Maintenance: &MaintenanceOrder{On: true}})
		sleep(10 * time.Second)
		if s, o := a.status(), b.status(); s[0].State != "fault" || s[1].State != "fault" || o[0].State != "master" {
			t.Errorf("%+v\n%+v", s, o)
		}
		if e := a.lastOf("vrrp.path_down"); e.Name != "" {
			t.Errorf("%+v", e)
		}
		a.leave(t)
		b.leave(t)
	})
}
