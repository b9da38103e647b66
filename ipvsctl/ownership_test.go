package ipvsctl_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
)

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
	deleted, err := ipvsctl.CleanUp(table.Open, record, false)
	if diff := cmp.Diff([]ipvsctl.Key{web.Key}, deleted, comparable); diff != "" || !errors.Is(err, syscall.EBUSY) {
		t.Errorf("first: %v\n%s", err, diff)
	}
	table.Fail(ipvstest.Faults{})
	deleted, err = ipvsctl.CleanUp(table.Open, record, false)
	if diff := cmp.Diff([]ipvsctl.Key{dns.Key}, deleted, comparable); diff != "" || err != nil {
		t.Errorf("second: %v\n%s", err, diff)
	}
	has(t, &table, mail)
	table.Fail(ipvstest.Faults{Open: errors.New("opened without need")})
	if deleted, err := ipvsctl.CleanUp(table.Open, record, false); err != nil || deleted != nil {
		t.Errorf("third: %v, %v", deleted, err)
	}
}

// TestCleanUpKeepsServices: the next life finds them, and knows that they are
// its own; what else was changed is put back.
func TestCleanUpKeepsServices(t *testing.T) {
	record := filepath.Join(t.TempDir(), "services.json")
	var table ipvstest.Table
	table.Put(mail)
	table.Sysctl("expire_nodest_conn", "0")
	synctest.Test(t, func(t *testing.T) {
		l := start(t, &table, record)
		l.Configure(ipvsctl.Settings{Sysctls: map[string]string{"expire_nodest_conn": "1"}})
		l.Set(services{web, dns})
		l.expect("applied +++++~")
		dead := copyOf(t, record)
		l.stop()
		table.Sysctl("expire_nodest_conn", "1")
		if deleted, err := ipvsctl.CleanUp(table.Open, dead, true); err != nil || deleted != nil {
			t.Errorf("%v, %v", deleted, err)
		}
		has(t, &table, web, mail, dns)
		if table.Snapshot().Sysctls["expire_nodest_conn"] != "0" {
			t.Error("the setting is not as it was before")
		}

		l = start(t, &table, dead)
		l.Set(services{web})
		l.expect("applied -")
		l.stop()
	})
}

func TestCleanUpWithoutIPVS(t *testing.T) {
	record := filepath.Join(t.TempDir(), "services.json")
	os.WriteFile(record, []byte(`{"services": ["tcp 192.0.2.1:53"]}`), 0o600)
	var table ipvstest.Table
	table.Fail(ipvstest.Faults{Open: ipvsctl.ErrNoIPVS})
	if deleted, err := ipvsctl.CleanUp(table.Open, record, false); err != nil || deleted != nil {
		t.Errorf("%v, %v", deleted, err)
	}
	if b, _ := os.ReadFile(record); strings.Contains(string(b), "192.0.2.1") {
		t.Errorf("the record still says %s", b)
	}
}
