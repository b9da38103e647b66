package vrrp

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// bell rings once when a socket becomes readable, and not again until it is asked.
// The runtime's own poller is told of every packet, and wakes the process for each,
// which costs more than to read them; so the socket is in an epoll(7) set of its own,
// and only that set is in the runtime's.
type bell struct {
	socket int
	file   *os.File
	raw    syscall.RawConn
}

func newBell(socket int) (*bell, error) {
	set, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("open an epoll set: %w", err)
	}
	b := &bell{socket: socket}
	// Without the flag the runtime would not poll it.
	if err = unix.SetNonblock(set, true); err == nil {
		err = unix.EpollCtl(set, unix.EPOLL_CTL_ADD, socket, &unix.EpollEvent{})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("fill an epoll set: %w", err), unix.Close(set))
	}
	b.file = os.NewFile(uintptr(set), "vrrp bell")
	if b.raw, err = b.file.SyscallConn(); err != nil {
		return nil, errors.Join(err, b.file.Close())
	}
	return b, nil
}

// wait returns when the socket is readable, at once if it is; with an error after
// close.
func (b *bell) wait() error {
	var failed error
	if err := b.raw.Control(func(set uintptr) {
		failed = unix.EpollCtl(int(set), unix.EPOLL_CTL_MOD, b.socket, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT})
	}); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	var rung [1]unix.EpollEvent
	return b.raw.Read(func(set uintptr) bool {
		n, err := unix.EpollWait(int(set), rung[:], 0)
		return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
	})
}

// close ends a wait. It goes before the socket is closed.
func (b *bell) close() error { return b.file.Close() }
