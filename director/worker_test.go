package director

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// oneLife runs one life of an election worker and drains what it reports.
func oneLife(t *testing.T, start Start, stop <-chan struct{}) (took time.Duration, err error) {
	t.Helper()
	out := make(chan message)
	go func() {
		for range out {
		}
	}()
	defer close(out)
	w := &worker{name: RoleElection, start: start, command: func() iter.Seq[any] { return only("x") }, report: electionReport, grace: func() time.Duration { return 3 * time.Second }, blank: nothing}
	began := time.Now()
	_, err = w.live(t.Context(), stop, out, 0)
	return time.Since(began), err
}

func TestOneLife(t *testing.T) {
	var never chan struct{}
	already := make(chan struct{})
	close(already)
	killed := func(ctx context.Context) error { <-ctx.Done(); return errors.New("signal: killed") }

	for _, test := range []struct {
		name string
		stop <-chan struct{}
		plot plot
		took time.Duration
		err  string // part of it; empty: none
	}{
		{"leaves when asked", already, func(_ context.Context, link end, _ int) error {
			io.Copy(io.Discard, link)
			return nil
		}, 0, ""},
		{"never reads and is asked to leave", already, func(ctx context.Context, _ end, _ int) error {
			return killed(ctx)
		}, 3 * time.Second, errOverdue.Error()},
		{"writes garbage", never, func(ctx context.Context, link end, _ int) error {
			go io.Copy(io.Discard, link)
			io.WriteString(link, "%!")
			return killed(ctx)
		}, 0, "invalid character"},
		{"closes its link and stays", never, func(ctx context.Context, link end, _ int) error {
			link.Close()
			return killed(ctx)
		}, closing, errOverdue.Error()},
		{"dies in the middle of a message", never, func(_ context.Context, link end, _ int) error {
			go io.Copy(io.Discard, link)
			io.WriteString(link, `{"status":[`)
			return errors.New("exit status 2")
		}, 0, "exit status 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				took, err := oneLife(t, starter(test.plot), test.stop)
				if took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				switch {
				case test.err == "" && err != nil:
					t.Errorf("error %v, want none", err)
				case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
					t.Errorf("error %v, want %q", err, test.err)
				}
			})
		})
	}
}

// A process that ended while something else keeps its link open must not hold
// the supervisor.
func TestALinkThatOutlivesItsWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := newLink()
		go io.Copy(io.Discard, theirs)
		start := func(context.Context) (Link, func() error, error) {
			return ours, func() error { return errors.New("exit status 1") }, nil
		}
		took, err := oneLife(t, start, nil)
		if took != closing || err == nil || !strings.Contains(err.Error(), "exit status 1") {
			t.Errorf("took %v, error %v", took, err)
		}
	})
}

// What could not be started has nothing to be cleaned up: that would interfere
// with a process that outlived another director and is still leaving.
func TestAStartThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts, cleanups := 0, 0
		w := &worker{
			name: RoleElection,
			start: func(context.Context) (Link, func() error, error) {
				starts++
				return nil, nil, errors.New("no memory")
			},
			blank: nothing,
			mourn: func(context.Context, message) error { cleanups++; return nil },
		}
		out, stop := make(chan message, 100), make(chan struct{})
		go w.supervise(t.Context(), stop, out)
		time.Sleep(time.Second)
		close(stop)
		synctest.Wait()
		if starts != 4 || cleanups != 0 {
			t.Errorf("%d starts and %d clean-ups in a second, want 4 and none", starts, cleanups)
		}
		m := <-out
		if m.event == nil || m.event.Name != "worker.exited" || m.event.Error != "could not be started: no memory" {
			t.Errorf("reported %+v", m.event)
		}
	})
}

// Reports that were sent before the end are all passed on.
func TestLastReportsAreNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := starter(func(_ context.Context, link end, _ int) error {
			go io.Copy(io.Discard, link)
			for range 100 {
				json.NewEncoder(link).Encode(masterReport)
			}
			return errors.New("died")
		})
		w := &worker{name: RoleElection, start: start, command: func() iter.Seq[any] { return only("x") }, report: electionReport, blank: nothing, grace: func() time.Duration { return 0 }}
		out, count := make(chan message), make(chan int)
		go func() {
			n := 0
			for m := range out {
				n += len(m.instances) / 2
			}
			count <- n
		}()
		last, _ := w.live(t.Context(), nil, out, 0)
		close(out)
		if n := <-count; n != 100 || len(last.instances) != 2 {
			t.Errorf("%d of 100 reports passed on, newest %+v", n, last)
		}
	})
}

// nothing is known of a worker's part.
func nothing() message { return message{} }
