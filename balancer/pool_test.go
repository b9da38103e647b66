package balancer

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
)

// begin configures the web service with its servers well and waits until all
// is settled.
func (b *bench) begin(change func(*Service)) Service {
	b.t.Helper()
	b.listen()
	s := web()
	if change != nil {
		change(&s)
	}
	b.configure(s)
	b.pass(1500 * time.Millisecond)
	b.events()
	return s
}

func TestPoolRemovesTheDownAndBringsItBack(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.begin(func(s *Service) { s.Servers[0].Weight = 7 })
		b.expect("a=7 b=1")
		b.set(errRefused, "a")
		b.pass(3900 * time.Millisecond) // two of three failures at most
		b.expect("a=7 b=1")
		b.pass(2100 * time.Millisecond) // interval 2 s × fall 3
		b.expect("b=1")
		if n := b.shown()[0].RealServers[0].Checks[0].Failures; n != 3 {
			t.Errorf("%d failed probes are counted, want 3", n)
		}
		want := []event.Event{
			{Name: "real_server.down", Service: "web", Server: "a", Address: "192.0.2.1:80", Check: "tcp", From: "up", To: "down", Error: errRefused.Error()},
			{Name: "real_server.removed", Service: "web", Server: "a", Address: "192.0.2.1:80", Reason: "check failed"},
			{Name: "ipvs.applied", Count: 1},
		}
		got := b.events()
		for i := range got {
			if got[i].Time.IsZero() {
				t.Errorf("%s has no time", got[i].Name)
			}
			got[i].Time = time.Time{}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got)\n%s", diff)
		}
		b.set(nil, "a")
		b.pass(4 * time.Second) // interval 2 s × rise 2
		b.expect("a=7 b=1")
		if told := b.told("real_server", "quorum", "sorry"); told != "up a" {
			t.Errorf("told %s", told)
		}
		// It was settled at once: between the changes nothing was touched.
		if ops := b.table.Done(); len(ops) != 5 {
			t.Errorf("%d operations: %v", len(ops), ops)
		}
	})
}

func TestPoolDrainsUntilNobodyIsLeft(t *testing.T) {
	inBubble(t, func(b *bench) {
		s := b.begin(nil)
		a := ipvsctl.DestinationKey{Service: webKey, Address: netip.AddrPortFrom(address("a"), 80)}
		b.table.Connect(a, ipvsctl.Connections{Active: 2, Inactive: 1})
		s.Servers[0].Disabled = true
		b.configure(s)
		b.expect("a=0 b=1")
		probes := b.count("a")
		b.pass(20 * time.Second)
		b.expect("a=0 b=1")
		if n := b.count("a") - probes; n != 0 {
			t.Errorf("a disabled server was probed %d times", n)
		}
		b.table.Connect(a, ipvsctl.Connections{})
		b.pass(3 * time.Second) // the reconciler's next look
		b.expect("b=1")
		if told := b.told("real_server"); told != "draining a (disabled); removed a (no connection left)" {
			t.Errorf("told %s", told)
		}
		s.Servers[0].Disabled = false
		b.configure(s)
		b.pass(time.Second)
		b.expect("a=1 b=1")
	})
}

func TestPoolDrainsNoLongerThanTold(t *testing.T) {
	inBubble(t, func(b *bench) {
		s := b.begin(nil)
		b.table.Connect(ipvsctl.DestinationKey{Service: webKey, Address: netip.AddrPortFrom(address("a"), 80)}, ipvsctl.Connections{Active: 1})
		s.Servers = s.Servers[1:]
		b.configure(s)
		b.pass(30*time.Second - 1)
		b.expect("a=0 b=1")
		b.pass(1)
		b.expect("b=1")
		if told := b.told("real_server"); told != "draining a (gone from the configuration); removed a (drain time over)" {
			t.Errorf("told %s", told)
		}
	})
}

func TestPoolUsesTheSorryServer(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.begin(func(s *Service) { s.Sorry = sorry() })
		b.expect("a=1 b=1")
		b.set(errRefused, "a", "b")
		b.pass(6 * time.Second)
		b.expect("s=1")
		b.set(nil, "b")
		b.pass(4 * time.Second)
		b.expect("b=1 s=0")
		b.pass(3 * time.Second)
		b.expect("b=1")
		if told := b.told("quorum", "sorry"); told != "quorum.lost; sorry.on; quorum.gained; sorry.off" {
			t.Errorf("told %s", told)
		}
	})
}

