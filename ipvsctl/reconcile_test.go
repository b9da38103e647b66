package ipvsctl_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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

func TestOwnership(t *testing.T) {
	t.Run("a later life removes what it no longer wants and nothing else", inBubble(func(t *testing.T) {
		record := filepath.Join(t.TempDir(), "services.json")
		var table ipvstest.Table
		table.Put(mail)
		l := start(t, &table, record)
		l.Set(services{web, dns})
		l.expect("applied +++++")
		l.stop()

		l = start(t, &table, record)
		l.expect()
		has(t, &table, web, dns, mail)
		l.Set(services{web})
		l.expect("applied -")
		has(t, &table, web, mail)
		l.stop()
	}))

	t.Run("a service is in the record before the kernel has it", inBubble(func(t *testing.T) {
		record := filepath.Join(t.TempDir(), "services.json")
		var table ipvstest.Table
		written := ""
		table.Fail(ipvstest.Faults{Wait: func(call string) {
			if call == "apply" {
				b, _ := os.ReadFile(record)
				written = string(b)
			}
		}})
		l := start(t, &table, record)
		l.Set(services{dns})
		l.expect("applied ++")
		if !strings.Contains(written, "tcp 192.0.2.1:53") {
			t.Errorf("record when the kernel was told: %q", written)
		}
		l.stop()
	}))

	t.Run("and until it could be deleted", inBubble(func(t *testing.T) {
		record := filepath.Join(t.TempDir(), "services.json")
		var table ipvstest.Table
		l := start(t, &table, record)
		l.Set(services{dns})
		table.Fail(ipvstest.Faults{Apply: func(op ipvsctl.Op) error {
			if op.Kind == ipvsctl.DeleteService {
				return syscall.EBUSY
			}
			return nil
		}})
		synctest.Wait()
		l.Set(nil)
		l.expect("applied ++", "applied ", "failed: delete service tcp 192.0.2.1:53: device or resource busy")
		l.stop()
		table.Fail(ipvstest.Faults{})
		l = start(t, &table, record)
		l.Set(nil)
		l.expect("applied -")
		table.Put(dns) // a stranger's by now
		time.Sleep(time.Minute)
		l.expect()
		has(t, &table, dns)
		l.stop()
	}))

	t.Run("a corrupt record is reported and owns nothing", inBubble(func(t *testing.T) {
		record := filepath.Join(t.TempDir(), "services.json")
		os.WriteFile(record, []byte(`{"services": ["tcp 192.0.2.1:5`), 0o600)
		var table ipvstest.Table
		table.Put(dns)
		l := start(t, &table, record)
		l.Set(nil)
		l.expect("failed: read the ownership record "+record+": unexpected end of JSON input", "applied ")
		has(t, &table, dns)
		l.stop()
		l = start(t, &table, record)
		l.expect()
		l.stop()
	}))

	t.Run("a record that cannot be written is reported and stops nothing", inBubble(func(t *testing.T) {
		folder := filepath.Join(t.TempDir(), "missing")
		var table ipvstest.Table
		l := start(t, &table, filepath.Join(folder, "services.json"))
		l.Set(services{dns})
		synctest.Wait()
		if len(l.reports) != 2 || l.reports[0] != "applied ++" || !strings.HasPrefix(l.reports[1], "failed: write the ownership record") {
			t.Errorf("reports: %q", l.reports)
		}
		l.reports = nil
		has(t, &table, dns)
		os.Mkdir(folder, 0o700)
		time.Sleep(5 * time.Second)
		l.expect("recovered")
		l.stop()
	}))

	t.Run("the record is written only when it changes", inBubble(func(t *testing.T) {
		record := filepath.Join(t.TempDir(), "services.json")
		var table ipvstest.Table
		l := start(t, &table, record)
		l.Set(services{dns})
		synctest.Wait()
		os.WriteFile(record, []byte("mark"), 0o600)
		l.Set(services{with(dns, func(s *ipvsctl.Service) { s.Destinations[0].Weight = 0 })})
		time.Sleep(time.Minute)
		if b, _ := os.ReadFile(record); string(b) != "mark" {
			t.Errorf("written again: %s", b)
		}
		l.stop()
	}))
}

func TestClearOnStop(t *testing.T) {
	t.Run("deletes ours", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		table.Put(mail)
		l := start(t, &table, "")
		l.Configure(ipvsctl.Settings{ClearOnStop: true})
		l.Set(services{web, dns})
		l.expect("applied +++++")
		l.stop()
		l.expect("applied --")
		has(t, &table, mail)
	}))

	t.Run("says what it could not", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		l := start(t, &table, "")
		l.Configure(ipvsctl.Settings{ClearOnStop: true})
		l.Set(services{dns})
		synctest.Wait()
		table.Fail(ipvstest.Faults{Link: syscall.EPERM})
		l.cancel()
		if err := <-l.ended; !errors.Is(err, syscall.EPERM) {
			t.Errorf("Run: %v", err)
		}
	}))
}

func TestCleanUp(t *testing.T) {
	record := filepath.Join(t.TempDir(), "services.json")
	var table ipvstest.Table
	table.Put(mail)
	synctest.Test(t, func(t *testing.T) {
		l := start(t, &table, record)
		l.Set(services{web, dns})
		l.expect("applied +++++")
		l.stop()
	})

	table.Fail(ipvstest.Faults{Apply: func(op ipvsctl.Op) error {
		if op.Service.Key == dns.Key {
			return syscall.EBUSY
		}
		return nil
	}})
	deleted, err := ipvsctl.CleanUp(table.Open, record)
	if diff := cmp.Diff([]ipvsctl.Key{web.Key}, deleted, comparable); diff != "" || !errors.Is(err, syscall.EBUSY) {
		t.Errorf("first: %v\n%s", err, diff)
	}
	table.Fail(ipvstest.Faults{})
	deleted, err = ipvsctl.CleanUp(table.Open, record)
	if diff := cmp.Diff([]ipvsctl.Key{dns.Key}, deleted, comparable); diff != "" || err != nil {
		t.Errorf("second: %v\n%s", err, diff)
	}
	has(t, &table, mail)
	table.Fail(ipvstest.Faults{Open: errors.New("opened without need")})
	if deleted, err := ipvsctl.CleanUp(table.Open, record); err != nil || deleted != nil {
		t.Errorf("third: %v, %v", deleted, err)
	}
}

func TestCleanUpWithoutIPVS(t *testing.T) {
	record := filepath.Join(t.TempDir(), "services.json")
	os.WriteFile(record, []byte(`{"services": ["tcp 192.0.2.1:53"]}`), 0o600)
	var table ipvstest.Table
	table.Fail(ipvstest.Faults{Open: ipvsctl.ErrNoIPVS})
	if deleted, err := ipvsctl.CleanUp(table.Open, record); err != nil || deleted != nil {
		t.Errorf("%v, %v", deleted, err)
	}
	if b, _ := os.ReadFile(record); strings.Contains(string(b), "192.0.2.1") {
		t.Errorf("the record still says %s", b)
	}
}
