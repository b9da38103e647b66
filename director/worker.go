package director

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/hald-project/hald/event"
)

// A worker that died is started again after a pause that doubles from death to
// death, and is short again once a life was long enough.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
	longLife   = 30 * time.Second
)

// closing is how long a worker may take to end after its link has closed, and
// its link to close after it has ended.
const closing = 2 * time.Second

var (
	errNotStarted = errors.New("could not be started")
	errOverdue    = errors.New("did not leave in time and was killed")
)

// worker is one supervised process. Its supervisor is the only retry loop
// around it.
type worker struct {
	name    string
	start   Start
	command func() iter.Seq[any]                          // what it is told first in every life
	orders  chan any                                      // what it is told later; nobody takes them while it does not run
	newest  chan any                                      // of capacity one: what it is told in every life as soon as possible
	asks    chan any                                      // of capacity one: what it is asked; nil: never
	report  func(from *json.Decoder) (message, error)     // reads one message from its link
	config  chan any                                      // of capacity one: a configuration that is to take the place of the one in the command
	blank   func() message                                // what is known about its part while it does not run
	grace   func() time.Duration                          // how long it may take to leave in good order
	mourn   func(ctx context.Context, last message) error // after a death, before the next life
}

// supervise keeps the worker alive until stop is closed, then has it leave in
// good order; it kills it when ctx ends. All it learns goes to out.
func (w *worker) supervise(ctx context.Context, stop <-chan struct{}, out chan<- message) {
	pause := firstPause
	for life := 0; ; life++ {
		began := time.Now()
		last, err := w.live(ctx, stop, out, life)
		lived := time.Since(began)
		leaving := closed(stop)
		if ctx.Err() != nil || leaving && err == nil {
			return
		}
		w.died(ctx, out, last, lived, err)
		if leaving {
			return
		}
		if lived >= longLife {
			pause = firstPause
		}
		select {
		case <-time.After(pause):
		case <-stop:
			return
		case <-ctx.Done():
			return
		}
		pause = min(2*pause, maxPause)
	}
}

// died reports a death and does what must be done before the next life. A
// process that never began has left nothing behind; perhaps it did not because
// one that outlived another director still does its work.
func (w *worker) died(ctx context.Context, out chan<- message, last message, lived time.Duration, err error) {
	if err == nil {
		err = errors.New("left without being asked")
	}
	out <- message{event: &event.Event{Name: "worker.exited", Reason: w.name,
		DurationMS: event.Milliseconds(lived), Error: err.Error()}}
	if w.mourn != nil && !errors.Is(err, errNotStarted) {
		if err := w.mourn(ctx, last); err != nil {
			out <- message{event: &event.Event{Name: "worker.cleanup_failed", Reason: w.name, Error: err.Error()}}
		}
	}
	out <- w.blank()
}

// live is one life: start, tell the command, pass the reports on until the
// worker has ended and its link is drained. It returns the newest status and
// why the worker ended.
func (w *worker) live(ctx context.Context, stop <-chan struct{}, out chan<- message, life int) (last message, err error) {
	last = w.blank()
	ctx, kill := context.WithCancel(ctx)
	defer kill()
	link, wait, err := w.start(ctx)
	if err != nil {
		return last, fmt.Errorf("%w: %w", errNotStarted, err)
	}
	defer link.Close()

	told := make(chan error, 1)
	go func() {
		to := json.NewEncoder(link)
		var err error
		for message := range w.command() {
			if err = to.Encode(message); err != nil {
				break
			}
		}
		told <- err
		for err == nil {
			select {
			case order := <-w.orders:
				err = to.Encode(order)
			case next := <-w.config:
				err = to.Encode(next)
			case news := <-w.newest:
				err = to.Encode(news)
			case ask := <-w.asks:
				err = to.Encode(ask)
			case <-ctx.Done():
				return
			}
		}
	}()
	ended := make(chan error, 1)
	go func() { ended <- wait() }()
	reports, drained := make(chan message), make(chan error, 1)
	go func() {
		from := json.NewDecoder(link)
		for {
			m, err := w.report(from)
			if err != nil {
				drained <- err
				return
			}
			reports <- m
			if m.services != nil { // some megabytes, which a decoder would keep room for
				from = json.NewDecoder(io.MultiReader(from.Buffered(), link))
			}
		}
	}()

	var overdue <-chan time.Time
	for told != nil || ended != nil || drained != nil {
		select {
		case err := <-told:
			told = nil
			if err == nil {
				w.began(out, life)
			}
		case m := <-reports:
			if m.instances != nil {
				last = m
			}
			out <- m
		case <-stop:
			stop = nil
			link.CloseWrite()
			overdue = time.After(w.grace())
		case readErr := <-drained:
			drained = nil
			if !errors.Is(readErr, io.EOF) && err == nil {
				err = fmt.Errorf("read its link: %w", readErr)
				kill()
			}
			if overdue == nil {
				overdue = time.After(closing)
			}
		case endErr := <-ended:
			ended = nil
			if !errors.Is(err, errOverdue) {
				err = errors.Join(endErr, err)
			}
			overdue = time.After(closing)
		case <-overdue:
			overdue = nil
			err = errors.Join(err, errOverdue)
			kill()
			link.Close()
		}
	}
	return last, err
}

// only is a single message.
func only(m any) iter.Seq[any] { return func(yield func(any) bool) { yield(m) } }

// began reports that the worker has its configuration.
func (w *worker) began(out chan<- message, life int) {
	out <- message{configured: w.name}
	if life > 0 {
		out <- message{event: &event.Event{Name: "worker.restarted", Reason: w.name, Count: life}}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
