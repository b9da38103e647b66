package healthcheck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Process is healthy while a process of that name runs in the pid namespace of
// hald itself: its comm, of which the kernel keeps 15 bytes, or the last part of its argument
// 0, is Name. What runs in containers below does not count, nor does a zombie.
type Process struct {
	Name string

	pid int // found last, to be looked at first
}

// Check looks for a process of the name.
func (c *Process) Check(context.Context) error {
	if c.pid != 0 && c.named(c.pid) {
		return nil
	}
	c.pid = 0
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return fmt.Errorf("list processes: %s", err)
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && c.named(pid) {
			c.pid = pid
			return nil
		}
	}
	if _, err := os.ReadFile("/proc/1/status"); err != nil {
		return errors.New("no such process among those that /proc shows hald: it hides others (hidepid, proc(5)), and hald lacks CAP_SYS_PTRACE")
	}
	return errors.New("no such process")
}

// Await returns true as soon as the process that was found has ended. Where the
// kernel has no pidfd that can be waited for (before Linux 5.10) the next beat
// finds out.
func (c *Process) Await(ctx context.Context) bool {
	if c.pid != 0 {
		fd, err := unix.PidfdOpen(c.pid, unix.O_NONBLOCK)
		switch {
		case errors.Is(err, unix.ESRCH):
			return true
		case err == nil:
			return awaitExit(ctx, os.NewFile(uintptr(fd), "pidfd"))
		}
	}
	<-ctx.Done()
	return false
}

// awaitExit waits until a pidfd becomes readable, without holding a thread.
func awaitExit(ctx context.Context, pidfd *os.File) bool {
	defer pidfd.Close()
	stop := context.AfterFunc(ctx, func() { pidfd.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	raw, err := pidfd.SyscallConn()
	if err != nil {
		return false
	}
	return raw.Read(func(fd uintptr) bool {
		polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(polled, 0)
		return n > 0 && err == nil
	}) == nil
}

// named tells whether a process runs, in our own pid namespace, and has the name.
func (c *Process) named(pid int) bool {
	folder := filepath.Join("/proc", strconv.Itoa(pid))
	status, err := os.ReadFile(filepath.Join(folder, "status"))
	if err != nil {
		return false
	}
	comm, counts := readStatus(string(status))
	if !counts {
		return false
	}
	if comm == c.Name {
		return true
	}
	line, err := os.ReadFile(filepath.Join(folder, "cmdline"))
	argument0, _, _ := bytes.Cut(line, []byte{0})
	return err == nil && len(argument0) > 0 && filepath.Base(string(argument0)) == c.Name
}

// readStatus finds the name in proc_pid_status(5), and whether the process counts:
// it is no zombie, and has one number only, which is the one in the namespace that
// /proc shows.
func readStatus(text string) (comm string, counts bool) {
	alive, own := false, true
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		switch value = strings.TrimSpace(value); key {
		case "Name":
			comm = value
		case "State":
			alive = !strings.HasPrefix(value, "Z") && !strings.HasPrefix(value, "X")
		case "NSpid":
			own = len(strings.Fields(value)) == 1
		}
	}
	return comm, alive && own
}
