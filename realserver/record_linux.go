package realserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// File is a record in a file, which no other process uses meanwhile. It belongs into
// a folder that a reboot empties.
type File struct {
	path string
	lock *os.File
}

// OpenFile opens the record of a folder, which it makes if it is not there. It waits
// for another process that has it open.
func OpenFile(folder string) (*File, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of the record: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(folder, "realserver.lock"), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("lock the record: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		lock.Close()
		return nil, fmt.Errorf("lock the record: %w", err)
	}
	return &File{filepath.Join(folder, "realserver.json"), lock}, nil
}

// Close lets others at it.
func (f *File) Close() { f.lock.Close() }

// Load reads the record; an empty one if there is none.
func (f *File) Load() (record Record, err error) {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &record)
	}
	if err != nil {
		return Record{}, fmt.Errorf("read what was changed before, %s: %w (without the file all that is set up now counts as somebody else's, and stays)", f.path, err)
	}
	return record, nil
}

// Save replaces the record; one without changes leaves no file.
func (f *File) Save(record Record) error {
	err := f.save(record)
	if err != nil {
		return fmt.Errorf("remember what is changed: %w", err)
	}
	return nil
}

func (f *File) save(record Record) error {
	if len(record.Changes) == 0 && len(record.Services) == 0 {
		if err := os.Remove(f.path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	text, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.path+".new", append(text, '\n'), 0o640); err != nil {
		return err
	}
	return os.Rename(f.path+".new", f.path)
}
