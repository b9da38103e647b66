package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace and the thread that lives in it. It has no
// name in the file system: it exists as long as its thread and the processes
// started from it, so a lab that dies leaves nothing behind, and several labs
// never meet.
type namespace struct {
	name string
	fd   int // handle of the namespace, for moving interfaces into it
	work chan func()
	gone chan struct{}
}

func newNamespace(name string) (*namespace, error) {
	n := &namespace{name: name, work: make(chan func()), gone: make(chan struct{})}
	made := make(chan error)
	go func() {
		defer close(n.gone)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			n.fd, err = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		}
		made <- err
		if err != nil {
			return
		}
		for f := range n.work {
			f()
		}
	}()
	if err := <-made; err != nil {
		return nil, fmt.Errorf("make the namespace of %s: %w", name, err)
	}
	return n, nil
}

// do runs f on the namespace's thread. f must not block: everyone shares it.
// What f opens or starts belongs to the namespace for ever.
func (n *namespace) do(f func() error) error {
	result := make(chan error, 1)
	n.work <- func() { result <- f() }
	return <-result
}

// start starts a command in the namespace. It is killed when the thread ends.
func (n *namespace) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	return n.do(cmd.Start)
}

// output runs a command in the namespace to its end.
func (n *namespace) output(name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", name, err)
	}
	defer r.Close()
	cmd.Stdout, cmd.Stderr = w, w
	err = n.start(cmd)
	w.Close()
	if err != nil {
		return nil, fmt.Errorf("run %s on %s: %w", name, n.name, err)
	}
	out := readAll(r)
	if err := cmd.Wait(); err != nil {
		return out, fmt.Errorf("run %v on %s: %w: %s", cmd.Args, n.name, err, out)
	}
	return out, nil
}

// set sets network parameters, each NAME=VALUE with the name as it is below
// /proc/sys/net.
func (n *namespace) set(parameters ...string) error {
	return n.do(func() error {
		for _, p := range parameters {
			name, value, _ := strings.Cut(p, "=")
			if err := os.WriteFile(filepath.Join("/proc/sys/net", name), []byte(value), 0); err != nil {
				return fmt.Errorf("set %s on %s: %w", name, n.name, err)
			}
		}
		return nil
	})
}

// close ends the thread, and with it what was started on it.
func (n *namespace) close() {
	close(n.work)
	<-n.gone
	unix.Close(n.fd)
}
