package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// order runs a hald command inside the namespace.
func (s *site) order(args ...string) (out string, code int) {
	s.t.Helper()
	cmd := s.command(args...)
	text, _ := cmd.CombinedOutput()
	return string(text), cmd.ProcessState.ExitCode()
}

// TestPlannedWorkAlone: who is the only one stays, and is not in maintenance after
// a restart either.
func TestPlannedWorkAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig)
	log := s.logFile()
	d := s.run(log)
	s.until("master", s.isMaster)
	for _, order := range [][]string{{"maintenance", "on", "--for", "1h"}, {"handover"}} {
		if out, code := s.order(order...); code != 1 || !strings.Contains(out, "stays") {
			t.Errorf("%s: exit code %d, %s", order, code, out)
		}
		if !s.isMaster() || !s.holdsAddress() {
			t.Errorf("%s: it did not stay master", order)
		}
	}
	for _, order := range []string{"maintenance off", "takeback"} {
		if out, code := s.order(strings.Fields(order)...); code != 0 {
			t.Errorf("%s: exit code %d, %s", order, code, out)
		}
	}
	d.signal(syscall.SIGTERM)
	d.exitCode()
	text, _ := os.ReadFile(log.Name())
	who := fmt.Sprintf(`"by":"uid %d, pid `, os.Getuid())
	for _, what := range []string{"maintenance on for 1h0m0s", "handover", "maintenance off", "takeback"} {
		found := false
		for line := range bytes.Lines(text) {
			found = found || bytes.Contains(line, []byte(`"event":"daemon.order"`)) && bytes.Contains(line, []byte(`"reason":"`+what+`"`)) && bytes.Contains(line, []byte(who))
		}
		if !found {
			t.Errorf("the log does not tell who ordered %s:\n%s", what, text)
		}
	}
}

// TestUnreadablePlannedWorkIsNoReasonToStayDown: it is said, and a lonely director
// serves.
func TestUnreadablePlannedWorkIsNoReasonToStayDown(t *testing.T) {
	s := newSite(t, validConfig)
	if err := os.MkdirAll(filepath.Join(s.folder, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.folder, "state", "planned.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := s.logFile()
	d := s.run(log)
	s.until("master", s.isMaster)
	s.until("the file is as it should be", func() bool {
		text, _ := os.ReadFile(file)
		return string(text) == "{}\n" && s.status().Kept
	})
	d.signal(syscall.SIGTERM)
	d.exitCode()
	if text, _ := os.ReadFile(log.Name()); !bytes.Contains(text, []byte(`"event":"daemon.state_error"`)) {
		t.Errorf("not said:\n%s", text)
	}
}