func TestPoolProbesASharedTargetOnce(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.listen()
		services := []Service{web()}
		for i := range 9 {
			more := web()
			more.Name = fmt.Sprint("web", i)
			more.Addresses = []netip.AddrPort{netip.AddrPortFrom(vip.Addr(), uint16(1000+i))}
			services = append(services, more)
		}
		b.configure(services...)
		b.pass(20 * time.Second)
		if n := b.count("a"); n != 10 {
			t.Errorf("%d probes in 20 s at one each 2 s", n)
		}
		b.set(errRefused, "a")
		b.pass(6 * time.Second)
		if got := b.table.Services(); len(got) != 10 || len(got[0].Destinations) != 1 || len(got[9].Destinations) != 1 {
			t.Errorf("the kernel has %v", got)
		}
	})
}

func TestPoolKeepsVerdictsAcrossConfigurations(t *testing.T) {
	inBubble(t, func(b *bench) {
		s := b.begin(nil)
		b.set(errRefused, "a")
		b.pass(10 * time.Second)
		b.expect("b=1")
		b.events()
		before := b.count("b")
		for i := range 20 { // faster than any probe
			s.Servers[1].Weight = i + 1
			b.configure(s)
			b.expect(fmt.Sprintf("b=%d", i+1))
			b.pass(200 * time.Millisecond)
		}
		if n := b.count("b") - before; n != 2 {
			t.Errorf("%d probes in 4 s at one each 2 s", n)
		}
		if told := b.told("real_server", "quorum"); told != "" {
			t.Errorf("told %s", told)
		}
	})
}

// A changed check starts anew, but the server stays until it has decided.
func TestPoolChangesACheckInPlace(t *testing.T) {
	inBubble(t, func(b *bench) {
		s := b.begin(nil)
		s.Servers[0].Checks[0].Interval = 4 * time.Second
		b.configure(s)
		b.expect("a=1 b=1")
		b.pass(time.Second)
		b.expect("a=1 b=1")
		before := b.count("a")
		b.pass(8 * time.Second)
		if n := b.count("a") - before; n != 2 {
			t.Errorf("%d probes in 8 s at one each 4 s: the old monitor still runs", n)
		}
		if told := b.told("real_server", "quorum"); told != "" {
			t.Errorf("told %s", told)
		}
	})
}

func TestPoolLocalErrorsRemoveNobody(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.begin(nil)
		b.set(fmt.Errorf("connect: %w", os.NewSyscallError("socket", syscall.EMFILE)), "a", "b")
		b.pass(time.Minute)
		b.expect("a=1 b=1")
		if told := b.told("real_server"); told != "" {
			t.Errorf("told %s", told)
		}
		if check := b.shown()[0].RealServers[0].Checks[0]; check.OK || !strings.Contains(check.Error, "too many open files") {
			t.Errorf("status says %+v", check)
		}
	})
}

// The first look at the kernel's table comes before the first wish, however
// late it is: a warm table survives a balancer that starts badly.
func TestPoolNeverWishesBeforeItHasSeen(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.table.Put(ipvsctl.Service{Key: webKey, Scheduler: "wlc", Destinations: kernel("a=3 b=3").Services[0].Destinations})
		b.table.Fail(ipvstest.Faults{Read: errors.New("busy")})
		b.set(errRefused, "a")
		b.set(errSilent, "b")
		s := web()
		s.Servers[1].Checks[0].Interval = time.Hour
		s.Servers[1].Checks[0].Timeout = time.Hour // no verdict for b yet
		b.listen()
		b.configure(s)
		b.pass(10 * time.Second)
		b.expect("a=3 b=3")
		b.table.Fail(ipvstest.Faults{})
		b.pass(5 * time.Second)
		b.expect("b=3")
		if told := b.told("real_server"); told != "down a; removed a (check failed)" {
			t.Errorf("told %s", told)
		}
	})
}

func TestPoolWithoutServicesNeedsNoIPVS(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.table.Fail(ipvstest.Faults{Open: ipvsctl.ErrNoIPVS})
		b.listen()
		b.configure()
		b.pass(time.Minute)
		if events := b.events(); len(events) != 0 {
			t.Errorf("told %v", events)
		}
	})
}

