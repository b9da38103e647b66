package director

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// evict ends the worker that holds the lock at path: one that outlived its director and does
// not leave. What it held is for the successor, or the clean-up, to give up.
func evict(path string) error {
	lock, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at the lock: %w", err)
	}
	name := strconv.Itoa(lockFD)
	holds := func(pid int) bool {
		info, err := os.Stat(fmt.Sprintf("/proc/%d/fd/%s", pid, name))
		return err == nil && os.SameFile(info, lock)
	}
	open, err := filepath.Glob("/proc/[0-9]*/fd/" + name)
	if err != nil {
		return err
	}
	for _, file := range open {
		pid, err := strconv.Atoi(strings.Split(file, "/")[2])
		if err != nil || pid == os.Getpid() || !holds(pid) {
			continue
		}
		if err := kill(pid, holds); err != nil {
			return fmt.Errorf("end process %d: %w", pid, err)
		}
	}
	return nil
}

// kill ends a process if it still is the one it was taken for when nobody else can have its
// id any more.
func kill(pid int, is func(pid int) bool) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if !is(pid) {
		return nil
	}
	return unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
}
