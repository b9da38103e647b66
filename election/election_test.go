package election

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

func TestLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(shop(150))
		sleep(5 * time.Second)
		expect(t, "events", a.names(), "init>backup:startup", "address.claimed", "backup>master:master_silent")
		if !a.holds(vip) {
			t.Error("the master does not hold its address")
		}
		if s := a.status(); len(s) != 1 || s[0].State != "master" || s[0].Master != "192.0.2.11" || s[0].AdvertsSent == 0 {
			t.Errorf("status: %+v", s)
		}
		if n := a.announcements(); n != 5 {
			t.Errorf("%d announcements in the first burst, want 5", n)
		}
		sleep(time.Hour)
		if !a.holds(vip) {
			t.Error("the lease was not renewed")
		}
		a.leave(t)
		if a.holds(vip) {
			t.Error("an election that left holds its address")
		}
		expect(t, "the end", a.names()[3:], "address.released", "master>init:shutdown")
	})
}

// A process without a real-time priority says so once, whatever is configured
// after that, and below which interval it matters.
func TestNotRealTimeIsToldOnce(t *testing.T) {
	for _, permitted := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeHost(vrrptest.NewLAN(), addrA)
			f.ordinary = !permitted
			a := launch(f, false)
			a.configure(shop(150))
			sleep(5 * time.Second)
			a.configure(shop(120))
			sleep(5 * time.Second)
			told := 0
			for _, e := range a.events {
				if e.Name == "vrrp.not_realtime" {
					told++
					if !strings.Contains(e.Reason, "50ms") {
						t.Errorf("reason %q", e.Reason)
					}
				}
			}
			if want := map[bool]int{true: 0, false: 1}[permitted]; told != want {
				t.Errorf("permitted %v: told %d times, want %d", permitted, told, want)
			}
			a.leave(t)
		})
	}
}

// A real-time priority that could not be limited is told once.
func TestNoRealTimeLimitIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.unlimited = errors.New("not permitted")
		a := launch(f, false)
		a.configure(shop(150))
		sleep(5 * time.Second)
		a.configure(shop(120))
		told := 0
		for _, e := range a.events {
			switch {
			case e.Name == "vrrp.not_realtime":
				t.Error("it has its priority")
			case e.Name == "vrrp.error" && e.Reason == "realtime_limit" && e.Error == "not permitted":
				told++
			}
		}
		if told != 1 {
			t.Errorf("told %d times, want once", told)
		}
		a.leave(t)
	})
}

func TestHandOverBetweenProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		a, b := launch(newFakeHost(lan, addrA), false), launch(newFakeHost(lan, addrB), false)
		a.configure(shop(150))
		b.configure(shop(100))
		sleep(5 * time.Second)
		began := time.Now()
		a.link.w.Close()
		for !b.holds(vip) {
			if !a.holds(vip) {
				t.Fatal("nobody holds the address")
			}
			sleep(time.Millisecond)
		}
		<-a.done
		if a.holds(vip) || time.Since(began) > 611*time.Millisecond {
			t.Errorf("a holds: %v after %v", a.holds(vip), time.Since(began))
		}
		b.leave(t)
	})
}

func TestRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(shop(150))
		sleep(5 * time.Second)
		mark := len(a.names())
		a.change(func() { delete(a.addrs, vip) })
		if !a.holds(vip) {
			t.Error("a removed address was not restored at once")
		}
		sleep(time.Second)
		expect(t, "events", a.names()[mark:], "address.restored")
		a.change(func() {}) // a view without news: nothing to do
		expect(t, "events", a.names()[mark:], "address.restored")
		a.leave(t)
	})
}

