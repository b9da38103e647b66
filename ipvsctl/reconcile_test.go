package ipvsctl_test

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
)

var (
	web  = tcp("192.0.2.1:80", server("10.0.0.1:80", 1), server("10.0.0.2:80", 2))
	dns  = tcp("192.0.2.1:53", server("10.0.0.3:53", 1))
	mail = tcp("192.0.2.9:25", server("10.0.0.4:25", 1))
)

type services = []ipvsctl.Service

// life is one Reconciler at work on a table, in a bubble.
type life struct {
	*ipvsctl.Reconciler
	t       *testing.T
	reports []string
	first   *ipvsctl.Snapshot
	cancel  context.CancelFunc
	ended   chan error
}

func start(t *testing.T, table *ipvstest.Table, record string) *life {
	t.Helper()
	l := &life{t: t, ended: make(chan error, 1)}
	l.Reconciler = ipvsctl.NewReconciler(ipvsctl.Options{Open: table.Open, Record: record, Report: l.report})
	ctx, cancel := context.WithCancel(t.Context())
	l.cancel = cancel
	go func() { l.ended <- l.Run(ctx) }()
	synctest.Wait()
	return l
}

func (l *life) report(r ipvsctl.Report) {
	switch r := r.(type) {
	case ipvsctl.Observed:
		if l.first == nil {
			l.first = &r.Snapshot
		}
	case ipvsctl.Applied:
		l.reports = append(l.reports, "applied "+strings.Repeat("+", r.Adds)+strings.Repeat("~", r.Updates)+strings.Repeat("-", r.Deletes))
	case ipvsctl.Drift:
		l.reports = append(l.reports, "drift: "+strings.Join(lines(r.Ops), "; "))
	case ipvsctl.Synchronising:
		line := r.Daemon.String()
		if r.Stopped {
			line = "no longer " + line
		}
		l.reports = append(l.reports, line)
	case ipvsctl.Failed:
		l.reports = append(l.reports, "failed: "+r.Error())
	case ipvsctl.Recovered:
		l.reports = append(l.reports, "recovered")
	}
}

// expect is what was reported since the last call.
func (l *life) expect(reports ...string) {
	l.t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(reports, l.reports, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("reports (-want +got):\n%s", diff)
	}
	l.reports = nil
}

func (l *life) stop() {
	l.t.Helper()
	l.cancel()
	if err := <-l.ended; err != nil {
		l.t.Errorf("Run: %v", err)
	}
}

func has(t *testing.T, table *ipvstest.Table, want ...ipvsctl.Service) {
	t.Helper()
	var expected ipvstest.Table
	expected.Put(want...)
	if diff := cmp.Diff(expected.Services(), table.Services(), comparable); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func inBubble(f func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) { synctest.Test(t, f) }
}

