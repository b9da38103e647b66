package discovery

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// notice calls changed when a file was written and closed, came by a rename, or went
// (inotify(7)). It watches the folder: whoever replaces a file by a rename
// makes a new one. It ends with ctx, or when the folder is gone.
func notice(ctx context.Context, path string, changed func()) error {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("inotify_init1", err)
	}
	f := os.NewFile(uintptr(fd), "inotify")
	defer f.Close()
	if _, err := unix.InotifyAddWatch(fd, filepath.Dir(path), unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO|unix.IN_MOVED_FROM|unix.IN_DELETE|unix.IN_ONLYDIR); err != nil {
		return os.NewSyscallError("inotify_add_watch", err)
	}
	stop := context.AfterFunc(ctx, func() { f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	changed() // what happened before there was a watch
	name, buffer := filepath.Base(path), make([]byte, 4096)
	for {
		n, err := f.Read(buffer)
		if err != nil {
			return err
		}
		for rest := buffer[:n]; len(rest) >= unix.SizeofInotifyEvent; {
			e := (*unix.InotifyEvent)(unsafe.Pointer(&rest[0]))
			end := min(unix.SizeofInotifyEvent+int(e.Len), len(rest))
			of := string(bytes.TrimRight(rest[unix.SizeofInotifyEvent:end], "\x00"))
			rest = rest[end:]
			switch {
			case e.Mask&(unix.IN_IGNORED|unix.IN_UNMOUNT) != 0:
				return os.ErrNotExist
			case of == name, e.Mask&unix.IN_Q_OVERFLOW != 0:
				changed()
			}
		}
	}
}