func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(shop(150))
		sleep(5 * time.Second)
		mark := len(a.names())
		a.change(func() { a.up = false })
		sleep(time.Second)
		expect(t, "link down", a.names()[mark:], "address.released", "master>fault:link_down", "vrrp.fault")
		if s := a.status()[0]; s.State != "fault" || !slices.Equal(s.Faults, []string{"link_down"}) {
			t.Errorf("status: %+v", s)
		}
		mark = len(a.names())
		a.change(func() { a.up = true; a.claimErr = errFake })
		sleep(4 * time.Second)
		expect(t, "link up, but claims fail", a.names()[mark:], "fault>backup:fault_cleared", "vrrp.fault_cleared",
			"vrrp.error", "backup>master:master_silent", "master>fault:claim", "vrrp.fault")
		a.leave(t)
	})
}

func TestFailedReleaseIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		b := launch(newFakeHost(lan, addrB), false)
		b.configure(shop(100))
		sleep(5 * time.Second)
		b.change(func() { b.releaseErr = errFake })
		a := launch(newFakeHost(lan, addrA), false)
		a.configure(shop(150))
		sleep(4 * time.Second)
		b.change(func() { b.releaseErr = nil })
		sleep(releaseRetry)
		if b.holds(vip) {
			t.Error("a backup holds the address after its release could succeed")
		}
		a.leave(t)
		b.leave(t)
	})
}

// TestDeafDirector never reads a report: the election must not care.
func TestDeafDirector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		a := launch(newFakeHost(lan, addrA), true)
		a.configure(shop(150))
		b := launch(newFakeHost(lan, addrB), false)
		b.configure(shop(100))
		sleep(time.Hour)
		if !a.holds(vip) || b.holds(vip) {
			t.Errorf("after an hour a holds: %v, b holds: %v", a.holds(vip), b.holds(vip))
		}
		b.leave(t)
		a.leave(t)
	})
}

func TestLeftovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		stray := netip.MustParsePrefix("192.0.2.200/32")
		f.addrs[vip], f.addrs[stray] = time.Now().Add(time.Hour), time.Now().Add(time.Hour)
		a := launch(f, false)
		a.configure(shop(150))
		if f.holds(stray) || !f.holds(vip) {
			t.Errorf("at start: stray held %v, want false; address held %v, want true until the successor is heard", f.holds(stray), f.holds(vip))
		}
		sleep(time.Second)
		if f.holds(vip) {
			t.Error("one interval later the address must be gone")
		}
		expect(t, "events", a.names(), "daemon.recovered", "daemon.recovered", "address.claimed", "address.released", "init>backup:startup")
		a.leave(t)
	})
}

// TestLeftoversOutliveTheirLease: what is handed over stays until the successor
// has it, however little of the kernel's lease was left.
func TestLeftoversOutliveTheirLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		b := launch(newFakeHost(lan, addrB), false)
		b.configure(shop(100))
		sleep(100 * time.Millisecond)
		f := newFakeHost(lan, addrA)
		f.addrs[vip] = time.Now().Add(100 * time.Millisecond)
		a := launch(f, false)
		a.configure(shop(150))
		for ; !b.holds(vip); sleep(time.Millisecond) {
			if !a.holds(vip) {
				t.Error("nobody holds the address")
				break
			}
		}
		a.leave(t)
		b.leave(t)
	})
}

// TestLeaseOutlivesTheMaster: whenever a master dies, its lease lasts until the
// peer of the lowest priority has waited for its down interval.
func TestLeaseOutlivesTheMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(shop(150))
		sleep(5 * time.Second)
		for range 1000 {
			sleep(7 * time.Millisecond)
			if left := a.lease(vip); left < vrrp.DownInterval(3, 1, time.Second) {
				t.Errorf("%v of the lease left, shorter than the down interval of priority 1", left)
				break
			}
		}
		a.leave(t)
	})
}

func TestReconfigure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		other := shop(150)
		other.Name, other.VRID, other.Addresses = "other", 52, addresses(second)
		a.configure(shop(150), other)
		sleep(5 * time.Second)
		mark := len(a.names())
		changed := other
		changed.VRID = 53
		a.configure(shop(150), changed)
		sleep(10 * time.Second)
		expect(t, "one of two changed", a.names()[mark:], "address.released", "master>init:shutdown", "init>backup:startup", "address.claimed", "backup>master:master_silent")
		mark = len(a.names())
		a.configure(changed)
		sleep(2 * time.Second)
		expect(t, "one of two removed", a.names()[mark:], "address.released", "master>init:shutdown")
		if a.holds(vip) || !a.holds(second) {
			t.Errorf("removed holds: %v, other holds: %v", a.holds(vip), a.holds(second))
		}
		a.leave(t)
	})
}

