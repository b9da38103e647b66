package event

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// The room for lines that the output has not taken yet, in bytes: for what ten thousand servers
// say at one moment. What matters more finds room longer: debug and info stop at roomInfo, warnings and
// errors at roomWarn, and only a change of state of a virtual router may fill it.
const (
	roomAll  = 4 << 20
	roomInfo = roomAll / 4 * 3
	roomWarn = roomAll / 16 * 15
)

// portion is how much of it is written at once, in bytes and whole lines: about what a pipe holds.
const portion = 64 << 10

// flushBound is how long a stopping sink waits for an output that does not
// take the rest of the lines.
const flushBound = 500 * time.Millisecond

// Sink writes events as log lines. The output may stand still for ever (a pipe
// nobody reads) or fail (a full disk): who reports an event never waits for it
// and never sees its errors. Lost lines are counted and reported by one
// log.dropped line when the output has taken everything that was waiting.
type Sink struct {
	level zap.AtomicLevel
	out   io.Writer
	core  zapcore.Core  // makes a line of an event, in waiting
	more  chan struct{} // of capacity one: there are lines

	mu      sync.Mutex
	waiting bytes.Buffer
	fields  []zapcore.Field // of the last line
	last    Event           // whose the lines are
	dropped int
}

// NewSink makes a sink that writes to out in the given format, "json" or
// "console". Colour applies to console only. Events below level are left out
// and do not count as dropped.
func NewSink(out io.Writer, format string, colour bool, level zap.AtomicLevel) *Sink {
	s := &Sink{level: level, out: out, more: make(chan struct{}, 1)}
	s.core = newCore(&s.waiting, format, colour, level)
	return s
}

// Emit makes a line of e for the writer, or counts it as dropped when there is no room.
// It never blocks. A zero time is replaced by the present.
func (s *Sink) Emit(e Event) {
	if !s.level.Enabled(kindOf(e.Name).level) {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting.Len() >= room(e.Name) {
		s.dropped++
		return
	}
	s.line(e)
	select {
	case s.more <- struct{}{}:
	default: // the writer knows
	}
}

// line appends a line to those that wait, into memory and so without an error.
func (s *Sink) line(e Event) {
	s.last = Event{Cluster: e.Cluster, Director: e.Director}
	s.fields = fields(s.fields[:0], e)
	_ = s.core.Write(entry(e), s.fields)
}

// Run writes events until ctx is done, then what is still waiting, within half
// a second. The one goroutine that writes is left behind if the output holds
// it: nothing can take it back from a write that never returns.
func (s *Sink) Run(ctx context.Context) {
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		s.write(ctx)
	}()
	<-ctx.Done()
	select {
	case <-finished:
	case <-time.After(flushBound):
	}
}

// write is the writer: it alone touches the output.
func (s *Sink) write(ctx context.Context) {
	for {
		select {
		case <-s.more:
			s.flush()
		case <-ctx.Done():
			s.flush()
			return
		}
	}
}

// flush writes all that waits and then, if the output took it, how many lines were lost,
// whatever the level: a log with holes must say so.
func (s *Sink) flush() {
	took := false
	for lines := s.take(); len(lines) > 0; lines = s.take() {
		took = s.put(lines)
	}
	if took {
		s.confess()
	}
}

// take is the lines that wait.
func (s *Sink) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := s.waiting.Bytes()
	s.waiting = bytes.Buffer{}
	return lines
}

// put writes lines and tells whether the output took the last ones. What it does not take
// is counted.
func (s *Sink) put(lines []byte) (took bool) {
	for len(lines) > 0 {
		n := len(lines)
		if n > portion {
			n = max(bytes.LastIndexByte(lines[:portion], '\n'), bytes.IndexByte(lines, '\n')) + 1
		}
		written, err := s.out.Write(lines[:n])
		if took = err == nil; !took {
			s.lost(bytes.Count(lines[written:n], []byte{'\n'}))
		}
		lines = lines[n:]
	}
	return took
}

func (s *Sink) lost(lines int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped += lines
}

// confess writes how many lines were lost, unless others wait to be written before.
func (s *Sink) confess() {
	s.mu.Lock()
	if s.dropped == 0 || s.waiting.Len() > 0 {
		s.mu.Unlock()
		return
	}
	report := s.last
	report.Time, report.Name, report.Count = time.Now(), "log.dropped", s.dropped
	s.dropped = 0
	s.line(report)
	s.mu.Unlock()
	if _, err := s.out.Write(s.take()); err != nil {
		s.lost(report.Count)
	}
}

// room is how much may wait for a line of an event of this name to be added.
func room(name string) int {
	switch {
	case name == "vrrp.transition":
		return roomAll
	case kindOf(name).level >= zapcore.WarnLevel:
		return roomWarn
	default:
		return roomInfo
	}
}
