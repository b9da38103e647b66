//go:build linux

package lab

import (
	"bufio"
	"io"
	"os"
	"sync"
	"time"
)

// Line is one line of a process's output, with the time it was read.
type Line struct {
	Time time.Time
	Text string
}

// transcript collects a process's output; any number may wait for a line.
type transcript struct {
	mu    sync.Mutex
	lines []Line
	more  chan struct{} // closed and replaced with every line
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{})} }

// record reads lines until the end of the output, copying them to a file.
func (t *transcript) record(from io.Reader, to *os.File) {
	r := bufio.NewReaderSize(from, 64<<10)
	for {
		text, err := r.ReadString('\n')
		if text != "" {
			io.WriteString(to, text)
			t.add(text)
		}
		if err != nil {
			return
		}
	}
}

func (t *transcript) add(text string) {
	if n := len(text); text[n-1] == '\n' {
		text = text[:n-1]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, Line{time.Now(), text})
	close(t.more)
	t.more = make(chan struct{})
}

// since returns the lines from the given index on, and what is closed when
// there are more.
func (t *transcript) since(index int) ([]Line, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lines[index:len(t.lines):len(t.lines)], t.more
}

// await returns the first line from the given index on that the predicate
// accepts, and the index after it.
func (t *transcript) await(index int, within time.Duration, accept func(Line) bool) (Line, int, bool) {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for {
		lines, more := t.since(index)
		for _, line := range lines {
			index++
			if accept(line) {
				return line, index, true
			}
		}
		select {
		case <-more:
		case <-deadline.C:
			return Line{}, index, false
		}
	}
}
