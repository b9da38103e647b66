package director

import (
	"context"
	"iter"
	"time"

	"github.com/hald-project/hald/election"
)

// supervise takes what is known of the worker before it runs, and starts its
// supervisor. Closing stop ends the worker; done is closed when it has ended.
func (l *life) supervise(ctx context.Context, w *worker) (stop chan<- struct{}, done <-chan struct{}) {
	l.take(w.blank())
	stopping, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		w.supervise(ctx, stopping, l.messages)
	}()
	return stopping, ended
}

func (l *life) electionWorker() *worker {
	return &worker{
		name:    RoleElection,
		start:   l.d.Election,
		command: func() iter.Seq[any] { return only(l.brief.Load()) },
		orders:  l.orders,
		newest:  l.tracks,
		report:  electionReport,
		config:  l.reload.election,
		blank:   func() message { return electionBlank(l.now().election, l.began) },
		grace:   func() time.Duration { return longestInterval(l.now().election) + slack },
		mourn: func(ctx context.Context, last message) error {
			ctx, cancel := context.WithTimeout(ctx, longestInterval(l.now().election)+slack)
			defer cancel()
			return l.d.Cleanup(ctx, l.now().election, masters(last.instances))
		},
	}
}

func (l *life) balancerWorker() *worker {
	return &worker{
		name:    RoleBalancer,
		start:   l.d.Balancer,
		command: func() iter.Seq[any] { return l.now().tellBalancer(*l.overrides.now.Load()) },
		orders:  l.overrides.news, // only the newest waits
		newest:  l.placing,
		asks:    l.shows.asks,
		report:  balancerReport,
		config:  l.reload.balancer,
		blank:   func() message { return message{idle: true} },
		grace:   func() time.Duration { return slack },
	}
}

// masters are the names of the instances that are master.
func masters(instances []election.Status) []string {
	var names []string
	for _, s := range instances {
		if s.State == "master" {
			names = append(names, s.Name)
		}
	}
	return names
}

// longestInterval bounds how long an orderly leave waits for a successor's
// first advertisement.
func longestInterval(c election.Config) time.Duration {
	var longest time.Duration
	for _, i := range c.Instances {
		longest = max(longest, i.Interval)
	}
	return longest
}
