package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hald-project/hald/integration/guest"
)

// BuildHald builds the program under test into the folder, from the module of
// the working directory. It is a guest's Prepare: inside there is no compiler's
// cache to write to.
func BuildHald(out string) error {
	module, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	cmd := exec.Command("go", "build", "-o", filepath.Join(out, "hald"), "./cmd/hald")
	cmd.Dir = filepath.Dir(strings.TrimSpace(string(module)))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build hald: %w\n%s", err, text)
	}
	return nil
}

// HaldBinary is the program that BuildHald built.
func HaldBinary() string { return filepath.Join(guest.Out(), "hald") }

// Hald is a director that runs hald.
type Hald struct {
	*launcher
	lab     *Lab
	config  string
	through []string
	seen    int // lines of the process's output that AwaitEvent has passed
}

// Hald is a director that runs hald with the cluster as configuration. The
// daemon is not started.
func (l *Lab) Hald(name string, c Cluster) *Hald {
	l.t.Helper()
	return l.HaldWith(name, l.WriteFile("hald.hcl", c.hald()))
}

// HaldWith is Hald with a configuration file of one's own.
func (l *Lab) HaldWith(name, config string) *Hald {
	h := &Hald{lab: l, config: config}
	h.launcher = &launcher{
		name: name, daemon: "hald",
		election: func(pid int) bool { return strings.Contains(commandLine(pid), "worker election") },
		balancer: func(pid int) bool { return strings.Contains(commandLine(pid), "worker balancer") },
		launch: func() *Process {
			l.t.Helper()
			h.seen = 0
			command := slices.Concat(h.through, []string{HaldBinary(), "run"}, h.flags())
			return l.spawn(l.director(name), name, command[0], command[1:]...)
		},
	}
	return h
}

// Through has the daemon started by another command, such as setpriv or a shell
// that redirects its output, which is given the daemon's command line and has to
// execute it in its own place. It returns h.
func (h *Hald) Through(command ...string) *Hald {
	h.through = command
	return h
}

// Command runs a hald command beside the daemon, with its flags, and returns
// its output and exit status.
func (h *Hald) Command(command ...string) (output string, status int) {
	h.lab.t.Helper()
	out, err := h.lab.director(h.name).output(HaldBinary(), append(command, h.flags()...)...)
	return string(out), h.lab.exitStatus(err)
}

// HangUp is SIGHUP: the daemon loads its files.
func (h *Hald) HangUp() { h.current.cmd.Process.Signal(syscall.SIGHUP) }

// FreezeElection and FreezeBalancer are SIGSTOP to the one child only.
func (h *Hald) FreezeElection() { h.freezeChild("election", h.election) }

// FreezeBalancer is what FreezeElection is for the other one.
func (h *Hald) FreezeBalancer() { h.freezeChild("balancer", h.balancer) }

func (h *Hald) freezeChild(what string, is func(pid int) bool) {
	h.lab.t.Helper()
	h.current.signalChild(what, is, syscall.SIGSTOP)
}

// KillDirector is kill -9 of the first process only. What its workers do then is
// their own affair: they are no longer the process's descendants.
func (h *Hald) KillDirector() {
	h.current.cmd.Process.Kill()
	<-h.current.ended
}

// Environment is what has the same effect on every command as the flags that the
// daemon is given.
func (h *Hald) Environment() []string {
	var variables []string
	flags := h.flags()
	for i := 0; i < len(flags); i += 2 {
		name := strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(flags[i], "--"), "-", "_"))
		variables = append(variables, "HALD_"+name+"="+flags[i+1])
	}
	return variables
}

func (h *Hald) flags() []string {
	base := filepath.Join(os.TempDir(), filepath.Base(h.lab.folder), h.name)
	return []string{"--config", h.config, "--director", h.name,
		"--runtime-dir", h.lab.runtime(h.name), "--state-dir", filepath.Join(base, "state")}
}

// runtime is a node's runtime folder.
func (l *Lab) runtime(node string) string {
	return filepath.Join(os.TempDir(), filepath.Base(l.folder), node, "run")
}

// Event is one line of hald's log.
type Event struct {
	Read     time.Time `json:"-"` // when the lab read the line
	Name     string    `json:"event"`
	Director string    `json:"director"`
	Instance string    `json:"instance"`
	Service  string    `json:"service"`
	Server   string    `json:"server"`
	Address  string    `json:"address"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Reason   string    `json:"reason"`
	Peer     string    `json:"peer"`
	Error    string    `json:"error"`
	Line     string    `json:"-"` // all of it
}

// Events are the events the running daemon has reported so far.
func (h *Hald) Events() []Event {
	var events []Event
	for _, line := range h.current.Output(0) {
		if e, ok := ParseEvent(line); ok {
			events = append(events, e)
		}
	}
	return events
}

// AwaitEvent waits for the next event that the predicate accepts, after the
// one it returned before.
func (h *Hald) AwaitEvent(within time.Duration, what string, accept func(Event) bool) Event {
	h.lab.t.Helper()
	var found Event
	_, seen, ok := h.current.out.await(h.seen, within, func(line Line) bool {
		e, isEvent := ParseEvent(line)
		if isEvent && accept(e) {
			found = e
			return true
		}
		return false
	})
	if !ok {
		h.lab.t.Fatalf("%s did not report within %v: %s", h.name, within, what)
	}
	h.seen = seen
	return found
}

// ParseEvent reads a line of the log; false if it is no event.
func ParseEvent(line Line) (Event, bool) {
	e := Event{Read: line.Time, Line: line.Text}
	if !strings.HasPrefix(line.Text, "{") || json.Unmarshal([]byte(line.Text), &e) != nil || e.Name == "" {
		return Event{}, false
	}
	return e, true
}
