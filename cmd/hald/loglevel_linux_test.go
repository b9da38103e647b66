package main

import (
	"os"
	"strings"
	"testing"
)

// TestLogLevelIsThatOfAllProcesses: the order changes what is logged of the front and
// of the election; the status shows it.
func TestLogLevelIsThatOfAllProcesses(t *testing.T) {
	s := newSite(t, validConfig)
	log := s.logFile()
	d := s.run(log, "--log-level", "error")
	s.until("master", s.isMaster)
	logged := func(text string) bool {
		all, _ := os.ReadFile(log.Name())
		return strings.Contains(string(all), text)
	}
	if logged(`"event":`) {
		t.Fatal("there are lines below the level")
	}
	if out, code := s.order("log-level", "info"); code != 0 {
		t.Fatalf("exit code %d, %s", code, out)
	}
	s.until("the front logs", func() bool { return logged(`"event":"daemon.order"`) })
	if got := s.status().Log; got.Level != "info" || !strings.HasPrefix(got.By, "uid 0,") {
		t.Errorf("the status has %+v", got)
	}
	if out, _ := s.command("status").Output(); !strings.Contains(string(out), "\nlog level info, by uid 0,") {
		t.Errorf("the status is\n%s", out)
	}
	s.ip("link", "set", "eth0", "down")
	s.until("the election logs", func() bool { return logged(`"event":"vrrp.transition"`) })
	d.stop()
}
