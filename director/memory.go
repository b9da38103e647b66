package director

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hald-project/hald/event"
)

// memory is something that should survive a restart, and how far its file follows.
type memory struct {
	keeper  *keeper
	text    []byte // as in the file
	onDisk  []byte // what the file holds; nil: nobody knows
	trouble string // why the file does not follow; empty: it does
}

func newMemory(path string) memory {
	return memory{keeper: &keeper{path: path, text: make(chan []byte, 1)}}
}

func (m *memory) kept() bool { return m.trouble == "" && bytes.Equal(m.text, m.onDisk) }

// keep has a text written.
func (m *memory) keep(text []byte) {
	m.text = text
	m.keeper.keep(text)
}

// remember begins with what was read, or with why it could not be.
func (l *life) remember(m *memory, text []byte, err error) {
	m.text = text
	if err != nil {
		m.text, m.trouble = nil, err.Error()
		l.emit(event.Event{Name: "daemon.state_error", Reason: "read", Error: err.Error()})
	}
	m.onDisk = m.text
}

// keptUp takes a keeper's answer. A trouble is reported once.
func (l *life) keptUp(k kept) {
	for _, m := range l.memories() {
		switch {
		case m.keeper.path != k.path:
		case k.err == nil:
			m.onDisk, m.trouble = k.text, ""
		default:
			if m.trouble != k.err.Error() {
				l.emit(event.Event{Name: "daemon.state_error", Reason: "write", Error: k.err.Error()})
			}
			m.trouble = k.err.Error()
		}
	}
}

// memories are all there are.
func (l *life) memories() []*memory { return []*memory{&l.planned.memory, &l.overrides.memory} }

// keepAgain is the pause before planned work that could not be kept is tried
// again.
const keepAgain = 10 * time.Second

// kept is what a keeper answers: the text it was given, and why that is not in its
// file.
type kept struct {
	path string
	text []byte
	err  error
}

// keeper writes what should survive a restart into its file, so that a stuck disk holds up
// nobody else. Only the newest text counts.
type keeper struct {
	path string
	text chan []byte // mailbox of one
}

// keep hands a text over; it never blocks. It has one caller.
func (k *keeper) keep(text []byte) {
	select {
	case <-k.text:
	default:
	}
	k.text <- text
}

// run writes until stop closes, and then what is still waiting.
func (k *keeper) run(stop <-chan struct{}, out chan<- message) {
	var text []byte
	var again <-chan time.Time
	for {
		select {
		case text = <-k.text:
		case <-again:
		case <-stop:
			select {
			case text = <-k.text:
				replaceFile(k.path, text)
			default:
			}
			return
		}
		again = nil
		err := replaceFile(k.path, text)
		if err != nil {
			again = time.After(keepAgain)
		}
		select {
		case out <- message{kept: &kept{k.path, text, err}}:
		case <-stop:
			return
		}
	}
}

// replaceFile puts text into a file, so that after a crash at any moment the file
// is the old or the new one, whole.
func replaceFile(path string, text []byte) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("make the state directory: %w", err)
	}
	draft := path + ".new"
	if err := writeThrough(draft, text); err != nil {
		return fmt.Errorf("write what should survive a restart: %w", err)
	}
	if err := os.Rename(draft, path); err != nil {
		return fmt.Errorf("write what should survive a restart: %w", err)
	}
	d, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("write what should survive a restart: %w", err)
	}
	defer d.Close()
	return d.Sync()
}

// writeThrough writes a file to the disk itself.
func writeThrough(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}