func TestCleanup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		b := launch(newFakeHost(lan, addrB), false)
		b.configure(shop(100))
		sleep(100 * time.Millisecond)
		dead := newFakeHost(lan, addrA)
		dead.addrs[vip] = time.Now().Add(time.Hour)
		began := time.Now()
		if err := cleanup(t.Context(), Config{Instances: []Instance{shop(150)}}, nil, dead.host()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if dead.holds(vip) || !b.holds(vip) {
			t.Errorf("the dead holds: %v, its peer holds: %v", dead.holds(vip), b.holds(vip))
		}
		if d := time.Since(began); d < 609*time.Millisecond || d > 610*time.Millisecond {
			t.Errorf("took %v, want Skew_Time", d)
		}
		began = time.Now()
		if err := cleanup(t.Context(), Config{Instances: []Instance{shop(150)}}, nil, dead.host()); err != nil || time.Since(began) != 0 {
			t.Errorf("with nothing left: %v after %v", err, time.Since(began))
		}
		b.leave(t)
	})
}

func TestPosition(t *testing.T) {
	link := netif.Link{Index: 2, Up: true, Addrs: []netif.Address{
		{Prefix: vip, Protocol: netif.Protocol}, {Prefix: netip.PrefixFrom(addrA, 24), Permanent: true}, {Prefix: netip.PrefixFrom(addrB, 24), Permanent: true, Secondary: true}}}
	down, bare := link, link
	down.Up = false
	bare.Addrs = link.Addrs[:1]
	for _, tt := range []struct {
		name   string
		source netip.Addr
		link   netif.Link
		exists bool
		want   vrrp.Link
	}{
		{"no interface", netip.Addr{}, netif.Link{}, false, vrrp.Link{Fault: "interface_missing"}},
		{"down", netip.Addr{}, down, true, vrrp.Link{Index: 2, Source: addrA, Fault: "link_down"}},
		{"only virtual addresses", netip.Addr{}, bare, true, vrrp.Link{Index: 2, Fault: "no_address"}},
		{"primary", netip.Addr{}, link, true, vrrp.Link{Index: 2, Source: addrA}},
		{"configured", addrB, link, true, vrrp.Link{Index: 2, Source: addrB}},
		{"configured, but not there", netip.MustParseAddr("192.0.2.99"), link, true,
			vrrp.Link{Index: 2, Source: netip.MustParseAddr("192.0.2.99"), Fault: "source_address_missing"}},
	} {
		cfg := shop(100)
		cfg.Source = tt.source
		if got := position(cfg, tt.link, tt.exists, cfg.prefixes()); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestPositionIPv6(t *testing.T) {
	own, virtual := netip.MustParsePrefix("fe80::11/64"), netip.MustParsePrefix("fe80::100/64")
	cfg := shop(100)
	cfg.Addresses = addresses(virtual, netip.MustParsePrefix("2001:db8::100/64"), vip)
	link := netif.Link{Index: 2, Up: true, Addrs: []netif.Address{{Prefix: virtual, Protocol: netif.Protocol}, {Prefix: own, Permanent: true}}}
	if got, want := position(cfg, link, true, cfg.prefixes()), (vrrp.Link{Index: 2, Source: own.Addr()}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	link.Addrs = link.Addrs[:1]
	if got := position(cfg, link, true, cfg.prefixes()); got.Fault != faultNoAddress {
		t.Errorf("without a link-local address of its own: %+v", got)
	}
	if got := cfg.advertised(); len(got) != 2 || got[1] != netip.MustParseAddr("2001:db8::100") {
		t.Errorf("advertised %v: the IPv4 address only moves along", got)
	}
}
