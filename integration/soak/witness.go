//go:build linux

package main

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// witness knows who holds the address, from the kernels.
type witness struct {
	mu      sync.Mutex
	holds   map[string]bool
	changes []change
	running []*exec.Cmd
}

// change is a director that got the address or lost it.
type change struct {
	at       time.Time
	director string
	holds    bool
}

func (c change) String() string {
	what := "lost"
	if c.holds {
		what = "got"
	}
	return fmt.Sprintf("%s %s %s it", c.at.UTC().Format("15:04:05.000"), c.director, what)
}

// watch starts to watch an address, which nobody holds yet.
func watch(l link, address string) (*witness, error) {
	w := &witness{holds: map[string]bool{}}
	for _, director := range directors {
		cmd := l.in(director, "ip", "-o", "monitor", "address")
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			w.stop()
			return nil, fmt.Errorf("watch the addresses of %s: %w", director, err)
		}
		w.running = append(w.running, cmd)
		go func() {
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if line := lines.Text(); strings.Contains(line, " "+address+" ") {
					w.note(change{time.Now(), director, !strings.HasPrefix(line, "Deleted")})
				}
			}
		}()
	}
	return w, nil
}

// note takes what a kernel said; a lease that is renewed is no change.
func (w *witness) note(c change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.holds[c.director] != c.holds {
		w.holds[c.director] = c.holds
		w.changes = append(w.changes, c)
	}
}

// alone tells whether a director holds the address and the other one does not.
func (w *witness) alone(director string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range directors {
		if w.holds[d] != (d == director) {
			return false
		}
	}
	return true
}

func (w *witness) held(director string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.holds[director]
}

// news are the changes since the last call.
func (w *witness) news() []change {
	w.mu.Lock()
	defer w.mu.Unlock()
	news := w.changes
	w.changes = nil
	return news
}

// both is for how long two held the address in a history that began with one of
// them, from a moment on.
func both(history []change, from time.Time) (total time.Duration) {
	holders := 1
	var since time.Time
	for _, c := range history {
		if holders == 2 {
			if since.Before(from) {
				since = from
			}
			total += max(0, c.at.Sub(since))
		}
		if c.holds {
			holders++
		} else {
			holders--
		}
		since = c.at
	}
	return total
}

func (w *witness) stop() {
	for _, cmd := range w.running {
		cmd.Process.Kill()
		cmd.Wait()
	}
}