func TestPoolTellsOnceThatThereIsNoIPVS(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.table.Fail(ipvstest.Faults{Open: ipvsctl.ErrNoIPVS})
		b.listen()
		b.configure(web())
		b.pass(time.Minute)
		var errs []string
		for _, e := range b.events() {
			if e.Name == "ipvs.error" {
				errs = append(errs, e.Error)
			}
		}
		if len(errs) != 1 || !strings.Contains(errs[0], "modprobe ip_vs") {
			t.Errorf("told %q", errs)
		}
		if n := b.count("a"); n != 30 {
			t.Errorf("%d probes in a minute", n)
		}
		st := b.shown()[0]
		if st.RealServers[0].State != "up" || !strings.Contains(st.Error, "modprobe") || !st.HasQuorum {
			t.Errorf("status says %+v", st)
		}
		b.table.Fail(ipvstest.Faults{}) // somebody loaded the module
		b.pass(5 * time.Second)
		b.expect("a=1 b=1")
		if st := b.shown()[0]; st.Error != "" {
			t.Errorf("status still says %q", st.Error)
		}
	})
}

func TestPoolRepairsDrift(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.begin(nil)
		stranger := ipvsctl.Service{Key: ipvsctl.Key{Protocol: ipvsctl.UDP, Address: netip.MustParseAddrPort("203.0.113.9:53")}, Scheduler: "rr"}
		b.table.Clear()
		b.table.Put(stranger)
		b.pass(5 * time.Second)
		b.expect("a=1 b=1")
		if got := b.table.Services(); len(got) != 2 {
			t.Errorf("the stranger's service is gone: %v", got)
		}
		if told := b.told("ipvs"); !strings.HasPrefix(told, "ipvs.drift (add service tcp 203.0.113.1:80") {
			t.Errorf("told %s", told)
		}
		b.shown()
		if want := (Operations{Adds: 3, Repairs: 3, Drifts: 1}); b.done != want {
			t.Errorf("the kernel was told %+v, want %+v", b.done, want)
		}
	})
}

func TestPoolLimitsKernelErrors(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.table.Fail(ipvstest.Faults{Apply: func(ipvsctl.Op) error { return syscall.EPERM }})
		b.listen()
		var services []Service
		for i := range 100 {
			s := web()
			s.Name = fmt.Sprint("web", i)
			s.Addresses = []netip.AddrPort{netip.AddrPortFrom(vip.Addr(), uint16(1000+i))}
			services = append(services, s)
		}
		b.configure(services...)
		b.pass(500 * time.Millisecond)
		if told := b.told("ipvs.error"); strings.Count(told, "ipvs.error") != 10 {
			t.Errorf("told %s", told)
		}
		if st := b.shown(); !strings.Contains(st[0].Error, "not permitted") || !strings.Contains(st[99].Error, "not permitted") {
			t.Errorf("status says %q and %q", st[0].Error, st[99].Error)
		}
	})
}

func TestRunLeavesTheTableWarm(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.begin(nil)
		if err := b.end(); err != nil {
			t.Error(err)
		}
		b.expect("a=1 b=1")
	})
}

func TestRunClearsTheTableWhereToldSo(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.listen()
		b.command(Config{Services: []Service{web()}, ClearOnStop: true})
		b.pass(time.Second)
		b.expect("a=1 b=1")
		if err := b.end(); err != nil {
			t.Error(err)
		}
		if left := b.table.Services(); len(left) != 0 {
			t.Errorf("left %v", left)
		}
	})
}

func TestRunEndsWithTheLink(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.begin(nil)
		b.link.Close()
		synctest.Wait()
		select {
		case err := <-b.ended:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("still running")
		}
		b.expect("a=1 b=1")
	})
}

func TestRunRefusesNonsense(t *testing.T) {
	bad := web()
	bad.Protocol = "icmp"
	hasty := web()
	hasty.Servers[0].Checks[0].Interval = 0
	for _, tt := range []struct {
		send func(b *bench)
		want string
	}{
		{func(b *bench) { b.link.Write([]byte("hello\n")) }, "read command: invalid character"},
		{func(b *bench) { b.configure(bad) }, `configure: virtual server "web": unknown protocol "icmp"`},
		{func(b *bench) { b.configure(hasty) }, "configure: check tcp of 192.0.2.1:80: interval and timeout must be above 0"},
	} {
		inBubble(t, func(b *bench) {
			b.listen()
			tt.send(b)
			if err := <-b.ended; err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
