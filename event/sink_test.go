package event

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// gate is an output that can stand still, fail, and remember its lines.
type gate struct {
	mu     sync.Mutex
	err    error
	lines  []Event
	writes int
	shut   chan struct{} // non-nil: writes wait until it is closed
}

func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	shut, err := g.shut, g.err
	g.mu.Unlock()
	if shut != nil {
		<-shut
	}
	if err != nil {
		return 0, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writes++
	for line := range bytes.Lines(p) {
		var e Event
		if err := json.Unmarshal(line, &e); err != nil || line[len(line)-1] != '\n' {
			return 0, fmt.Errorf("not whole lines of JSON: %q", p)
		}
		g.lines = append(g.lines, e)
	}
	return len(p), nil
}

func (g *gate) fail(err error) {
	g.mu.Lock()
	g.err = err
	g.mu.Unlock()
}

func (g *gate) open() {
	g.mu.Lock()
	close(g.shut)
	g.shut = nil
	g.mu.Unlock()
}

// names counts the lines by event name.
func (g *gate) names() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	names := map[string]int{}
	for _, e := range g.lines {
		names[e.Name]++
	}
	return names
}

// last is the newest line.
func (g *gate) last() Event {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lines[len(g.lines)-1]
}

func startSink(t *testing.T, out *gate, level zapcore.Level) (s *Sink, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s = NewSink(out, "json", false, zap.NewAtomicLevelAt(level))
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	return s, func() { cancel(); <-done }
}

func TestSinkNeverBlocksOnAStuckOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &gate{shut: make(chan struct{})}
		s, stop := startSink(t, out, zapcore.InfoLevel)

		const each = 50000
		for range each {
			s.Emit(Event{Name: "address.claimed", Cluster: "shop", Director: "lb1"})
		}
		for range each {
			s.Emit(Event{Name: "real_server.down"})
		}
		for range 10 {
			s.Emit(Event{Name: "vrrp.transition"})
		}
		synctest.Wait()
		out.open()
		synctest.Wait()

		names := out.names()
		if names["vrrp.transition"] != 10 {
			t.Errorf("%d of 10 transitions survived: they must be dropped last", names["vrrp.transition"])
		}
		if got := names["real_server.down"]; got < 1000 {
			t.Errorf("%d warnings survived: they have no room of their own", got)
		}
		if got := names["address.claimed"]; got == each {
			t.Error("nothing was lost: there is room without end")
		}
		if names["log.dropped"] != 1 {
			t.Errorf("%d reports of dropped lines, want one", names["log.dropped"])
		}
		written := names["address.claimed"] + names["real_server.down"] + names["vrrp.transition"]
		if last := out.last(); last.Name != "log.dropped" || last.Count != 2*each+10-written {
			t.Errorf("last line %+v, want log.dropped with count %d", last, 2*each+10-written)
		}

		s.Emit(Event{Name: "address.claimed"})
		stop()
		if got := out.last().Name; got != "address.claimed" {
			t.Errorf("last line %q: drops were reported twice", got)
		}
	})
}

// TestSinkKeepsWhatTenThousandServersSay: a burst while the output stands still is written as a whole
// when it moves again, in order and not line by line.
func TestSinkKeepsWhatTenThousandServersSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &gate{shut: make(chan struct{})}
		s, stop := startSink(t, out, zapcore.InfoLevel)
		const burst = 11000
		for i := range burst {
			s.Emit(Event{Seq: uint64(i + 1), Name: "real_server.up", Cluster: "farm", Director: "lb1", Service: "s123", Server: "r7", Address: "10.88.12.34:8088", From: "unknown", To: "up"})
		}
		synctest.Wait()
		out.open()
		stop()
		for i, e := range out.lines {
			if e.Seq != uint64(i+1) {
				t.Fatalf("line %d is %+v", i+1, e)
			}
		}
		if len(out.lines) != burst || out.writes > burst/100 {
			t.Errorf("%d lines of %d, in %d writes", len(out.lines), burst, out.writes)
		}
	})
}

func TestSinkCountsFailedWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &gate{}
		s, stop := startSink(t, out, zapcore.InfoLevel)
		out.fail(fmt.Errorf("no space left on device"))
		for range 3 {
			s.Emit(Event{Name: "daemon.started"})
			synctest.Wait()
		}
		out.fail(nil)
		s.Emit(Event{Name: "daemon.stopped", Cluster: "shop", Director: "lb1"})
		stop()
		last := out.last()
		if last.Name != "log.dropped" || last.Count != 3 || last.Cluster != "shop" || last.Director != "lb1" {
			t.Errorf("last line %+v, want log.dropped with count 3 of shop/lb1", last)
		}
	})
}

func TestSinkStopsAlthoughTheOutputIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &gate{shut: make(chan struct{})}
		s, stop := startSink(t, out, zapcore.InfoLevel)
		s.Emit(Event{Name: "daemon.stopping"})
		synctest.Wait()
		began := time.Now()
		stop()
		if took := time.Since(began); took != flushBound {
			t.Errorf("stop took %v, want %v", took, flushBound)
		}
		out.open() // the bubble waits for the writer
	})
}

func TestSinkFlushesWhenStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &gate{}
		s, stop := startSink(t, out, zapcore.InfoLevel)
		for range 500 {
			s.Emit(Event{Name: "address.claimed"})
		}
		stop()
		if got := out.names()["address.claimed"]; got != 500 {
			t.Errorf("%d of 500 lines written", got)
		}
	})
}

func TestSinkLevelChangesAtRunTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &gate{}
		level := zap.NewAtomicLevelAt(zapcore.ErrorLevel)
		s := NewSink(out, "json", false, level)
		ctx, cancel := context.WithCancel(t.Context())
		go s.Run(ctx)
		s.Emit(Event{Name: "daemon.started"})
		level.SetLevel(zapcore.InfoLevel)
		s.Emit(Event{Name: "daemon.stopped"})
		synctest.Wait()
		cancel()
		synctest.Wait()
		if names := out.names(); names["daemon.started"] != 0 || names["daemon.stopped"] != 1 || len(names) != 1 {
			t.Errorf("lines %v, want daemon.stopped alone", names)
		}
	})
}

// The real thing: the device that is always full.
func TestSinkOnDevFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no /dev/full here: %v", err)
	}
	defer full.Close()
	s := NewSink(full, "json", false, zap.NewAtomicLevel())
	ctx, cancel := context.WithCancel(t.Context())
	for range 20 {
		s.Emit(Event{Name: "daemon.started"})
	}
	cancel()
	s.Run(ctx)
	if got := s.dropped; got != 20 {
		t.Errorf("%d drops counted, want 20", got)
	}
}

func TestSinkLinesAreWhole(t *testing.T) {
	var text strings.Builder
	s := NewSink(&text, "console", true, zap.NewAtomicLevel())
	ctx, cancel := context.WithCancel(t.Context())
	s.Emit(Event{Name: "daemon.started", Error: "two\nlines"})
	cancel()
	s.Run(ctx)
	if got := strings.Count(text.String(), "\n"); got != 1 {
		t.Errorf("%d line ends in %q, want 1", got, text.String())
	}
}
