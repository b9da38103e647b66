package election

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp/vrrptest"
)

var fromVIP = Rule{From: netip.PrefixFrom(vip.Addr(), 32), Table: 100, Priority: 500}

func withRule(priority uint8) Instance {
	cfg := withRoute(priority)
	cfg.Rules = []Rule{fromVIP}
	return cfg
}

// wantRules checks that the fake kernel has these rules and no others.
func wantRules(t *testing.T, f *fakeHost, want ...Rule) {
	t.Helper()
	if got, _ := f.HeldRules(); !slices.Equal(got, want) {
		t.Errorf("rules %v, want %v", got, want)
	}
}

// A rule comes after the routes, goes before them, and is back within a second
// when somebody flushes the rules, of which nobody is told.
func TestRuleMovesWithTheAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.eth1 = linkUp
		a := launch(f, false)
		a.configure(withRule(150))
		sleep(5 * time.Second)
		wantRules(t, f, fromVIP)
		expect(t, "events", a.names(), "init>backup:startup", "address.claimed", "route.claimed", "rule.claimed", "backup>master:master_silent")
		mark := len(a.names())
		f.mu.Lock()
		f.rules = nil
		f.mu.Unlock()
		sleep(signsEvery)
		wantRules(t, f, fromVIP)
		expect(t, "somebody removed it", a.names()[mark:], "rule.restored")
		mark = len(a.names())
		a.change(func() { a.eth1 = linkDown })
		sleep(time.Second)
		wantRules(t, f)
		expect(t, "a fault", a.names()[mark:], "rule.released", "route.released", "address.released", "master>fault:link_down:eth1", "vrrp.fault")
		a.leave(t)
		wantRules(t, f)
	})
}
