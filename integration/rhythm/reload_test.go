//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestR20Reloads: fifty reloads in ten seconds, of a pair with two hundred and one
// virtual routers, are seen by nobody: no advert is late, nobody takes over, nothing
// is announced. Every other one changes a priority in place.
func TestR20Reloads(t *testing.T) {
	const reloads, every = 50, 200 * time.Millisecond
	const most = 20 * time.Millisecond // what another load of the machine may add to a gap
	folder := t.TempDir()
	hald, err := build(folder)
	if err != nil {
		t.Fatal(err)
	}
	c := scenario{daemon: haldDaemon{hald}, instances: 201, interval: 100 * time.Millisecond}
	own := filepath.Join(folder, "lb1")
	c.meanwhile = func(link, int) error {
		first := c.daemon.config("lb1", c.instances, c.interval)
		changed := strings.Replace(first, "lb1 = 150", "lb1 = 151", 1)
		next := time.NewTicker(every)
		defer next.Stop()
		for i := range reloads {
			text := map[bool]string{true: first, false: changed}[i/2%2 == 0]
			if err := os.WriteFile(filepath.Join(own, "rhythm.hcl"), []byte(text), 0o644); err != nil {
				return err
			}
			out, err := exec.Command(hald, "reload", "--runtime-dir", own).CombinedOutput()
			if err != nil {
				return fmt.Errorf("reload %d: %w: %s", i, err, out)
			}
			if change := i > 0 && i%2 == 0; strings.Contains(string(out), "priority") != change {
				return fmt.Errorf("reload %d, with a change %v: %s", i, change, out)
			}
			<-next.C
		}
		return nil
	}
	// Others use the machine, too: what hald does wrong shows in every try.
	var fault string
	for range 3 {
		seen, err := c.run(folder)
		if err != nil {
			t.Fatal(err)
		}
		worst := seen.quantile(1)
		t.Logf("%d gaps between adverts, at most %v; %d takeovers; %d announcements", len(seen.gaps), worst, len(seen.takeovers), seen.announced)
		switch {
		case len(seen.takeovers) > 0 || seen.announced > 0:
			t.Fatal("somebody took over, or announced an address")
		case len(seen.gaps) < c.instances*int(reloads*every/c.interval-2):
			fault = "adverts are missing"
		case worst > c.interval*12/10+most:
			fault = "adverts were late"
		default:
			return
		}
	}
	t.Error(fault)
}
