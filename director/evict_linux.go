package director

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// evict ends the worker that holds the lock at path: one that outlived its director and does
// not leave. What it held is for the successor, or the clean-up, to give up.
func evict(path string) error {
	lock, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at the lock: %w", err)
	}
	open, err := filepath.Glob(fmt.Sprintf("/proc/[0-9]*/fd/%d", lockFD))
	if err != nil {
		return err
	}
	for _, file := range open {
		pid, err := strconv.Atoi(strings.Split(file, "/")[2])
		if err != nil || pid == os.Getpid() {
			continue
		}
		p, err := os.FindProcess(pid) // whoever has the id later is not meant (pidfd_open(2))
		if err != nil {
			return fmt.Errorf("find process %d: %w", pid, err)
		}
		if held, err := os.Stat(file); err == nil && os.SameFile(held, lock) {
			err = p.Kill()
			if err != nil && !errors.Is(err, os.ErrProcessDone) {
				return fmt.Errorf("end process %d: %w", pid, err)
			}
		}
		p.Release()
	}
	return nil
}
