package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// safeProgram tells why a program must not be run: it is no safe file or cannot be
// executed.
func safeProgram(path string) error {
	if err := safeFile(path); err != nil {
		return err
	}
	if info, err := os.Stat(path); err != nil {
		return missing(err)
	} else if info.Mode().Perm()&0o111 == 0 {
		return errors.New("it is not executable")
	}
	return nil
}

// safeFile tells why a file must not be believed: it is missing; somebody else than
// root and we ourselves could change it, or put another one in its place, where it
// stands or where links lead.
func safeFile(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return missing(err)
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return missing(err)
	case !info.Mode().IsRegular():
		return errors.New("it is not a file")
	case info.Mode().Perm()&0o022 != 0:
		return errors.New("others can write to it")
	case !ours(info):
		return errors.New("it belongs to another user than root and the daemon's")
	}
	for _, folder := range append(folders(path), folders(real)...) {
		info, err := os.Stat(folder)
		switch {
		case err != nil:
			return missing(err)
		case info.Mode().Perm()&0o002 != 0 && info.Mode()&os.ModeSticky == 0:
			return fmt.Errorf("others can write to the folder %s", folder)
		case !ours(info):
			return fmt.Errorf("the folder %s belongs to another user than root and the daemon's", folder)
		}
	}
	return nil
}

func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no such file")
	}
	return plainPathError(err)
}

// folders are all that a path leads through, the root included.
func folders(path string) (all []string) {
	for path = filepath.Clean(path); path != "/"; {
		path = filepath.Dir(path)
		all = append(all, path)
	}
	return all
}

func ours(info fs.FileInfo) bool {
	s, known := info.Sys().(*syscall.Stat_t)
	return known && (s.Uid == 0 || int(s.Uid) == os.Geteuid())
}
