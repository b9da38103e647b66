package event

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// The queue between those who report and the output. What matters more finds
// room longer: debug and info stop at roomInfo, warnings and errors at
// roomWarn, and only a change of state of a virtual router may fill it.
const (
	queueSize = 1024
	roomInfo  = 768
	roomWarn  = 960
)

// flushBound is how long a stopping sink waits for an output that does not
// take the rest of the queue.
const flushBound = 500 * time.Millisecond

// Sink writes events as log lines. The output may stand still for ever (a pipe
// nobody reads) or fail (a full disk): who reports an event never waits for it
// and never sees its errors. Lost lines are counted and reported by one
// log.dropped line when the output has taken everything that was waiting.
type Sink struct {
	level   zap.AtomicLevel
	core    zapcore.Core
	queue   chan Event
	dropped atomic.Int64
}

// NewSink makes a sink that writes to out in the given format, "json" or
// "console". Colour applies to console only. Events below level are left out
// and do not count as dropped.
func NewSink(out io.Writer, format string, colour bool, level zap.AtomicLevel) *Sink {
	return &Sink{
		level: level,
		core:  newCore(out, format, colour, level),
		queue: make(chan Event, queueSize),
	}
}

// Emit hands e to the writer, or counts it as dropped when there is no room.
// It never blocks. A zero time is replaced by the present.
func (s *Sink) Emit(e Event) {
	if !s.level.Enabled(kindOf(e.Name).level) {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if len(s.queue) >= room(e.Name) {
		s.dropped.Add(1)
		return
	}
	select {
	case s.queue <- e:
	default:
		s.dropped.Add(1)
	}
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
		case e := <-s.queue:
			s.line(e)
		case <-ctx.Done():
			for len(s.queue) > 0 {
				s.line(<-s.queue)
			}
			return
		}
	}
}

// line writes e and, once nothing is waiting any more, how many were lost,
// whatever the level: a log with holes must say so.
func (s *Sink) line(e Event) {
	if err := s.core.Write(entry(e), fields(e)); err != nil {
		s.dropped.Add(1)
		return
	}
	if len(s.queue) > 0 {
		return
	}
	lost := s.dropped.Swap(0)
	if lost == 0 {
		return
	}
	report := Event{Time: time.Now(), Name: "log.dropped", Cluster: e.Cluster, Director: e.Director, Count: int(lost)}
	if err := s.core.Write(entry(report), fields(report)); err != nil {
		s.dropped.Add(lost)
	}
}

// room is how full the queue may be for an event of this name to enter it.
func room(name string) int {
	switch {
	case name == "vrrp.transition":
		return queueSize
	case kindOf(name).level >= zapcore.WarnLevel:
		return roomWarn
	default:
		return roomInfo
	}
}
