//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crowd is hald with half of the virtual routers on each cable.
type crowd struct{ haldDaemon }

func (crowd) config(_ string, instances int, interval time.Duration) string {
	var b strings.Builder
	b.WriteString("cluster \"crowd\" {\n  director \"lb1\" {}\n  director \"lb2\" {}\n}\n")
	for i := range instances {
		cable, vrid := i%len(cables), i/len(cables)+1
		fmt.Fprintf(&b, `vrrp_instance "v%d" {
  interface              = %q
  virtual_router_id      = %d
  priority               = { lb1 = %d, lb2 = %d }
  advertisement_interval = %q
  virtual_addresses      = ["198.51.%d.%d/32"]
}
`, i, cables[cable], vrid, priority("lb1"), priority("lb2"), interval, 100+cable, vrid)
	}
	return b.String()
}

// TestR27Crowd: three hundred virtual routers on two links are there at once, cost
// little, keep their rhythm, and change hands together.
func TestR27Crowd(t *testing.T) {
	const instances, watched = 300, 10 * time.Second
	const most = 0.03 // of a core
	folder := t.TempDir()
	hald, err := build(folder)
	if err != nil {
		t.Fatal(err)
	}
	var share float64 // of a core
	var memory int64
	c := scenario{daemon: crowd{haldDaemon{hald}}, instances: instances, interval: time.Second}
	c.meanwhile = func(_ link, master int) error {
		before := usage(master)
		time.Sleep(watched)
		after := usage(master)
		cpu, whole := after.since(before)
		if !whole {
			return fmt.Errorf("a process was replaced")
		}
		share, memory = cpu.Seconds()/watched.Seconds(), after.memory
		// The first is the others' parent: it must not start them again, and they must
		// not see it gone, which would have them leave in good order.
		deaths := []error{syscall.Kill(master, syscall.SIGSTOP)}
		for _, pid := range slices.Backward(after.pids) {
			deaths = append(deaths, syscall.Kill(pid, syscall.SIGKILL))
		}
		if err := errors.Join(deaths...); err != nil {
			return fmt.Errorf("kill: %w", err)
		}
		time.Sleep(5 * time.Second) // the down interval is 3.6 s
		return nil
	}
	// Others use the machine, too: what hald does wrong shows in every try.
	var fault string
	for range 3 {
		seen, err := c.run(folder)
		if err != nil {
			t.Fatal(err)
		}
		ready, began := beginning(t, filepath.Join(folder, "lb1.log"))
		worst := seen.quantile(1)
		var first, last time.Duration
		for i, silence := range seen.takeovers {
			if i == 0 || silence < first {
				first = silence
			}
			last = max(last, silence)
		}
		t.Logf("%d are backup after %v; %.1f %% of a core, %.0f MB (PSS); longest gap %v; %d takeovers after %v to %v of silence",
			began, ready, 100*share, float64(memory)/1e6, worst, len(seen.takeovers), first, last)
		switch {
		case began != instances || len(seen.takeovers) != instances || len(seen.gaps) < instances*int(watched/c.interval-1):
			t.Fatal("not all of them are there")
		case memory > 60e6:
			t.Fatal("too much memory, want 60 MB")
		case ready > 5*time.Second:
			fault = "the start took more than 5 s"
		case share > most:
			fault = "too much of a core"
		case worst > c.interval*105/100:
			fault = "adverts were late"
		case last-first > 200*time.Millisecond:
			fault = "the takeovers were more than 200 ms apart"
		default:
			return
		}
	}
	t.Error(fault)
}

// beginning reads from a director's log how long after its start the last virtual
// router began to elect, and how many did.
func beginning(t *testing.T, log string) (took time.Duration, n int) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var started time.Time
	for line := range strings.Lines(string(text)) {
		var e struct {
			TS        time.Time
			Event, To string
			From      string
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch {
		case e.Event == "daemon.started":
			started = e.TS
		case e.Event == "vrrp.transition" && e.From == "init":
			took, n = max(took, e.TS.Sub(started)), n+1
		}
	}
	return took, n
}
