package ipvsctl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// record is the file that remembers which services are ours, so that a later
// life can remove those it no longer wants and leave a stranger's alone. It
// names a service before the kernel has it and until the kernel has it no more.
type record struct {
	path  string // empty: nothing is remembered
	keys  Keys
	whole Whole
	stale bool // the file does not say all of it
}

// Whole is what is ours beside services.
type Whole struct {
	Sysctls map[string]string `json:"sysctls,omitempty"` // what they were before us
	Sync    bool              `json:"sync,omitempty"`    // we started it
}

type recordFile struct {
	Services []Key `json:"services"`
	Whole
}

// openRecord reads the file. An unreadable one is an error and an empty record:
// better an orphan than a stranger's service deleted.
func openRecord(path string) (*record, error) {
	r := &record{path: path, keys: Keys{}}
	if path == "" {
		return r, nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		r.stale = true
		return r, fmt.Errorf("read the ownership record: %w", err)
	}
	var file recordFile
	if err := json.Unmarshal(b, &file); err != nil {
		r.stale = true
		return r, fmt.Errorf("read the ownership record %s: %w", path, err)
	}
	for _, k := range file.Services {
		r.keys[k] = true
	}
	r.whole = file.Whole
	return r, nil
}

// note says what is ours beside services; the next set writes it.
func (r *record) note(w Whole) {
	r.stale = r.stale || w.Sync != r.whole.Sync || !maps.Equal(w.Sysctls, r.whole.Sysctls)
	r.whole = w
}

// set makes the record equal to keys and writes the file if that changes it.
// When the file cannot be written the record has the new keys for this life,
// and the next set tries again.
func (r *record) set(keys Keys) error {
	r.stale = r.stale || !maps.Equal(keys, r.keys)
	r.keys = keys
	if r.path == "" || !r.stale {
		return nil
	}
	file := recordFile{slices.SortedFunc(maps.Keys(keys), Key.Compare), r.whole}
	b, err := json.MarshalIndent(file, "", "  ")
	if err == nil {
		err = replaceFile(r.path, append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the ownership record: %w", err)
	}
	r.stale = false
	return nil
}

// replaceFile puts b at path so that a crash at any moment leaves the old file
// or the new one.
func replaceFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
