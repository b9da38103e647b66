package director

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// ErrRunning says that a living daemon holds the runtime directory.
var ErrRunning = errors.New("another hald is running with this runtime directory")

// Lock makes the runtime directory, which everybody may enter, for the mode of the admin socket
// in it says who may use that, and takes it for this process. The kernel
// lets go of it when the process dies, however it dies, so there is nothing
// stale to find. It returns an error that is ErrRunning while another process
// holds it.
func Lock(runtimeDir string) (unlock func(), err error) {
	if err := os.MkdirAll(runtimeDir, 0o755); err != nil {
		return nil, fmt.Errorf("make the runtime directory: %w", err)
	}
	file, err := flock(filepath.Join(runtimeDir, "hald.lock"))
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("%w: %s", ErrRunning, runtimeDir)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the runtime directory: %w", err)
	}
	return func() { file.Close() }, nil
}

// patience is how long a worker that outlived its director may take to leave in good
// order; then it hangs, and is killed.
const patience = 5 * time.Second

// LockAll is Lock, and waits for the workers of a dead director to leave; one that has not
// after five seconds is killed. While it is held no process of a daemon with this runtime
// directory runs.
func LockAll(ctx context.Context, runtimeDir string) (unlock func(), err error) {
	unlock, err = Lock(runtimeDir)
	if err != nil {
		return nil, err
	}
	for _, role := range []string{RoleElection, RoleBalancer} {
		file, err := waitForRole(ctx, runtimeDir, role)
		if err != nil {
			unlock()
			return nil, err
		}
		before := unlock
		unlock = func() { file.Close(); before() }
	}
	return unlock, nil
}

// waitForRole takes the lock of one worker role. The worker inherits it and
// holds it as long as it lives, so that two election processes never work side by
// side, not even when a killed director's is still leaving in good order.
func waitForRole(ctx context.Context, runtimeDir, role string) (*os.File, error) {
	path := filepath.Join(runtimeDir, role+".lock")
	impatient := time.After(patience)
	for {
		file, err := flock(path)
		if err == nil || !errors.Is(err, unix.EWOULDBLOCK) {
			return file, err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-impatient:
			if err := evict(path); err != nil {
				return nil, fmt.Errorf("the previous %s process does not leave: %w", role, err)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the previous %s process to leave: %w", role, ctx.Err())
		}
	}
}

// flock opens and locks a file without waiting.
func flock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		file.Close()
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return file, nil
}
