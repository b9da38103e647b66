package integration

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// sentinelEnv has the test binary be a sentinel.
const sentinelEnv = "HALD_SENTINEL"

// absence is a time in which nobody ran.
type absence struct{ from, to time.Time }

// sentinel finds out when the machine stood still: a process that goes before all
// others, and looks at the clock every few milliseconds. Whoever else is late
// while it is not, is so by his own fault.
type sentinel struct {
	command *exec.Cmd
	quit    io.Closer
	reader  sync.WaitGroup

	mu       sync.Mutex
	absences []absence
}

const (
	sentinelEvery = 10 * time.Millisecond
	sentinelLate  = 5 * time.Millisecond // as timers are
)

// watchTheMachine starts a sentinel, for as long as the test lasts.
func watchTheMachine(t *testing.T) *sentinel {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &sentinel{command: exec.Command("chrt", "--fifo", "50", program)}
	s.command.Env = append(os.Environ(), sentinelEnv+"=1", "GOMAXPROCS=1")
	in, err := s.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	s.quit = in
	lines := bufio.NewScanner(out)
	if !lines.Scan() { // it is there
		t.Fatal("the sentinel did not begin")
	}
	s.reader.Go(func() {
		for lines.Scan() {
			var from, to int64
			fmt.Sscan(lines.Text(), &from, &to)
			s.mu.Lock()
			s.absences = append(s.absences, absence{time.Unix(0, from), time.Unix(0, to)})
			s.mu.Unlock()
		}
	})
	t.Cleanup(s.leave)
	return s
}

// leave ends the sentinel; it has told everything then.
func (s *sentinel) leave() {
	s.quit.Close()
	s.reader.Wait()
	s.command.Wait()
}

// absent is for how long of a time nobody ran.
func (s *sentinel) absent(from, to time.Time) (total time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.absences {
		if a.from.Before(from) {
			a.from = from
		}
		if a.to.After(to) {
			a.to = to
		}
		total += max(0, a.to.Sub(a.from))
	}
	return total
}

// within holds a single time, without what of it the machine stood still, against a
// bound; of a sentinel that has left.
func (s *sentinel) within(t *testing.T, what string, from, to time.Time, bound time.Duration) {
	t.Helper()
	took, lost := to.Sub(from), s.absent(from, to)
	t.Logf("%s: %v, the machine stood still for %v of it; bound %v", what, took, lost, bound)
	if took-lost > bound {
		t.Errorf("%s: %v, want %v", what, took-lost, bound)
	}
}

// longestPause is the longest time between two of some frames, without what the
// machine stood still; of a sentinel that has left.
func (s *sentinel) longestPause(frames []lab.Frame) (longest time.Duration) {
	for i := 1; i < len(frames); i++ {
		from, to := frames[i-1].Time, frames[i].Time
		longest = max(longest, to.Sub(from)-s.absent(from, to))
	}
	return longest
}

// playSentinel is the sentinel, until its input ends.
func playSentinel() {
	var ended sync.WaitGroup
	ended.Go(func() { io.Copy(io.Discard, os.Stdin); os.Exit(0) })
	fmt.Println("here")
	for looked := time.Now(); ; {
		time.Sleep(sentinelEvery)
		due := looked.Add(sentinelEvery)
		if looked = time.Now(); looked.Sub(due) > sentinelLate {
			fmt.Println(due.UnixNano(), looked.UnixNano())
		}
	}
}

// TestSentinel: a machine that stood still is told from one that did not.
func TestSentinel(t *testing.T) {
	t.Parallel()
	at := func(ms int) time.Time { return time.Unix(0, 0).Add(time.Duration(ms) * time.Millisecond) }
	s := &sentinel{absences: []absence{{at(150), at(250)}, {at(300), at(310)}, {at(900), at(1000)}}}
	if got := s.absent(at(200), at(305)); got != 55*time.Millisecond {
		t.Errorf("absent for %v", got)
	}
	var frames []lab.Frame
	for _, ms := range []int{0, 100, 280, 500, 600} {
		frames = append(frames, lab.Frame{Time: at(ms)})
	}
	if got := s.longestPause(frames); got != 210*time.Millisecond {
		t.Errorf("the longest pause is %v", got)
	}
	if got := s.longestPause(slices.Clip(frames[:3])); got != 100*time.Millisecond {
		t.Errorf("the longest pause of the first is %v", got)
	}
}
