//go:build linux

package lab

import (
	"fmt"
	"runtime"
	"strings"
)

// Stage is the T of a program: a lab that is watched, not tested.
type Stage struct {
	name     string
	say      func(text string)
	failed   bool
	cleanups []func()
}

// NewStage makes a stage. What the lab has to say, which is why it failed and
// the daemons' logs after that, goes to say.
func NewStage(name string, say func(text string)) *Stage { return &Stage{name: name, say: say} }

// Run runs f to its end or its first Fatalf, then the clean-ups, last first.
func (s *Stage) Run(f func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f()
	}()
	<-ended
	for i := len(s.cleanups) - 1; i >= 0; i-- {
		s.cleanups[i]()
	}
}

// Helper is nothing: a stage has no call sites to tell.
func (s *Stage) Helper() {}

// Name is the name of the stage, and of the lab's folder.
func (s *Stage) Name() string { return s.name }

// Failed tells whether Fatalf was called.
func (s *Stage) Failed() bool { return s.failed }

// Cleanup has f called after Run's function, the last one first.
func (s *Stage) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

// Logf says something.
func (s *Stage) Logf(format string, args ...any) {
	s.say(strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// Fatalf says why the function that runs cannot go on, and ends it.
func (s *Stage) Fatalf(format string, args ...any) {
	s.failed = true
	s.Logf(format, args...)
	runtime.Goexit()
}
