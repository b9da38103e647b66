package election

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// TestRulesInPlace: rules come, say something else and go on a master whose election goes
// on; what stays is not touched, and what was flushed comes back as it is now.
func TestRulesInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.eth1 = linkUp
		a := launch(f, false)
		cfg := withRoute(150)
		a.configure(cfg)
		sleep(12 * time.Second)
		said, sent := a.announcements(), a.status()[0].AdvertsSent
		other, elsewhere := fromVIP, fromVIP
		other.Priority, elsewhere.Table = 501, 101
		for _, step := range []struct {
			rules  []Rule
			events []string
		}{
			{[]Rule{fromVIP}, []string{"rule.claimed"}},
			{[]Rule{fromVIP, other}, []string{"rule.claimed"}},
			{[]Rule{other, elsewhere}, []string{"rule.claimed"}},
			{[]Rule{elsewhere}, []string{"rule.released"}},
		} {
			mark := len(a.names())
			cfg.Rules = step.rules
			a.configure(cfg)
			wantRules(t, f, step.rules...)
			expect(t, "events", a.names()[mark:], step.events...)
		}
		f.mu.Lock()
		f.rules = nil
		f.mu.Unlock()
		sleep(signsEvery)
		wantRules(t, f, elsewhere)
		cfg.Rules = nil
		a.configure(cfg)
		wantRules(t, f)
		sleep(9 * time.Second)
		if s := a.status()[0]; s.AdvertsSent-sent < 9 || a.announcements() != said || s.Transitions != 2 {
			t.Errorf("%d adverts in 10 s, %d announcements, %+v", s.AdvertsSent-sent, a.announcements()-said, s)
		}
		cfg.Rules = []Rule{fromVIP}
		a.configure(cfg)
		a.leave(t)
		wantRules(t, f)
	})
}

// TestLeaseInPlace: what is held has another lease at once, and goes on to have it.
func TestLeaseInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		a := launch(f, false)
		cfg := shop(150)
		a.configure(cfg)
		sleep(12 * time.Second)
		mark := len(a.names())
		for _, lease := range []time.Duration{20 * time.Second, 7 * time.Second} {
			cfg.Lease = lease
			a.configure(cfg)
			if got := f.lease(vip); got != lease {
				t.Errorf("a lease of %v, want %v", got, lease)
			}
			sleep(time.Minute)
			if got := f.lease(vip); got <= lease/3 || got > lease {
				t.Errorf("a minute later a lease of %v, want %v", got, lease)
			}
		}
		renewed := len(f.renewals)
		cfg.Lease = 0
		a.configure(cfg)
		sleep(time.Minute)
		if len(f.renewals) > renewed {
			t.Errorf("renewed %d times without a lease", len(f.renewals)-renewed)
		}
		expect(t, "events", a.names()[mark:])
		a.leave(t)
	})
}

// TestKeysInPlace: keys are changed under a master that goes on advertising, and the
// sockets that are opened later have them too.
func TestKeysInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		a := launch(f, false)
		key := func(id uint8) Key { return Key{ID: id, Secret: bytes.Repeat([]byte{id}, vrrp.MinKey)} }
		cfg := shop(150)
		cfg.Keys = []Key{key(1)}
		a.configure(cfg)
		sleep(12 * time.Second)
		mark, sent, guard := len(a.names()), a.status()[0].AdvertsSent, f.dialed.Guard
		for _, keys := range [][]Key{{key(1), key(2)}, {key(2), key(1)}, {key(2)}} {
			cfg.Keys = keys
			a.configure(cfg)
			if got := len(f.port.Signed().Keys); got != len(keys) {
				t.Errorf("%d keys, want %d", got, len(keys))
			}
			sleep(5 * time.Second)
		}
		if n := a.status()[0].AdvertsSent - sent; n < 14 || n > 16 {
			t.Errorf("%d adverts in 15 s", n)
		}
		expect(t, "events", a.names()[mark:])
		a.change(func() { a.own, a.source = nil, addrB })
		if o := f.dialed; f.port.Signed().Keys != nil || len(o.Format.Keys) != 1 || o.Guard != guard {
			t.Errorf("opened with %d keys", len(o.Format.Keys))
		}
		cfg.Keys[0].Secret = []byte("short")
		a.configure(cfg)
		if a.refusal() == "" {
			t.Error("a key that is none is taken")
		}
		a.leave(t)
	})
}

// TestBeginsAnewWhereItMust: rules over a link with a virtual MAC are no exception.
func TestBeginsAnewWhereItMust(t *testing.T) {
	for _, with := range []func(*Instance){func(c *Instance) { c.VirtualMAC = true }, func(c *Instance) { c.NoAccept = true }} {
		was := withRule(150)
		with(&was)
		is := was
		is.Rules = slices.Concat(was.Rules, []Rule{{From: netip.PrefixFrom(second.Addr(), 32), Table: 100, Priority: 501}})
		if was.Becomes(is) || !was.Becomes(was) {
			t.Errorf("%+v becomes %+v", was, is)
		}
	}
}

// TestContrastAfterAChange: a peer with other addresses is told of beside what is
// configured now.
func TestContrastAfterAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		master, backup := launch(newFakeHost(lan, addrA), false), launch(newFakeHost(lan, addrB), false)
		cfg := shop(150)
		cfg.Addresses = addresses(vip, second)
		master.configure(cfg)
		backup.configure(shop(100))
		sleep(mismatchEvery)
		cfg = shop(100)
		cfg.Addresses = addresses(vip, third)
		backup.configure(cfg)
		sleep(2 * mismatchEvery)
		var told []string
		backup.logMu.Lock()
		for _, e := range backup.events {
			if e.Name == "vrrp.mismatch" {
				told = append(told, e.Error)
			}
		}
		backup.logMu.Unlock()
		expect(t, "told", told,
			"it has 192.0.2.100 192.0.2.101, this director 192.0.2.100",
			"it has 192.0.2.100 192.0.2.101, this director 192.0.2.100 192.0.2.102")
		master.leave(t)
		backup.leave(t)
	})
}
