package director

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hald-project/hald/election"
)

// plannedWork is the planned work as the election reports it.
type plannedWork struct {
	now election.Planned
	memory
}

// recall begins with what the last life kept.
func (l *life) recall() {
	now, err := loadPlanned(l.planned.keeper.path, l.now().election)
	l.planned.now = now
	l.remember(&l.planned.memory, plannedText(now), err)
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
	l.planned.now = now
	l.prepare()
	l.planned.keep(text)
}

func plannedText(p election.Planned) []byte {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("planned work is plain data: %v", err))
	}
	return append(text, '\n')
}

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
