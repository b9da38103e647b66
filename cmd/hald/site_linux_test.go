package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/director"
)

// buildFolder is where the binary goes.
var buildFolder string

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "4") // what calls Parallel here mostly waits, in a namespace of its own
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
	build := exec.Command("go", "build", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as in the lab, so that it is compiled once
	if out, err := build.CombinedOutput(); err != nil {
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

var sites atomic.Int64 // numbers the namespaces

func newSite(t *testing.T, text string) *site {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root for a network namespace")
	}
	s := &site{t: t, name: fmt.Sprintf("hald-%d-%d", os.Getpid(), sites.Add(1)), folder: t.TempDir(), config: written(t, text)}
	if out, err := exec.Command("ip", "netns", "add", s.name).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("ip", "netns", "del", s.name).Run() })
	s.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
	s.ip("addr", "add", "10.99.0.11/24", "dev", "eth0")
	s.ip("link", "set", "eth0", "up")
	s.ip("link", "set", "peer0", "up")
	for until := time.Now().Add(10 * time.Second); !strings.Contains(s.ip("link", "show", "eth0"), "state UP"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("eth0 has no carrier")
		}
	}
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

// within runs f in the namespace: what it opens stays there. It must succeed.
func (s *site) within(f func() error) {
	s.t.Helper()
	done := make(chan error)
	go func() { // the thread ends with the goroutine, for it is in the namespace
		runtime.LockOSThread()
		done <- func() error {
			space, err := os.Open("/run/netns/" + s.name)
			if err != nil {
				return err
			}
			defer space.Close()
			if err := unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err != nil {
				return err
			}
			return f()
		}()
	}()
	if err := <-done; err != nil {
		s.t.Fatal(err)
	}
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
	args = append(args, "-c", s.config, "--director", "lb1", "--runtime-dir", s.folder, "--state-dir", filepath.Join(s.folder, "state"))
	return exec.Command("ip", args...)
}

// asNobody is a command of a user without rights, in the test's own namespace.
func (s *site) asNobody(args ...string) *exec.Cmd {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	public, err := os.MkdirTemp("", "hald-public-")
	if err == nil {
		s.t.Cleanup(func() { os.RemoveAll(public) })
		err = os.Chmod(public, 0o755)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	program := filepath.Join(public, "hald")
	if out, err := exec.Command("cp", path, program).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	command := exec.Command(program, append(args, "--runtime-dir", s.folder)...)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return command
}

// running is a daemon.
type running struct {
	site  *site
	cmd   *exec.Cmd
	ended chan error
}

// run starts the daemon with its log going to the file.
func (s *site) run(log *os.File, flags ...string) *running {
	s.t.Helper()
	d := &running{site: s, cmd: s.command(append([]string{"run"}, flags...)...), ended: make(chan error, 1)}
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

// stop ends the daemon in good order.
func (d *running) stop() {
	d.site.t.Helper()
	d.signal(syscall.SIGTERM)
	d.exitCode()
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

// rewrite changes the configuration's file.
func (s *site) rewrite(old, new string) {
	s.t.Helper()
	text, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.config, bytes.Replace(text, []byte(old), []byte(new), 1), 0o644); err != nil {
		s.t.Fatal(err)
	}
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

// logFile is for a daemon's log. A test that fails shows the end of it.
func (s *site) logFile() *os.File {
	s.t.Helper()
	file, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		file.Close()
		if !s.t.Failed() {
			return
		}
		text, err := os.ReadFile(file.Name())
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		s.t.Logf("the end of the log (%v):\n%s", err, strings.Join(lines[max(0, len(lines)-10):], "\n"))
	})
	return file
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
