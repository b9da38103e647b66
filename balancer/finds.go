package balancer

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/hald-project/hald/discovery"
	"github.com/hald-project/hald/event"
)

// finds are the sources that are asked, one for each distinct one, and what they said.
// The pool owns them.
type finds struct {
	run     func(context.Context, Source, func(discovery.Answer))
	answers chan found
	known   findings
	running map[Source]context.CancelFunc
	memory  *recollection // nil: nothing is kept
	written chan error    // how its last write went
	trouble string        // why it does not have what was found; empty: it does
	group   sync.WaitGroup
}

// found is an answer on its way to the pool.
type found struct {
	of     Source
	answer discovery.Answer
}

func newFinds(run func(context.Context, Source, func(discovery.Answer))) finds {
	return finds{run: run, answers: make(chan found), known: make(findings), running: make(map[Source]context.CancelFunc), written: make(chan error)}
}

// recall begins with what an earlier life kept at path. It does so once; an empty path
// is nowhere.
func (f *finds) recall(ctx context.Context, path string) (trouble *event.Event) {
	if f.memory != nil || path == "" {
		return nil
	}
	f.memory = &recollection{path: path, next: make(chan []byte, 1), written: f.written}
	all, err := f.memory.load()
	for source, servers := range all {
		f.known[source] = finding{servers: servers, known: true}
	}
	f.group.Go(func() { f.memory.run(ctx) })
	if err != nil {
		f.trouble = err.Error()
		return &event.Event{Name: "daemon.state_error", Reason: "read", Error: err.Error()}
	}
	return nil
}

// kept takes how a write went. A trouble is told once.
func (f *finds) kept(err error) (trouble *event.Event) {
	was := f.trouble
	if f.trouble = ""; err == nil {
		return nil
	}
	if f.trouble = err.Error(); f.trouble == was {
		return nil
	}
	return &event.Event{Name: "daemon.state_error", Reason: "write", Error: f.trouble}
}

// follow asks the sources that are needed, and no others. What was found stays known:
// a configuration that comes back finds it again.
func (f *finds) follow(ctx context.Context, needed map[Source]bool) {
	for source, stop := range f.running {
		if !needed[source] {
			stop()
			delete(f.running, source)
		}
	}
	for source := range needed {
		if f.running[source] != nil {
			continue
		}
		ctx, stop := context.WithCancel(ctx)
		f.running[source] = stop
		f.group.Go(func() {
			f.run(ctx, source, func(a discovery.Answer) {
				select {
				case f.answers <- found{source, a}:
				case <-ctx.Done():
				}
			})
		})
	}
}

// take keeps an answer and tells whether it changes anything, and what is worth telling.
// A failure changes nothing but the hope for a first answer.
func (f *finds) take(a found) (changed bool, story []event.Event) {
	if f.running[a.of] == nil {
		return false, nil // it was on its way when the source was given up
	}
	was := f.known[a.of]
	now := finding{servers: a.answer.Servers, known: true, good: time.Now()}
	if a.answer.Err != nil {
		now = was
		now.failure = a.answer.Err.Error()
	}
	f.known[a.of] = now
	if now.failure != was.failure && now.failure != "" {
		story = append(story, event.Event{Name: "discovery.failed", Reason: a.of.String(), Error: now.failure, Count: len(now.servers)})
	}
	if now.failure == "" && was.failure != "" {
		story = append(story, event.Event{Name: "discovery.recovered", Reason: a.of.String(), Count: len(now.servers)})
	}
	fresh := now.known && (!was.known || !reflect.DeepEqual(was.servers, now.servers))
	if fresh {
		story = append(story, event.Event{Name: "discovery.changed", Reason: fmt.Sprintf("%s: %s", a.of, difference(was.servers, now.servers)), Count: len(now.servers)})
		if f.memory != nil {
			f.memory.keep(f.known)
		}
	}
	return fresh || !now.known && was.failure == "", story
}

// difference is what came and went, in words.
func difference(was, now []discovery.Server) string {
	before := make(map[string]bool, len(was))
	for _, s := range was {
		before[s.String()] = true
	}
	came, first := 0, ""
	for _, s := range now {
		if text := s.String(); before[text] {
			delete(before, text)
		} else if came++; first == "" {
			first = text
		}
	}
	text := fmt.Sprintf("%d came, %d went", came, len(before))
	if came == 1 {
		text = fmt.Sprintf("%s came, %d went", first, len(before))
	}
	return text
}
