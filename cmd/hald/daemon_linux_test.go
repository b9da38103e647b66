package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/director"
)

// These tests run the real binary in a network namespace of its own. They need
// root and wait for real time, a few advertisement intervals each.

// buildFolder is where the binary goes.
var buildFolder string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "hald-test-")
	if err != nil {
		panic(err)
	}
	buildFolder = folder
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// binary builds hald once.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildFolder, "hald")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return path, nil
})

// site is a network namespace with one interface, and a daemon's files.
type site struct {
	t      *testing.T
	name   string
	folder string
	config string
}

func newSite(t *testing.T, text string) *site {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root for a network namespace")
	}
	folder := t.TempDir()
	s := &site{t: t, name: fmt.Sprintf("hald-%d-%s", os.Getpid(), filepath.Base(filepath.Dir(folder))[:8]), folder: folder, config: written(t, text)}
	if out, err := exec.Command("ip", "netns", "add", s.name).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("ip", "netns", "del", s.name).Run() })
	s.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
	s.ip("addr", "add", "10.99.0.11/24", "dev", "eth0")
	s.ip("link", "set", "eth0", "up")
	s.ip("link", "set", "peer0", "up")
	return s
}

func (s *site) ip(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("ip", append([]string{"-n", s.name}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("ip %v: %v: %s", args, err, out)
	}
	return string(out)
}

func (s *site) holdsAddress() bool {
	return strings.Contains(s.ip("addr", "show", "dev", "eth0"), "10.99.0.100/24")
}

// command is a hald command inside the namespace.
func (s *site) command(args ...string) *exec.Cmd {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	args = append([]string{"netns", "exec", s.name, path}, args...)
	args = append(args, "-c", s.config, "--director", "lb1", "--runtime-dir", s.folder)
	return exec.Command("ip", args...)
}

// running is a daemon.
type running struct {
	site  *site
	cmd   *exec.Cmd
	ended chan error
}

// run starts the daemon with its log going to the file.
func (s *site) run(log *os.File) *running {
	s.t.Helper()
	d := &running{site: s, cmd: s.command("run"), ended: make(chan error, 1)}
	d.cmd.Stderr = log
	if err := d.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { d.ended <- d.cmd.Wait() }()
	s.t.Cleanup(func() { d.cmd.Process.Kill() })
	return d
}

func (d *running) signal(s syscall.Signal) { d.cmd.Process.Signal(s) }

// exitCode waits for the end.
func (d *running) exitCode() int {
	d.site.t.Helper()
	select {
	case err := <-d.ended:
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return exit.ExitCode()
		}
		return 0
	case <-time.After(20 * time.Second):
		d.site.t.Fatal("the daemon does not end")
		return -1
	}
}

// workers are the processes that the daemon started, by whichever thread.
func (d *running) workers() []int {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", d.cmd.Process.Pid))
	var pids []int
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for field := range strings.FieldsSeq(string(text)) {
			pid, _ := strconv.Atoi(field)
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// status asks the daemon; the zero document if it does not answer.
func (s *site) status() director.Document {
	var d director.Document
	out, _ := s.command("status", "-o", "json").Output()
	json.Unmarshal(out, &d)
	return d
}

func (s *site) isMaster() bool {
	d := s.status()
	return len(d.VRRPInstances) == 1 && d.VRRPInstances[0].State == "master"
}

// until waits for a condition, generously.
func (s *site) until(what string, condition func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("still not: %s", what)
		}
	}
}

func alive(pid int) bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.Contains(state, []byte(") Z "))
}

func (s *site) logFile() *os.File {
	s.t.Helper()
	file, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { file.Close() })
	return file
}

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

func TestTheSecondSignalEndsAtOnceAndCleanupRemovesTheRest(t *testing.T) {
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
	s := newSite(t, validConfig)
	d := s.run(s.logFile())
	socket.SetReadDeadline(time.Now().Add(15 * time.Second))
	for _, want := range []string{"READY=1", "STOPPING=1"} {
		got := make([]byte, 100)
		n, err := socket.Read(got)
		if err != nil || string(got[:n]) != want {
			t.Fatalf("told %q, %v; want %s", got[:n], err, want)
		}
		if want == "READY=1" {
			d.signal(syscall.SIGTERM)
		}
	}
	if code := d.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Nobody reads the log, or the disk is full.
func TestAStuckLogHoldsNothingUp(t *testing.T) {
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

// unreadPipe is the write end of a full pipe that nobody reads.
func unreadPipe(t *testing.T) *os.File {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := unix.Write(fds[1], make([]byte, 4096)); err != nil {
			break
		}
	}
	if err := unix.SetNonblock(fds[1], false); err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fds[1]), "pipe")
	t.Cleanup(func() { file.Close(); unix.Close(fds[0]) })
	return file
}
