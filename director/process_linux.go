package director

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// The roles of the worker processes.
const (
	RoleElection = "election"
	RoleBalancer = "balancer"
)

// What a worker inherits: its end of the link, and the lock of its role, which
// it holds by having it open.
const (
	linkFD = 3
	lockFD = 4
)

// Process starts the worker of a role as a process of this same binary,
// "hald worker ROLE" and the flags, with its end of the link as descriptor 3. The binary is
// the running one even if its file was replaced since.
func Process(runtimeDir, role string, flags ...string) Start {
	return func(ctx context.Context) (Link, func() error, error) {
		waiting, cancel := context.WithTimeout(ctx, patience+time.Second)
		defer cancel()
		lock, err := waitForRole(waiting, runtimeDir, role)
		if err != nil {
			return nil, nil, err
		}
		defer lock.Close()
		ours, theirs, err := socketPair()
		if err != nil {
			return nil, nil, err
		}
		defer theirs.Close()

		said := new(lastWords)
		command := exec.CommandContext(ctx, "/proc/self/exe", append([]string{"worker", role}, flags...)...)
		command.Args[0] = "hald"
		command.ExtraFiles = []*os.File{theirs, lock}
		command.Stderr = said
		command.WaitDelay = time.Second
		// Package time opens the file of the local zone once, and without
		// close-on-exec: not while we fork, or the worker has it too.
		_, _ = time.Now().Zone()
		start := command.Start
		if role == RoleElection {
			command.Env = append(os.Environ(), oneProcessor)
			start = func() error { return startRealTime(command) }
		}
		if err := start(); err != nil {
			ours.Close()
			return nil, nil, err
		}
		return ours, func() error {
			err := command.Wait()
			if words := said.String(); err != nil && words != "" {
				err = fmt.Errorf("%w: %s", err, words)
			}
			return err
		}, nil
	}
}

// Inherited returns a worker's end of the link, in the worker.
func Inherited() (net.Conn, error) {
	unix.CloseOnExec(linkFD)
	unix.CloseOnExec(lockFD)
	file := os.NewFile(linkFD, "link")
	defer file.Close()
	link, err := net.FileConn(file)
	if err != nil {
		return nil, errors.New("this command is for the daemon itself: there is no link to a director")
	}
	return link, nil
}

// socketPair makes both ends of a link.
func socketPair() (ours *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	near, far := os.NewFile(uintptr(fds[0]), "link"), os.NewFile(uintptr(fds[1]), "link")
	defer near.Close()
	conn, err := net.FileConn(near)
	if err != nil {
		far.Close()
		return nil, nil, fmt.Errorf("open the link: %w", err)
	}
	return conn.(*net.UnixConn), far, nil
}
