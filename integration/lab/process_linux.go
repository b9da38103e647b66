package lab

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process is a daemon of the lab: a process with its descendants.
type Process struct {
	Name string

	lab   *Lab
	cmd   *exec.Cmd
	out   *transcript
	ended chan struct{} // closed when the first process was waited for

	frozen []int // its family, while it is frozen
}

// stopTimeout is how long a daemon may take to end in good order.
const stopTimeout = 20 * time.Second

// spawn starts a command in a namespace and collects its output, also in a
// file NAME.log of the lab's folder.
func (l *Lab) spawn(in *namespace, name string, command string, args ...string) *Process {
	l.t.Helper()
	p := &Process{
		Name:  name,
		lab:   l,
		cmd:   exec.Command(command, args...),
		out:   newTranscript(),
		ended: make(chan struct{}),
	}
	log, err := os.OpenFile(filepath.Join(l.folder, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		l.t.Fatalf("open the log of %s: %v", name, err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		l.t.Fatalf("open the output of %s: %v", name, err)
	}
	p.cmd.Stdout, p.cmd.Stderr = w, w
	p.cmd.Dir = l.folder
	err = in.start(p.cmd)
	w.Close()
	if err != nil {
		l.t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		p.out.record(r, log)
		r.Close()
		log.Close()
	}()
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	l.processes = append(l.processes, p)
	return p
}

// Pid is the first process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Running tells whether the first process lives.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Output is the output so far, from the given line on.
func (p *Process) Output(from int) []Line {
	lines, _ := p.out.since(from)
	return lines
}

// Lines is the text of the output so far.
func (p *Process) Lines() []string {
	lines := p.Output(0)
	texts := make([]string, len(lines))
	for i, line := range lines {
		texts[i] = line.Text
	}
	return texts
}

// Stop ends the daemon in good order and returns its exit status.
func (p *Process) Stop() int {
	p.lab.t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(stopTimeout):
		p.lab.t.Fatalf("%s did not stop within %v of SIGTERM", p.Name, stopTimeout)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Kill is kill -9 of the daemon's every process at once. It returns when they
// are gone.
func (p *Process) Kill() {
	if !p.Running() {
		return
	}
	family := p.family()
	// None may live to see the other's end and tidy up: all stop before the
	// first dies, and parents die last. (A stopped child of a dead parent would
	// be sent SIGCONT: setpgid(2), orphaned process groups.)
	signalAll(family, syscall.SIGSTOP)
	slices.Reverse(family)
	signalAll(family, syscall.SIGKILL)
	<-p.ended
	for _, pid := range family {
		awaitDeath(pid)
	}
}

// Freeze stops the daemon's every process in its tracks, as a paused virtual
// machine does; Thaw lets them go on.
func (p *Process) Freeze() {
	p.frozen = p.family()
	signalAll(p.frozen, syscall.SIGSTOP)
}

// Thaw is the end of Freeze. It is one signal to the process group, so that none
// runs before the others may; then to each, should one have left the group.
func (p *Process) Thaw() {
	syscall.Kill(-p.Pid(), syscall.SIGCONT)
	signalAll(p.frozen, syscall.SIGCONT)
}

// killChild is kill -9 of one descendant.
func (p *Process) killChild(what string, is func(pid int) bool) {
	p.lab.t.Helper()
	awaitDeath(p.signalChild(what, is, syscall.SIGKILL))
}

// signalChild sends one descendant a signal, and returns its id.
func (p *Process) signalChild(what string, is func(pid int) bool, signal syscall.Signal) int {
	p.lab.t.Helper()
	for _, pid := range p.family()[1:] {
		if is(pid) {
			syscall.Kill(pid, signal)
			return pid
		}
	}
	p.lab.t.Fatalf("%s has no %s process", p.Name, what)
	return 0
}

// family is the process and its descendants, parents first.
func (p *Process) family() []int {
	family := []int{p.Pid()}
	for i := 0; i < len(family); i++ {
		family = append(family, childrenOf(family[i])...)
	}
	return family
}

// childrenOf are the processes that a process started, by whichever thread.
func childrenOf(pid int) (children []int) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range files {
		text, _ := os.ReadFile(file) // a thread may have ended
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				children = append(children, child)
			}
		}
	}
	return children
}

// stateOf is a process's state from proc(5) stat; false if there is none.
func stateOf(pid int) (state string, exists bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false
	}
	// The name, in brackets, may contain anything: the rest follows the last.
	rest := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	return rest[0], true
}

func commandLine(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.ReplaceAll(strings.TrimRight(string(text), "\x00"), "\x00", " ")
}

func signalAll(pids []int, signal syscall.Signal) {
	for _, pid := range pids {
		syscall.Kill(pid, signal)
	}
}

// awaitDeath returns when the process is gone or only waits to be reaped.
func awaitDeath(pid int) {
	for lives(pid) {
		time.Sleep(time.Millisecond)
	}
}

// lives tells whether a process is there and not only waiting to be reaped.
func lives(pid int) bool {
	state, exists := stateOf(pid)
	return exists && state != "Z" && state != "X"
}

func readAll(r io.Reader) []byte {
	text, _ := io.ReadAll(r)
	return text
}

func tail(lines []string, n int) []string { return lines[max(0, len(lines)-n):] }

func folderName(test string, number int64) string {
	return fmt.Sprintf("%s-%d", strings.NewReplacer("/", "-", " ", "-").Replace(test), number)
}
