package director

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

// plannedWork is the planned work as the election reports it, and how far the file
// follows.
type plannedWork struct {
	now     election.Planned
	text    []byte // of now, as in the file
	onDisk  []byte // what the file holds; nil: nobody knows
	trouble string // why the file does not follow; empty: it does
}

func (p *plannedWork) kept() bool { return p.trouble == "" && bytes.Equal(p.text, p.onDisk) }

// recall begins with what the last life kept.
func (l *life) recall() {
	now, err := loadPlanned(l.keeper.path, l.now().election)
	l.planned = plannedWork{now: now, text: plannedText(now)}
	if err != nil {
		l.planned.text, l.planned.trouble = nil, err.Error()
		l.emit(event.Event{Name: "daemon.state_error", Reason: "read", Error: err.Error()})
	}
	l.planned.onDisk = l.planned.text
	l.prepare()
}

// prepare writes the brief of the next election process.
func (l *life) prepare() {
	c := l.now().election
	c.Planned = l.planned.now
	l.brief.Store(&election.Command{Configure: &c})
}

// plan takes what the election says is in force.
func (l *life) plan(now election.Planned) {
	text := plannedText(now)
	if bytes.Equal(text, l.planned.text) {
		return
	}
	l.planned.now, l.planned.text = now, text
	l.prepare()
	l.keeper.keep(text)
}

// keptUp takes the keeper's answer. A trouble is reported once.
func (l *life) keptUp(k kept) {
	if k.err == nil {
		l.planned.onDisk, l.planned.trouble = k.text, ""
		return
	}
	if l.planned.trouble != k.err.Error() {
		l.emit(event.Event{Name: "daemon.state_error", Reason: "write", Error: k.err.Error()})
	}
	l.planned.trouble = k.err.Error()
}

func plannedText(p election.Planned) []byte {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("planned work is plain data: %v", err))
	}
	return append(text, '\n')
}

// keepAgain is the pause before planned work that could not be kept is tried
// again.
const keepAgain = 10 * time.Second

// plannedFile is the path of the file with the planned work in force.
func plannedFile(stateDir string) string { return filepath.Join(stateDir, "planned.json") }

// loadPlanned reads what the last life kept. When it cannot be read, nobody knows
// whether this director was taken out of service: it then stands by with every
// instance, so that it disturbs no living master and still takes over from a dead
// one.
func loadPlanned(path string, c election.Config) (election.Planned, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return election.Planned{}, nil
	}
	var p election.Planned
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err == nil {
		return p, nil
	}
	p = election.Planned{Standby: map[string]election.Standby{}}
	for _, i := range c.Instances {
		p.Standby[i.Name] = election.Standby{}
	}
	return p, fmt.Errorf("read the planned work from %s: %w", path, err)
}

// kept is what the keeper answers: the text it was given, and why that is not in
// the file.
type kept struct {
	text []byte
	err  error
}

// keeper writes the planned work into its file, so that a stuck disk holds up
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
		case out <- message{kept: &kept{text, err}}:
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
		return fmt.Errorf("keep the planned work: %w", err)
	}
	if err := os.Rename(draft, path); err != nil {
		return fmt.Errorf("keep the planned work: %w", err)
	}
	d, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("keep the planned work: %w", err)
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
