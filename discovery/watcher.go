package discovery

import (
	"context"
	"time"
)

// Watcher asks sources, again and again.
type Watcher struct {
	Resolve func(context.Context, Source) Answer // of names
	Read    func(Source) Answer                  // of files
	// Notice tells when something happens to files in the folder of a path; nil, or one
	// that fails, and they are looked at now and then.
	Notice func(ctx context.Context, path string, changed func()) error

	turns chan struct{}
}

// NewWatcher is one for this machine.
func NewWatcher() *Watcher {
	return &Watcher{Resolve: Resolver{}.Resolve, Read: Read, Notice: notice, turns: make(chan struct{}, 8)}
}

// Run reports every answer of a source until ctx ends. Of names no more than eight are
// asked at a time in one Watcher.
func (w *Watcher) Run(ctx context.Context, s Source, report func(Answer)) {
	changed := make(chan struct{}, 1)
	if s.Kind == File && w.Notice != nil {
		ended := make(chan struct{})
		defer func() { <-ended }()
		go func() {
			defer close(ended)
			for ctx.Err() == nil {
				_ = w.Notice(ctx, s.Name, func() { // the folder may come later
					select {
					case changed <- struct{}{}:
					default:
					}
				})
				pause(ctx, look)
			}
		}()
	}
	var c course
	for {
		a := w.ask(ctx, s)
		if ctx.Err() != nil {
			return
		}
		report(a)
		next := time.NewTimer(c.after(s.Kind, a))
		select {
		case <-ctx.Done():
		case <-changed:
		case <-next.C:
		}
		next.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

func (w *Watcher) ask(ctx context.Context, s Source) Answer {
	if s.Kind == File {
		return w.Read(s)
	}
	select {
	case w.turns <- struct{}{}:
		defer func() { <-w.turns }()
		return w.Resolve(ctx, s)
	case <-ctx.Done():
		return Answer{Err: ctx.Err()}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
