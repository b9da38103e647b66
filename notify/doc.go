// Package notify tells of events: to a command, to a web server, by mail. Every
// notifier has a bounded queue of its own, in which the events of one instance are
// told strictly in order, one at a time, and tried again with growing pauses.
// Whoever has an event never waits; what is lost is counted and reported.
package notify

import (
	"context"
	"time"

	"github.com/hald-project/hald/event"
)

// Config is one notifier.
type Config struct {
	Name    string
	Events  []string      // patterns of path.Match; one of them has to match an event's name
	GiveUp  time.Duration // so long after the first attempt no other begins; 0: one attempt
	Timeout time.Duration // of one attempt
	Before  bool          // awaited before addresses move; of Exec

	Exec    *Exec // exactly one of these
	Webhook *Webhook
	SMTP    *SMTP

	with sender // in tests: instead of them
}

// Kind is how it tells, as the block is called in the configuration.
func (c Config) Kind() string {
	switch {
	case c.Exec != nil:
		return "exec"
	case c.SMTP != nil:
		return "smtp"
	}
	return "webhook"
}

// collect is how long it waits for more events to tell of together.
func (c Config) collect() time.Duration {
	if c.SMTP == nil {
		return 0
	}
	return max(time.Nanosecond, c.SMTP.Collect) // a letter is of all instances, however soon it is sent
}

// sender is who does it.
func (c Config) sender() sender {
	switch {
	case c.with != nil:
		return c.with
	case c.Exec != nil:
		return &command{Exec: *c.Exec, notifier: c.Name, before: c.Before}
	case c.SMTP != nil:
		return &mailer{*c.SMTP}
	}
	return newPoster(*c.Webhook)
}

// sender tells of events that belong together. It may be called from several
// goroutines at once, and returns when ctx ends.
type sender interface {
	send(ctx context.Context, events []event.Event) error
}

// Status is a notifier as `hald status` shows it.
type Status struct {
	Name        string    `json:"name"`
	Kind        string    `json:"kind"` // webhook, exec, smtp
	Before      bool      `json:"before,omitempty"`
	Events      []string  `json:"events"`
	Queue       int       `json:"queue"` // events that wait or are being told
	Told        uint64    `json:"told"`  // events, since it is there
	Lost        uint64    `json:"lost"`  // given up, or dropped because the queue was full
	LastSuccess time.Time `json:"last_success,omitzero"`
	LastError   string    `json:"last_error,omitempty"` // of the last attempt that failed
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
}