func TestReconciler(t *testing.T) {
	t.Run("reads before the first Set and changes nothing", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		table.Put(web)
		table.Connect(ipvsctl.DestinationKey{Service: web.Key, Address: web.Destinations[0].Address}, ipvsctl.Connections{Active: 3})
		l := start(t, &table, "")
		time.Sleep(time.Minute)
		l.expect()
		if l.first == nil || len(l.first.Services) != 1 {
			t.Fatalf("first snapshot: %+v", l.first)
		}
		if c := l.first.Connections[ipvsctl.DestinationKey{Service: web.Key, Address: web.Destinations[0].Address}]; c.Active != 3 {
			t.Errorf("connections: %+v", c)
		}
		has(t, &table, web)
		l.stop()
	}))

	t.Run("applies at once what is set", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		table.Put(mail)
		l := start(t, &table, "")
		before := time.Now()
		l.Set(services{web, dns})
		l.expect("applied +++++")
		l.Set(services{web})
		l.expect("applied -")
		l.Set(services{web})
		l.expect("applied ")
		if time.Since(before) != 0 {
			t.Errorf("took %s", time.Since(before))
		}
		has(t, &table, web, mail)
		l.stop()
		has(t, &table, web, mail)
	}))

	t.Run("the latest of many sets counts and none blocks", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		release := make(chan struct{})
		table.Fail(ipvstest.Faults{Wait: func(call string) {
			if call == "apply" {
				<-release
			}
		}})
		l := start(t, &table, "")
		l.Set(services{dns})
		synctest.Wait() // Apply hangs
		for range 100 {
			l.Set(services{dns, mail})
		}
		l.Set(services{web})
		table.Fail(ipvstest.Faults{})
		close(release)
		l.expect("applied ++", "applied +++-")
		has(t, &table, web)
		l.stop()
	}))

	t.Run("notices drift within 5 s and repairs it in the same round", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		l := start(t, &table, "")
		l.Set(services{dns})
		l.expect("applied ++")
		time.Sleep(10 * time.Second)
		l.expect()
		table.Clear()
		table.Put(mail)
		time.Sleep(5 * time.Second)
		l.expect("drift: add service tcp 192.0.2.1:53 wlc; add destination tcp 192.0.2.1:53 -> 10.0.0.3:53 dr weight 1")
		has(t, &table, dns, mail)
		l.stop()
	}))

	t.Run("a refused op stops no other, is reported once and tried again", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		table.Fail(ipvstest.Faults{Apply: func(op ipvsctl.Op) error {
			if op.Kind == ipvsctl.AddService && op.Service.Key == dns.Key {
				return syscall.ENOENT
			}
			return nil
		}})
		l := start(t, &table, "")
		l.Set(services{web, dns, mail})
		l.expect("applied +++++", "failed: add service tcp 192.0.2.1:53 wlc: no such file or directory")
		has(t, &table, web, mail)
		time.Sleep(time.Minute)
		l.expect()

		table.Put(with(mail, func(s *ipvsctl.Service) { s.Scheduler = "rr" }))
		time.Sleep(5 * time.Second)
		l.expect("drift: update service tcp 192.0.2.9:25 wlc")
		table.Fail(ipvstest.Faults{})
		time.Sleep(5 * time.Second)
		l.expect("applied ++", "recovered")
		has(t, &table, web, dns, mail)
		l.stop()
	}))

	t.Run("a broken way to the kernel is opened again, soon", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		table.Fail(ipvstest.Faults{Open: ipvsctl.ErrNoIPVS})
		l := start(t, &table, "")
		l.Set(services{dns})
		l.expect("failed: " + ipvsctl.ErrNoIPVS.Error())
		time.Sleep(time.Minute)
		l.expect()
		table.Fail(ipvstest.Faults{Link: syscall.ENOBUFS})
		time.Sleep(5 * time.Second)
		l.expect("failed: no buffer space available")
		table.Fail(ipvstest.Faults{Read: syscall.EPERM})
		time.Sleep(5 * time.Second)
		l.expect("failed: operation not permitted")
		table.Fail(ipvstest.Faults{})
		time.Sleep(5 * time.Second)
		l.expect("applied ++", "recovered")

		table.Fail(ipvstest.Faults{Link: syscall.ENOBUFS})
		l.Set(services{mail})
		l.expect("failed: no buffer space available")
		table.Fail(ipvstest.Faults{})
		time.Sleep(100 * time.Millisecond)
		l.expect("applied ++-", "recovered")
		l.stop()
	}))

	t.Run("timeouts are kept", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		l := start(t, &table, "")
		l.Configure(ipvsctl.Settings{Timeouts: ipvsctl.Timeouts{TCP: 900 * time.Second}})
		l.expect()
		l.Set(nil)
		l.expect("applied ~")
		if got := table.Snapshot().Timeouts.TCP; got != 900*time.Second {
			t.Errorf("tcp timeout %s", got)
		}
		time.Sleep(time.Minute)
		l.expect()
		l.Configure(ipvsctl.Settings{Timeouts: ipvsctl.Timeouts{TCP: 30 * time.Second}})
		l.expect("applied ~")
		l.stop()
	}))
}
