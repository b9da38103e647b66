package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/event"
)

// reconnect is the pause before a daemon that does not answer is asked again.
const reconnect = time.Second

func (a *app) events() *cobra.Command {
	var output string
	var since time.Duration
	var follow bool
	command := &cobra.Command{
		Use:   "events",
		Short: "Show what happened: the last events, and those to come",
		Long: "Show the events that the running daemon keeps in memory, oldest first, as lines\n" +
			"like those of its log, whatever the level of that is. With --follow it goes on\n" +
			"with what happens, also after a restart of the daemon, until it is interrupted.\n" +
			"Exit codes: 0 shown, 1 no daemon answers.",
		Args: noWords,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := oneOf("--output", output, "text", "json"); err != nil {
				return err
			}
			if since < 0 {
				return fmt.Errorf("--since %v is no length of time", since)
			}
			show := reporter{app: a, json: output == "json"}
			if since > 0 {
				show.from = time.Now().Add(-since)
			}
			err := show.ask(command.Context(), false)
			for err == nil && follow && command.Context().Err() == nil {
				if show.ask(command.Context(), true) != nil {
					show.pause(command.Context())
				}
			}
			if err != nil {
				return &exit{codeFailed, err}
			}
			return nil
		},
	}
	command.Flags().DurationVar(&since, "since", 0, "only those of the last while, as 1h (default all that are kept)")
	command.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what happens")
	command.Flags().StringVarP(&output, "output", "o", "text", "text, or json: an object a line")
	return command
}

// reporter prints each event once.
type reporter struct {
	*app
	json bool
	from time.Time
	last uint64 // the newest one that was seen
}

// ask prints what is new; with wait it waits a while for something.
func (r *reporter) ask(ctx context.Context, wait bool) error {
	answer, err := admin.Client{Socket: r.adminSocket()}.Events(ctx, r.last, wait)
	if err != nil {
		return err
	}
	var events []event.Event
	if err := json.Unmarshal(answer, &events); err != nil {
		return fmt.Errorf("understand the daemon's answer (is it another version?): %w", err)
	}
	for _, e := range events {
		r.last = e.Seq
		if e.Time.Before(r.from) {
			continue
		}
		if r.json {
			err = json.NewEncoder(r.out).Encode(e)
		} else {
			_, err = fmt.Fprintln(r.out, event.Text(e, r.colour(r.out)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reporter) pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(reconnect):
	}
}
