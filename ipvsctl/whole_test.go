package ipvsctl_test

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
)

func synchronising(role ipvsctl.Role) *ipvsctl.Daemon {
	return &ipvsctl.Daemon{Role: role, Interface: "eth1", ID: 51}
}

// copyOf keeps the record as a life that is killed now would leave it.
func copyOf(t *testing.T, record string) string {
	t.Helper()
	b, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	kept := record + ".kept"
	if err := os.WriteFile(kept, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return kept
}

func runs(t *testing.T, table *ipvstest.Table, want ...ipvsctl.Daemon) {
	t.Helper()
	if got := table.Snapshot().Sync; !slices.Equal(got, want) {
		t.Errorf("synchronises as %v, want %v", got, want)
	}
}

func TestSynchronisation(t *testing.T) {
	t.Run("follows the role and stops at the end", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		l := start(t, &table, filepath.Join(t.TempDir(), "record"))
		l.Set(services{web})
		l.Configure(ipvsctl.Settings{Sync: synchronising(0)})
		l.expect("applied +++", "applied ")
		runs(t, &table)
		l.Configure(ipvsctl.Settings{Sync: synchronising(ipvsctl.Receiver)})
		l.expect("receiver on eth1 id 51", "applied ~")
		l.Configure(ipvsctl.Settings{Sync: synchronising(ipvsctl.Sender)})
		l.expect("no longer receiver on eth1 id 51", "sender on eth1 id 51", "applied ~~")
		runs(t, &table, *synchronising(ipvsctl.Sender))
		l.stop()
		runs(t, &table)
		has(t, &table, web)
	}))

	t.Run("a running one is taken over as it is", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		table.Synchronise(*synchronising(ipvsctl.Sender))
		l := start(t, &table, "")
		l.Configure(ipvsctl.Settings{Sync: synchronising(ipvsctl.Sender)})
		l.Set(nil)
		time.Sleep(time.Second)
		if len(table.Done()) != 0 {
			t.Errorf("did %v", table.Done())
		}
		l.stop()
	}))

	t.Run("a stranger's goes on where none is wanted", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		table.Synchronise(*synchronising(ipvsctl.Receiver))
		l := start(t, &table, "")
		l.Set(services{web})
		l.stop()
		runs(t, &table, *synchronising(ipvsctl.Receiver))
	}))

	t.Run("starts again on another interface of that name", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		l := start(t, &table, "")
		l.Set(nil)
		l.Configure(ipvsctl.Settings{Sync: synchronising(ipvsctl.Receiver)})
		time.Sleep(time.Second)
		stale := *synchronising(ipvsctl.Receiver)
		stale.Stale = true
		table.Synchronise(stale)
		table.Fail(ipvstest.Faults{Apply: func(op ipvsctl.Op) error {
			if op.Kind == ipvsctl.StartSync {
				return syscall.ENODEV
			}
			return nil
		}})
		time.Sleep(10 * time.Second)
		runs(t, &table)
		table.Fail(ipvstest.Faults{})
		time.Sleep(10 * time.Second)
		runs(t, &table, *synchronising(ipvsctl.Receiver))
		l.stop()
	}))
}

func TestSysctls(t *testing.T) {
	value := func(table *ipvstest.Table) string { return table.Snapshot().Sysctls["expire_nodest_conn"] }
	wanted := ipvsctl.Settings{Sysctls: map[string]string{"expire_nodest_conn": "1"}}

	t.Run("put back when Run ends, even after a life that was killed", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		record := filepath.Join(t.TempDir(), "record")
		table.Sysctl("expire_nodest_conn", "0")
		l := start(t, &table, record)
		l.Set(services{web})
		l.Configure(wanted)
		time.Sleep(time.Second)
		if value(&table) != "1" {
			t.Fatal("not written")
		}
		kept := copyOf(t, record)
		l.stop()
		if value(&table) != "0" {
			t.Error("not put back")
		}

		table.Sysctl("expire_nodest_conn", "1") // as the killed life left it
		l = start(t, &table, kept)
		l.Set(services{web})
		l.Configure(wanted)
		time.Sleep(time.Second)
		l.stop()
		if value(&table) != "0" {
			t.Error("what it was before was forgotten")
		}
	}))

	t.Run("repaired, and put back when named no longer", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		table.Sysctl("expire_nodest_conn", "0")
		l := start(t, &table, "")
		l.Configure(wanted)
		l.Set(nil)
		time.Sleep(time.Second)
		table.Sysctl("expire_nodest_conn", "0")
		time.Sleep(10 * time.Second)
		if value(&table) != "1" {
			t.Error("not repaired")
		}
		l.Configure(ipvsctl.Settings{})
		time.Sleep(time.Second)
		if value(&table) != "0" {
			t.Error("not put back")
		}
		l.stop()
	}))

	t.Run("and synchronisation are cleaned up after a dead life", inBubble(func(t *testing.T) {
		var table ipvstest.Table
		record := filepath.Join(t.TempDir(), "record")
		table.Sysctl("expire_nodest_conn", "0")
		l := start(t, &table, record)
		l.Set(nil)
		l.Configure(ipvsctl.Settings{Sysctls: wanted.Sysctls, Sync: synchronising(ipvsctl.Sender)})
		time.Sleep(time.Second)
		kept := copyOf(t, record)
		l.stop()
		table.Sysctl("expire_nodest_conn", "1")
		table.Synchronise(*synchronising(ipvsctl.Sender))
		if _, err := ipvsctl.CleanUp(table.Open, kept, false); err != nil {
			t.Fatal(err)
		}
		runs(t, &table)
		if value(&table) != "0" {
			t.Error("not put back")
		}
	}))
}
