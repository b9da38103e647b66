package balancer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hald-project/hald/discovery"
)

// recollection is the file with the last good answers, so that a reboot while no name
// server answers finds the servers again. It is written by a goroutine of its own:
// disks may take long, and the pool does not wait.
type recollection struct {
	path string
	next chan []byte // latest wins
}

// remembered is one source in the file.
type remembered struct {
	Source  Source             `json:"source"`
	Servers []discovery.Server `json:"servers"`
}

func (r *recollection) load() (findingsByName map[Source][]discovery.Server, err error) {
	text, err := os.ReadFile(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []remembered
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("read the servers found before from %s: %w", r.path, err)
	}
	known := make(map[Source][]discovery.Server, len(all))
	for _, one := range all {
		known[one.Source] = one.Servers
	}
	return known, nil
}

// keep has what is known written soon.
func (r *recollection) keep(known findings) {
	var all []remembered
	for source, f := range known {
		if f.known {
			all = append(all, remembered{source, f.servers})
		}
	}
	slices.SortFunc(all, func(a, b remembered) int { return strings.Compare(a.Source.String(), b.Source.String()) })
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		panic("balancer: findings have no JSON form: " + err.Error())
	}
	replace(r.next, append(text, '\n'))
}

// run writes until ctx ends, and what is left then. What cannot be written is lost
// with a reboot, and with nothing else.
func (r *recollection) run(ctx context.Context) {
	for {
		select {
		case text := <-r.next:
			_ = r.write(text)
		case <-ctx.Done():
			select {
			case text := <-r.next:
				_ = r.write(text)
			default:
			}
			return
		}
	}
}

// write replaces the file as a whole.
func (r *recollection) write(text []byte) error {
	if err := os.MkdirAll(filepath.Dir(r.path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(r.path), filepath.Base(r.path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), r.path)
}
