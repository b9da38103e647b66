//go:build linux

package main

import (
	"fmt"
	"runtime"
	"strings"
)

// stage is the test the lab believes it runs in: it tells failures on the
// screen and takes the lab down at the end.
type stage struct {
	name     string
	screen   *screen
	failed   bool
	cleanups []func()
}

func newStage(name string, s *screen) *stage { return &stage{name: name, screen: s} }

// run runs f to its end or its first Fatalf, then the clean-ups, last first.
func (t *stage) run(f func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f()
	}()
	<-ended
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}

func (t *stage) Helper()          {}
func (t *stage) Name() string     { return t.name }
func (t *stage) Failed() bool     { return t.failed }
func (t *stage) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

// Logf shows what the lab has to say, which is the daemons' logs after a failure.
func (t *stage) Logf(format string, args ...any) {
	t.screen.text("%s", strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// Fatalf ends the demonstration.
func (t *stage) Fatalf(format string, args ...any) {
	t.failed = true
	t.screen.now("")
	t.screen.text("%s%s%s", red, fmt.Sprintf(format, args...), plain)
	runtime.Goexit()
}
