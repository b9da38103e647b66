package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hald-project/hald/director"
)

// These tests run the real binary in a network namespace of its own. They need
// root and wait for real time, a few advertisement intervals each.

func TestTheDaemonStopsCleanly(t *testing.T) {
	s := newSite(t, validConfig)
	log := s.logFile()
	d := s.run(log)
	s.until("master", s.isMaster)
	if !s.holdsAddress() {
		t.Error("master without the address")
	}
	workers := d.workers()
	if len(workers) != 2 {
		t.Fatalf("workers %v, want two", workers)
	}
	if out, err := s.command("run").CombinedOutput(); err == nil || !strings.Contains(string(out), "another hald is running") {
		t.Errorf("a second daemon: %v, %s", err, out)
	}

	if out, err := s.asNobody("status").CombinedOutput(); err == nil || !strings.Contains(string(out), "be root, or in the group of that socket") {
		t.Errorf("a user without rights: %v, %s", err, out)
	}

	// A service manager signals the whole group: the workers wait for the director.
	for _, pid := range workers {
		syscall.Kill(pid, syscall.SIGTERM)
	}
	d.signal(syscall.SIGTERM)
	if code := d.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if s.holdsAddress() {
		t.Error("the address is still here")
	}
	if slices.ContainsFunc(workers, alive) {
		t.Error("a worker is still here")
	}
	unlock, err := director.LockAll(t.Context(), s.folder)
	if err != nil {
		t.Fatalf("locks: %v", err)
	}
	unlock()

	text, _ := os.ReadFile(log.Name())
	seq := 0
	for line := range bytes.Lines(text) {
		var e struct {
			Seq      int
			TS       time.Time
			Event    string
			Cluster  string
			Director string
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if seq++; e.Seq != seq || e.TS.IsZero() || e.Cluster != "shop" || e.Director != "lb1" {
			t.Errorf("line %d: %s", seq, line)
		}
		if e.Event == "worker.exited" {
			t.Errorf("a worker died: %s", line)
		}
	}
	if !bytes.Contains(text, []byte(`"event":"daemon.stopped"`)) {
		t.Errorf("the log does not end well:\n%s", text)
	}
}

func TestAKilledElectionComesBack(t *testing.T) {
	s := newSite(t, validConfig)
	d := s.run(s.logFile())
	s.until("master", s.isMaster)
	first := d.workers()
	for _, pid := range first {
		if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); string(name) == "hald-election\n" {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	s.until("two workers again", func() bool { w := d.workers(); return len(w) == 2 && !slices.Equal(w, first) })
	s.until("master again", s.isMaster)
	d.signal(syscall.SIGINT)
	if code := d.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestWorkersLeaveWhenTheDirectorDies(t *testing.T) {
	s := newSite(t, validConfig)
	d := s.run(s.logFile())
	s.until("master", s.isMaster)
	workers := d.workers()
	d.signal(syscall.SIGKILL)
	d.exitCode()
	s.until("all workers gone", func() bool { return !slices.ContainsFunc(workers, alive) })
	if s.holdsAddress() {
		t.Error("the election left, the address is still here")
	}
	d = s.run(s.logFile())
	s.until("master in the next life", s.isMaster)
	d.signal(syscall.SIGTERM)
	if code := d.exitCode(); code != 0 {
		t.Errorf("exit code %d of the next life", code)
	}
}

// TestTheStateInTheLog: USR1 has the state written, and nothing else happens.
func TestTheStateInTheLog(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig)
	log := s.logFile()
	d := s.run(log)
	s.until("master", s.isMaster)
	d.signal(syscall.SIGUSR1)
	said := func() bool {
		text, _ := os.ReadFile(log.Name())
		return bytes.Contains(text, []byte(`"event":"daemon.state","cluster":"shop","director":"lb1","instance":"web","vrid":51,"interface":"eth0","to":"master","reason":"master_silent"`))
	}
	s.until("the state is in the log", said)
	if out, err := s.command("events", "-o", "json").CombinedOutput(); err != nil || bytes.Contains(out, []byte("daemon.state")) || !bytes.Contains(out, []byte("daemon.started")) {
		t.Errorf("events: %v, %s", err, out)
	}
	d.signal(syscall.SIGTERM)
	if code := d.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A crash is told from a wrong configuration, exit status 2, which the unit does not start again.
func TestACrashEndsByASignal(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig)
	d := s.run(s.logFile())
	s.until("master", s.isMaster)
	d.signal(syscall.SIGABRT)
	if code := d.exitCode(); code != -1 {
		t.Errorf("exit code %d, want none", code)
	}
}

func TestTheSecondSignalEndsAtOnceAndCleanupRemovesTheRest(t *testing.T) {
	t.Parallel()
	slow := strings.Replace(validConfig, `"100ms"`, `"1s"`, 1)
	s := newSite(t, slow)
	d := s.run(s.logFile())
	s.until("master", s.isMaster)
	workers := d.workers()
	d.signal(syscall.SIGTERM)
	d.signal(syscall.SIGINT)
	if code := d.exitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	s.until("all workers gone", func() bool { return !slices.ContainsFunc(workers, alive) })
	if !s.holdsAddress() {
		t.Error("nothing is left to clean up: the election was not killed at once")
	}
	if out, err := s.command("cleanup").CombinedOutput(); err != nil {
		t.Errorf("cleanup: %v: %s", err, out)
	}
	if s.holdsAddress() {
		t.Error("the address is still here after cleanup")
	}
}

func TestTheServiceManagerIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "1000000")
	s := newSite(t, validConfig)
	d := s.run(s.logFile())
	socket.SetReadDeadline(time.Now().Add(15 * time.Second))
	told := func() string {
		t.Helper()
		got := make([]byte, 100)
		n, err := socket.Read(got)
		if err != nil {
			t.Fatal(err)
		}
		return string(got[:n])
	}
	next := func() string { // but for the signs of life, and who is what
		for {
			if state := told(); state != "WATCHDOG=1" && !strings.HasPrefix(state, "STATUS=") {
				return state
			}
		}
	}
	if state := next(); state != "READY=1" {
		t.Fatalf("told %q first", state)
	}
	for signs := 0; signs < 2; {
		switch state := told(); state {
		case "WATCHDOG=1":
			signs++
		case "STATUS=init: web", "STATUS=backup: web", "STATUS=master: web":
		default:
			t.Fatalf("told %q, want a sign of life", state)
		}
	}
	for told() != "STATUS=master: web" {
	}
	d.signal(syscall.SIGTERM)
	if state := next(); state != "STOPPING=1" {
		t.Fatalf("told %q last", state)
	}
	if code := d.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Nobody reads the log, or the disk is full.
func TestAStuckLogHoldsNothingUp(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for name, log := range map[string]*os.File{"unread pipe": unreadPipe(t), "full disk": full} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, validConfig)
			d := s.run(log)
			s.until("master", s.isMaster)
			sent := func() uint64 { return s.status().VRRPInstances[0].AdvertsSent }
			before := sent()
			s.until("adverts go on", func() bool { return sent() > before+5 })
			d.signal(syscall.SIGTERM)
			if code := d.exitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if s.holdsAddress() {
				t.Error("the address is still here")
			}
		})
	}
}
