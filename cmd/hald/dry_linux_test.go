package main

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// On a kernel that may have no IPVS: the trial says what it would do, and does
// none of it.
func TestDryRun(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig+`
virtual_server "web" {
  addresses  = ["10.99.0.100:80"]
  protocol   = "tcp"
  forwarding = "nat"
  real_server "one" { address = "10.99.0.11" }
  check "tcp" {
    interval = "100ms"
    timeout  = "100ms"
  }
}
`)
	before := s.ip("-4", "addr")
	log := s.logFile()
	d := s.run(log, "--dry-run")
	s.until("master, and the server down", func() bool {
		now := s.status()
		return now.DryRun && s.isMaster() && len(now.VirtualServers) == 1 && now.VirtualServers[0].Error == "" &&
			now.VirtualServers[0].RealServers[0].State == "down"
	})
	if after := s.ip("-4", "addr"); after != before {
		t.Errorf("addresses before:\n%s\nafter:\n%s", before, after)
	}
	out, err := s.command("status", "--no-color").Output()
	if err != nil || !bytes.Contains(out, []byte("DRY RUN: nothing of what is shown is done")) {
		t.Errorf("%v: %s", err, out)
	}
	d.signal(syscall.SIGTERM)
	if code := d.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(filepath.Join(s.folder, "services.json")); err == nil {
		t.Error("it recorded services as its own")
	}
	text, _ := os.ReadFile(log.Name())
	for line := range bytes.Lines(text) {
		if !bytes.Contains(line, []byte(`"dry_run":true`)) {
			t.Errorf("not marked: %s", line)
		}
	}
	for _, event := range []string{"ipvs.applied", "daemon.stopped"} {
		if !bytes.Contains(text, []byte(`"event":"`+event+`"`)) {
			t.Errorf("no %s in the log:\n%s", event, text)
		}
	}
}
