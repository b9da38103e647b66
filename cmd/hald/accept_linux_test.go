package main

import (
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// tables are hald's nftables tables in the namespace.
func (s *site) tables() (names []string) {
	s.t.Helper()
	out, err := exec.Command("ip", "netns", "exec", s.name, "nft", "list", "tables").CombinedOutput()
	if err != nil {
		s.t.Fatalf("list tables: %v: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "hald") {
			names = append(names, strings.TrimSpace(line))
		}
	}
	return names
}

// answers tells whether an address of the namespace answers an echo request.
func (s *site) answers(address string) bool {
	return exec.Command("ip", "netns", "exec", s.name, "ping", "-c1", "-W1", address).Run() == nil
}

// TestAcceptFalse: the address is held and does not answer, the director's own
// does; others' rules cannot open it for long; nothing stays behind.
func TestAcceptFalse(t *testing.T) {
	t.Parallel()
	s := newSite(t, strings.Replace(validConfig, "interface ", "accept = false\n  interface ", 1))
	s.ip("link", "set", "lo", "up")
	d := s.run(s.logFile())
	s.until("master", s.isMaster)
	if !s.holdsAddress() || s.answers("10.99.0.100") || !s.answers("10.99.0.11") {
		t.Errorf("holds %v, answers %v; its own answers %v", s.holdsAddress(), s.answers("10.99.0.100"), s.answers("10.99.0.11"))
	}
	if out, err := exec.Command("ip", "netns", "exec", s.name, "nft", "flush", "ruleset").CombinedOutput(); err != nil {
		t.Fatalf("flush: %v: %s", err, out)
	}
	s.until("the rules are back", func() bool { return len(s.tables()) == 1 })
	if s.answers("10.99.0.100") {
		t.Error("the address answers after the rules came back")
	}

	workers := d.workers()
	d.cmd.Process.Kill()
	for _, pid := range workers {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	s.until("all workers gone", func() bool { return !slices.ContainsFunc(workers, alive) })
	if len(s.tables()) != 1 || s.answers("10.99.0.100") {
		t.Errorf("after the end of all processes: tables %q, the address answers %v", s.tables(), s.answers("10.99.0.100"))
	}
	if out, err := s.command("cleanup").CombinedOutput(); err != nil {
		t.Errorf("cleanup: %v: %s", err, out)
	}
	if s.holdsAddress() || len(s.tables()) > 0 {
		t.Errorf("after cleanup: holds %v, tables %q", s.holdsAddress(), s.tables())
	}

	d = s.run(s.logFile())
	s.until("master again", s.isMaster)
	d.signal(syscall.SIGTERM)
	if code := d.exitCode(); code != 0 || len(s.tables()) > 0 {
		t.Errorf("after a good end: exit code %d, tables %q", code, s.tables())
	}
}
