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
	"time"

	"github.com/hald-project/hald/discovery"
)

// recollection is the file with the last good answers, so that a reboot while no name
// server answers finds the servers again. It is written by a goroutine of its own:
// disks may take long, and the pool does not wait.
type recollection struct {
	path    string
	next    chan []byte  // latest wins
	written chan<- error // after every write; nil: it went well
}

// writeAgain is the pause before what could not be written is tried again.
const writeAgain = 10 * time.Second

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
// with a restart, and with nothing else.
func (r *recollection) run(ctx context.Context) {
	var text []byte
	var again <-chan time.Time
	for {
		select {
		case text = <-r.next:
		case <-again:
		case <-ctx.Done():
			select {
			case text = <-r.next:
				_ = r.write(text) // there is nobody left to tell
			default:
			}
			return
		}
		err := r.write(text)
		if again = nil; err != nil {
			err = fmt.Errorf("keep the servers that were found: %w", err)
			again = time.After(writeAgain)
		}
		select {
		case r.written <- err:
		case <-ctx.Done():
		}
	}
}

// write replaces the file as a whole.
func (r *recollection) write(text []byte) error {
	if err := os.MkdirAll(filepath.Dir(r.path), 0o755); err != nil {
		return err
	}
	draft := r.path + ".new"
	f, err := os.OpenFile(draft, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(draft, r.path)
}
