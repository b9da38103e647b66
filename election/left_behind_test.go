package election

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// Routes and rules that a previous life left go at once if they are nobody's, and
// with the addresses if those were left too; `hald cleanup` does the same.
func TestRoutesLeftBehind(t *testing.T) { leftBehind(t, leaveRoutes) }
func TestRulesLeftBehind(t *testing.T)  { leftBehind(t, leaveRules) }

// left is what a previous life left on a host: of an instance, and of nobody.
type left struct {
	instance Instance
	ours     func() bool // that of the instance is there
	nobodys  func() bool
}

func leaveRoutes(f *fakeHost) left {
	f.routes = stale()
	there := func(r netif.Route) func() bool {
		return func() bool {
			return slices.ContainsFunc(f.heldRoutes(), func(h netif.Route) bool { return h.Key() == r.Key() })
		}
	}
	return left{withRoute(150), there(stale()[0]), there(stale()[1])}
}

func leaveRules(f *fakeHost) left {
	stranger := Rule{IPv6: true, Output: "eth7", Table: 7, Priority: 900}
	f.rules = []netif.Rule{fromVIP, stranger}
	there := func(r Rule) func() bool {
		return func() bool { held, _ := f.HeldRules(); return slices.Contains(held, r) }
	}
	return left{withRule(150), there(fromVIP), there(stranger)}
}

func leftBehind(t *testing.T, leave func(*fakeHost) left) {
	for _, master := range []bool{false, true} { // the address is there too
		synctest.Test(t, func(t *testing.T) {
			f := newFakeHost(vrrptest.NewLAN(), addrA)
			f.eth1 = linkUp
			l := leave(f)
			begin := func() {
				if master {
					f.addrs[vip] = time.Now().Add(time.Hour)
				}
			}
			begin()
			if !l.ours() || !l.nobodys() {
				t.Fatal("nothing was left")
			}
			a := launch(f, false)
			a.configure(l.instance)
			if l.nobodys() || l.ours() != master {
				t.Errorf("at start, with its address %v: the instance's is there %v, nobody's %v", master, l.ours(), l.nobodys())
			}
			sleep(1100 * time.Millisecond)
			if l.ours() {
				t.Error("it outlives the hand-over of the addresses")
			}
			if got := a.names()[0]; got != "daemon.recovered" {
				t.Errorf("the first event is %s", got)
			}
			a.leave(t)

			leave(f)
			begin()
			if err := cleanup(t.Context(), Config{Instances: []Instance{l.instance}}, nil, f.host()); err != nil {
				t.Error(err)
			}
			if l.ours() || l.nobodys() || f.holds(vip) {
				t.Errorf("after a clean-up with its address %v: the instance's is there %v, nobody's %v, the address %v", master, l.ours(), l.nobodys(), f.holds(vip))
			}
		})
	}
}
