package balancer

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
)

// A virtual server with another name and the same address is another one that begins
// with what the table has: its servers' new checks have not looked yet, and nobody
// loses a connection.
func TestPoolRenamesAVirtualServer(t *testing.T) {
	inBubble(t, func(b *bench) {
		s := b.begin(nil) // sooner than the table is read again
		written := len(b.table.Done())
		s.Name = "shop"
		for i := range s.Servers {
			s.Servers[i].Checks = []Check{checkOf("c")}
		}
		b.configure(s)
		b.expect("a=1 b=1")
		if n := len(b.table.Done()) - written; n != 0 {
			t.Errorf("%d requests to the kernel: %v", n, b.table.Done()[written:])
		}
		if told := b.told("real_server"); told != "removed a (virtual server gone from the configuration); removed b (virtual server gone from the configuration)" {
			t.Errorf("told %s", told)
		}
		b.pass(4 * time.Second)
		b.expect("a=1 b=1")
		if told := b.told("real_server", "quorum"); told != "up a; up b" && told != "up a; up b; quorum.gained" {
			t.Errorf("told %s", told)
		}
	})
}

// virtuals are the services of a pool that has no configuration and no kernel.
func virtuals(tb testing.TB, services []Service) *pool {
	p := newPool(worker{}, nil, newOutbox(1))
	p.wake = time.NewTimer(time.Hour)
	for _, s := range services {
		compiled, err := compile(s, newChecks())
		if err != nil {
			tb.Fatal(err)
		}
		v := &virtual{service: &compiled, stale: true}
		for id := range compiled.probed() {
			p.watches.running[id] = &watch{services: []*virtual{v}}
		}
		p.services = append(p.services, v)
	}
	return p
}

// A step is taken of the services that something happened to, and of no others: of ten
// thousand servers one verdict concerns few.
func TestPoolStepsWhereSomethingHappened(t *testing.T) {
	p := virtuals(t, farm(3, 2))
	steps := func() (stepped [3]bool) {
		var before [3]*memberState
		for i, v := range p.services {
			if len(v.state.members) > 0 {
				before[i] = &v.state.members[0]
			}
		}
		p.advance(nil)
		for i, v := range p.services {
			stepped[i] = before[i] != &v.state.members[0]
		}
		return stepped
	}
	if got := steps(); got != [3]bool{true, true, true} {
		t.Errorf("at first: %v", got)
	}
	if got := steps(); got != [3]bool{} {
		t.Errorf("when nothing happened: %v", got)
	}
	check := p.watches.running[p.services[1].service.members[0].checks[0]]
	outcome{check, healthcheck.Result{Verdict: healthcheck.Up}}.take() // nothing new
	if got := steps(); got != [3]bool{} {
		t.Errorf("after a result without a verdict: %v", got)
	}
	outcome{check, healthcheck.Result{Verdict: healthcheck.Up, Changed: true}}.take()
	if got := steps(); got != [3]bool{false, true, false} {
		t.Errorf("after a verdict: %v", got)
	}
	p.byName = map[string]*virtual{"web2": p.services[2]}
	p.order(index([]Override{{Service: "web2", Server: "s0", Drain: true}}))
	if got := steps(); got != [3]bool{false, false, true} {
		t.Errorf("after an order: %v", got)
	}
	p.services[0].state.wake = time.Now()
	if got := steps(); got != [3]bool{true, false, false} {
		t.Errorf("when it is time: %v", got)
	}
}

// Services that share a check are all told of its verdict, and the last to go ends it.
func TestWatchesServeAllWhoShare(t *testing.T) {
	services := farm(2, 1)
	services[1].Servers[0].Checks = services[0].Servers[0].Checks
	stopped := 0
	p := virtuals(t, services)
	a, b := p.services[0], p.services[1]
	id := a.service.members[0].checks[0]
	p.watches.running = map[checkID]*watch{id: {stop: func() { stopped++ }}}
	for _, w := range []struct {
		come, gone []*virtual
		tracked    bool
		services   int
		stopped    int
	}{
		{come: []*virtual{a, b}, services: 2},
		{gone: []*virtual{a}, services: 1},
		{gone: []*virtual{b}, tracked: true, services: 0},
		{tracked: true},
		{stopped: 1},
	} {
		tracked := make(map[checkID]bool)
		if w.tracked {
			tracked[id] = true
		}
		p.watches.serve(w.come, w.gone, tracked)
		n := 0
		if watch := p.watches.running[id]; watch != nil {
			n = len(watch.services)
		}
		if n != w.services || stopped != w.stopped {
			t.Errorf("%+v: for %d services, stopped %d times", w, n, stopped)
		}
	}
}

// BenchmarkVerdict is a verdict on one of ten thousand servers.
func BenchmarkVerdict(b *testing.B) {
	p := virtuals(b, farm(1000, 10))
	p.view.seen, p.keeping.reconciler = true, ipvsctl.NewReconciler(ipvsctl.Options{})
	p.advance(nil)
	check := p.watches.running[p.services[500].service.members[5].checks[0]]
	verdicts := [...]healthcheck.Verdict{healthcheck.Down, healthcheck.Up}
	for i := 0; b.Loop(); i++ {
		outcome{check, healthcheck.Result{Verdict: verdicts[i%2], Changed: true}}.take()
		p.advance(nil)
	}
}

// The first step of all is one, taken when the kernel's table is known; where that does not become known, or somebody
// asks, it is taken without.
func TestPoolAwaitsTheTable(t *testing.T) {
	well := web()
	for i := range well.Servers {
		well.Servers[i].Checks = nil
	}
	for name, tt := range map[string]struct {
		faults ipvstest.Faults
		ask    bool
		told   string // while the table cannot be read
	}{
		"it is slow":         {},
		"somebody asks soon": {ask: true, told: "up a; up b; quorum.gained"},
		"there is none":      {faults: ipvstest.Faults{Open: ipvsctl.ErrNoIPVS}, told: "up a; up b; quorum.gained"},
		"it cannot be read":  {faults: ipvstest.Faults{Read: errors.New("busy")}, told: "up a; up b; quorum.gained"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				release := make(chan struct{})
				tt.faults.Wait = func(call string) {
					if call == "read" {
						<-release
					}
				}
				b.table.Put(ipvsctl.Service{Key: webKey, Scheduler: "wlc", Destinations: kernel("a=1 c=1").Services[0].Destinations})
				b.table.Connect(ipvsctl.DestinationKey{Service: webKey, Address: netip.AddrPortFrom(address("c"), 80)}, ipvsctl.Connections{Active: 1})
				b.table.Fail(tt.faults)
				b.listen()
				b.configure(well)
				if tt.ask {
					if s := b.shown()[0]; len(s.RealServers) != 2 || s.RealServers[1].State != "up" {
						t.Errorf("shown %+v", s)
					}
				}
				if tt.faults.Read != nil {
					close(release)
				}
				b.pass(longestHold + time.Millisecond)
				if told := b.told("real_server", "quorum"); told != tt.told {
					t.Errorf("told at first %q, want %q", told, tt.told)
				}
				b.table.Fail(ipvstest.Faults{})
				if tt.faults.Read == nil {
					close(release)
				}
				b.pass(5 * time.Second)
				b.expect("a=1 b=1 c=0")
				rest := "draining 192.0.2.3:80 (gone from the configuration)"
				if tt.told == "" {
					rest = "up a; up b; " + rest + "; quorum.gained"
				}
				if told := b.told("real_server", "quorum"); told != rest {
					t.Errorf("told then %q, want %q", told, rest)
				}
			})
		})
	}
}
