//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// diary counts a daemon's events by their names.
type diary struct {
	mu      sync.Mutex
	events  map[string]int
	written int       // requests to the kernel of IPVS
	at      time.Time // when the last of them was told
}

// read takes a log in JSON until it ends.
func (d *diary) read(log io.Reader) {
	for lines := bufio.NewScanner(log); lines.Scan(); {
		var e struct {
			Event string
			Count int
		}
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue // a warning about the configuration
		}
		d.mu.Lock()
		d.events[e.Event]++
		if e.Event == "ipvs.applied" {
			d.written, d.at = d.written+e.Count, time.Now()
		}
		d.mu.Unlock()
	}
}

func (d *diary) count(name string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.events[name]
}

// forget has it count anew.
func (d *diary) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.events)
	d.written = 0
}

// requests is how many were written, and when the last of them was told.
func (d *diary) requests() (n int, last time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.written, d.at
}

// sample is what the processes of a daemon hold at a moment, in their order: the
// director, the election, the balancer.
type sample []holding

type holding struct {
	name         string
	pss          float64 // MiB
	files, tasks int
}

func take(pid int) (s sample) {
	for _, p := range family(pid) {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", p))
		files, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p))
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", p))
		s = append(s, holding{strings.TrimSpace(string(name)), float64(memory(p)) / (1 << 20), len(files), len(tasks)})
	}
	return s
}
