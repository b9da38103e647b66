package director

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

// end is one end of a link in memory.
type end struct {
	*io.PipeReader
	*io.PipeWriter
}

func (e end) CloseWrite() error { return e.PipeWriter.Close() }
func (e end) Close() error      { return errors.Join(e.PipeReader.Close(), e.PipeWriter.Close()) }

func newLink() (ours, theirs end) {
	r1, w1 := io.Pipe()
	r2, w2 := io.Pipe()
	return end{r1, w2}, end{r2, w1}
}

// plot is the scripted behaviour of one life of a worker; it ends when the
// function returns. The link is closed then.
type plot func(ctx context.Context, link end, life int) error

// starter makes a Start that runs the plot as a goroutine.
func starter(p plot) Start {
	life := 0
	return func(ctx context.Context) (Link, func() error, error) {
		ours, theirs := newLink()
		ended := make(chan error, 1)
		go func(life int) {
			err := p(ctx, theirs, life)
			theirs.Close()
			ended <- err
		}(life)
		life++
		return ours, func() error { return <-ended }, nil
	}
}

// obedient reads its command, reports the status, and leaves after pause once
// it is asked to. It dies when it is killed.
func obedient(status any, pause time.Duration, left *event.Event) plot {
	return func(ctx context.Context, link end, _ int) error {
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			in := json.NewDecoder(link)
			for {
				var command json.RawMessage
				if in.Decode(&command) != nil {
					return
				}
				json.NewEncoder(link).Encode(status)
			}
		}()
		select {
		case <-ctx.Done():
			return errors.New("signal: killed")
		case <-asked:
		}
		time.Sleep(pause)
		if left != nil {
			json.NewEncoder(link).Encode(election.Report{Event: left})
		}
		return nil
	}
}

var (
	masterReport = election.Report{Status: []election.Status{
		{Name: "web", State: "master"}, {Name: "mail", State: "backup"}}}
	upReport = balancer.Report{Status: []balancer.Status{{Name: "http", HasQuorum: true}}}
)

// testConfig has two instances and one service.
func testConfig() *config.Config {
	return &config.Config{
		Cluster:  "shop",
		Director: config.Director{Name: "lb1"},
		Hash:     "abc",
		Instances: []config.Instance{
			{Name: "web", Interval: time.Second, VRID: 1, Priority: 150, Interface: "eth0"},
			{Name: "mail", Interval: 3 * time.Second, VRID: 2, Priority: 100, Interface: "eth0"},
		},
		Services: []config.Service{{Name: "http", Servers: []config.Server{{Name: "web1", Weight: 2}}}},
		Admin:    config.Admin{SocketMode: 0o660},
	}
}

// stage is a director's life with everything around it recorded.
type stage struct {
	alive atomic.Int32 // signs of life to the service manager
	life  *life
	stop  chan struct{}
	kill  context.CancelFunc
	ended chan struct{}
	began time.Time

	mu    sync.Mutex
	notes []note // what happened, in order
}

// note is one thing that happened, with its time since the start.
type note struct {
	at   time.Duration
	what string
	e    event.Event // for an event
}

func (s *stage) note(what string, e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, note{time.Since(s.began), what, e})
}

// story is the order of what happened.
func (s *stage) story() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var story []string
	for _, n := range s.notes {
		story = append(story, n.what)
	}
	return story
}

// times are when it happened.
func (s *stage) times(what string) []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var times []time.Duration
	for _, n := range s.notes {
		if n.what == what {
			times = append(times, n.at)
		}
	}
	return times
}

// events are the events of one name.
func (s *stage) events(name string) []event.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var events []event.Event
	for _, n := range s.notes {
		if n.what == name {
			events = append(events, n.e)
		}
	}
	return events
}

// noted wraps a plot so that its lives are in the story.
func (s *stage) noted(name string, p plot) Start {
	return starter(func(ctx context.Context, link end, life int) error {
		s.note(name+" starts", event.Event{})
		err := p(ctx, link, life)
		s.note(name+" ends", event.Event{})
		return err
	})
}

// perform starts a life with the two plots, inside a bubble.
func perform(t *testing.T, electionPlot, balancerPlot plot, before ...func(*Director)) *stage {
	t.Helper()
	s := &stage{stop: make(chan struct{}), ended: make(chan struct{}), began: time.Now()}
	d := &Director{
		Config:     testConfig(),
		RuntimeDir: "/run/test",
		StateDir:   t.TempDir(),
		Version:    "v1",
		Cleanup: func(_ context.Context, _ election.Config, wasMaster []string) error {
			s.note("cleanup", event.Event{Error: join(wasMaster)})
			return nil
		},
		Log:     func(e event.Event) { s.note(e.Name, e) },
		Relevel: func(level string) { s.note("log "+level, event.Event{}) },
		Notify: func(state string) {
			if state == "WATCHDOG=1" {
				s.alive.Add(1)
				return
			}
			if !strings.HasPrefix(state, "STATUS=") {
				s.note(state, event.Event{})
			}
		},
	}
	d.Election = s.noted("election", electionPlot)
	d.Balancer = s.noted("balancer", balancerPlot)
	for _, prepare := range before {
		prepare(d)
	}
	s.life = newLife(d)
	ctx, kill := context.WithCancel(context.Background())
	s.kill = kill
	go func() {
		defer close(s.ended)
		s.life.run(ctx, s.stop)
	}()
	t.Cleanup(kill)
	return s
}

// leave stops the life and returns how long that took.
func (s *stage) leave() time.Duration {
	began := time.Now()
	close(s.stop)
	<-s.ended
	return time.Since(began)
}

// before reports whether the first a came before the first b in the story.
func (s *stage) before(a, b string) bool {
	story := s.story()
	i, j := slices.Index(story, a), slices.Index(story, b)
	return i >= 0 && j >= 0 && i < j
}

func join(names []string) string {
	text := ""
	for _, n := range names {
		text += n + ";"
	}
	return text
}
