package integration

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// holding is a process with what it holds.
type holding struct {
	lab.Member
	share, own int // KiB of memory: with and without what is the program's
}

// holdings are those of a daemon's processes, without the commands of its checks.
func holdings(h *lab.Hald) (all []holding) {
	for _, m := range h.Process().Members() {
		if strings.Contains(m.Command, "hald") {
			share, own := m.Memory()
			all = append(all, holding{m, share, own})
		}
	}
	return all
}

// What a process may hold at the end of a scenario beyond a twentieth of what it held
// in the beginning: what Go's runtime takes and gives back as it likes.
const (
	playOfThreads = 4       // one waits in each system call that takes long, such as a virtual router's
	playOfMemory  = 6 << 10 // KiB; the collector wakes up at 4 MiB, and keeps some of what it frees
)

// modest checks that no process holds more files, threads or memory than in the
// beginning. What it takes for a moment, such as a probe's connection, does not count.
func (s *scene) modest() {
	s.t.Helper()
	var more string
	for until := time.Now().Add(settle); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		if more = grown(s.held, s.holdings(), max(playOfThreads, s.routers)); more == "" {
			return
		}
	}
	s.t.Errorf("audit: %s", more)
}

// holdings are those of both directors, by what the process is.
func (s *scene) holdings() map[string]holding {
	now := map[string]holding{}
	for _, h := range s.directors() {
		for _, held := range holdings(h) {
			now[role(h, held.Member)] = held
		}
	}
	return now
}

func role(h *lab.Hald, m lab.Member) string {
	if strings.HasPrefix(m.Command, "hald worker") {
		return h.Name() + ": " + m.Command
	}
	return h.Name() + ": hald run" // the command line has the folder's name
}

// settled is the most that every process holds while the daemons do for the first time
// all that they do every second. To look at the memory costs them time: that is done
// once.
func (s *scene) settled() map[string]holding {
	s.t.Helper()
	most := s.holdings()
	for until := time.Now().Add(1500 * time.Millisecond); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		for _, h := range s.directors() {
			for _, m := range h.Process().Members() {
				held := most[role(h, m)]
				held.Files, held.Threads = max(held.Files, m.Files), max(held.Threads, m.Threads)
				most[role(h, m)] = held
			}
		}
	}
	// Whoever is master for the first time opens an ear for the link, and keeps it (ADR 0010).
	const successor = "lb2: hald worker election"
	h := most[successor]
	h.Files++
	most[successor] = h
	return most
}

// grown names the processes that hold more than before, and those that were not there
// or are no longer. So many threads more are none.
func grown(before, now map[string]holding, threads int) string {
	var grown []string
	for _, what := range slices.Sorted(maps.Keys(now)) {
		was, is := before[what], now[what]
		if is.Files > was.Files {
			grown = append(grown, fmt.Sprintf("%s: %d descriptors, had %d", what, is.Files, was.Files))
		}
		if is.Threads > was.Threads+was.Threads/20+threads {
			grown = append(grown, fmt.Sprintf("%s: %d threads, had %d", what, is.Threads, was.Threads))
		}
		if is.own > was.own+was.own/20+playOfMemory {
			grown = append(grown, fmt.Sprintf("%s: %d KiB of memory, had %d", what, is.own, was.own))
		}
	}
	for _, what := range slices.Sorted(maps.Keys(before)) {
		if now[what].Pid == 0 {
			grown = append(grown, what+": gone")
		}
	}
	return strings.Join(grown, "; ")
}
