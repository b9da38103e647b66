package admin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"os"
	"os/user"
	"strconv"
)

// silent takes the complaints of net/http about broken clients.
var silent = log.New(io.Discard, "", 0)

// Socket is the listening admin socket together with its file.
type Socket struct {
	*net.UnixListener
	path string
}

// Close removes the file, so that nobody finds a socket that does not answer,
// and stops listening.
func (s *Socket) Close() error {
	err := os.Remove(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, s.UnixListener.Close())
}

// Listen opens the admin socket at path with the given permission bits, owned
// by the named group (empty: the process's). A socket file that a previous
// life left behind is replaced; the caller holds the daemon's lock, so no
// living daemon listens on it. Anything else at path is an error.
//
// The socket is made under another name and renamed: the file at path has its
// final owner and mode from its first moment.
func Listen(path, group string, mode fs.FileMode) (*Socket, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != fs.ModeSocket {
		return nil, fmt.Errorf("open admin socket %s: the file exists and is no socket", path)
	}
	gid := -1
	if group != "" {
		var err error
		if gid, err = groupID(group); err != nil {
			return nil, fmt.Errorf("open admin socket %s: %w", path, err)
		}
	}
	draft := path + ".new"
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open admin socket: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: draft, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("open admin socket: %w", err)
	}
	listener.SetUnlinkOnClose(false)
	err = os.Chown(draft, -1, gid)
	if err == nil {
		err = os.Chmod(draft, mode)
	}
	if err == nil {
		err = os.Rename(draft, path)
	}
	if err != nil {
		listener.Close()
		os.Remove(draft)
		return nil, fmt.Errorf("open admin socket: %w", err)
	}
	return &Socket{listener, path}, nil
}

// groupID resolves a group by name or number.
func groupID(group string) (int, error) {
	if gid, err := strconv.Atoi(group); err == nil {
		return gid, nil
	}
	g, err := user.LookupGroup(group)
	if err != nil {
		return 0, fmt.Errorf("find its group: %w", err)
	}
	return strconv.Atoi(g.Gid)
}
