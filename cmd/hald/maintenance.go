package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/director"
	"github.com/hald-project/hald/event"
)

func (a *app) maintenance() *cobra.Command {
	var length time.Duration
	command := &cobra.Command{
		Use:   "maintenance on|off",
		Short: "Take this whole director out of the election, or let it in again",
		Long: "With on, this director hands over whatever it is master of, keeping the addresses\n" +
			"until a peer has them, and then leaves the election: it sends nothing and becomes\n" +
			"master of nothing, NOT EVEN WHEN ITS PEER DIES. That survives reload, restart and\n" +
			"reboot, until `hald maintenance off` or the end of --for. Where nobody can take\n" +
			"over, it refuses and stays. Given again, it sets another end.\n\n" +
			"With off, this director begins as backup, and takes back what it has the higher\n" +
			"priority for (see preempt and preempt_delay). To give way and still be there when\n" +
			"the peer dies, use `hald handover`.\n" +
			"Exit codes: 0 done, 1 refused or no daemon.",
		Args:      oneOfIts,
		ValidArgs: []string{"on", "off"},
		RunE: func(command *cobra.Command, args []string) error {
			order := director.MaintenanceOrder{On: args[0] == "on", For: length}
			switch {
			case length < 0:
				return fmt.Errorf("--for %v is no length of time", length)
			case length > 0 && !order.On:
				return fmt.Errorf("--for belongs to on")
			}
			if err := a.maintain(command.Context(), order); err != nil {
				return &exit{codeFailed, err}
			}
			return nil
		},
	}
	command.Flags().DurationVar(&length, "for", 0, "stay out so long, such as 90m (default until off)")
	return command
}

// maintain gives the order and waits for what becomes of it.
func (a *app) maintain(ctx context.Context, order director.MaintenanceOrder) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := admin.Client{Socket: a.adminSocket()}
	began := time.Now()
	if err := client.Order(ctx, "maintenance", order); err != nil {
		return err
	}
	d, err := awaited(ctx, client, func(d director.Document) (bool, error) {
		if (d.Maintenance != nil) == order.On && d.Settled() {
			return true, nil
		}
		return false, refusal(ctx, client, began)
	})
	if err != nil {
		return err
	}
	if order.On {
		fmt.Fprintf(a.out, "%s is out of the election%s\n", d.Director, until(d.Maintenance.Until, ", until "))
	} else {
		fmt.Fprintf(a.out, "%s takes part in the election\n", d.Director)
	}
	a.warnUnkept(d)
	return nil
}

// refusal finds the event that says that the order was refused.
func refusal(ctx context.Context, client admin.Client, began time.Time) error {
	answer, err := client.Events(ctx, 0, false)
	if err != nil {
		return err
	}
	var events []event.Event
	if err := json.Unmarshal(answer, &events); err != nil {
		return fmt.Errorf("understand the daemon's answer (is it another version?): %w", err)
	}
	for _, e := range events {
		if e.Name == "maintenance.refused" && e.Time.After(began) {
			return fmt.Errorf("nobody can take over %s: this director stays in the election", e.Instance)
		}
	}
	return nil
}

// warnUnkept says when what was ordered is in force and would not survive.
func (a *app) warnUnkept(d director.Document) {
	if d.StateError != "" {
		fmt.Fprintf(a.err, "hald: this holds until the daemon is restarted, no longer: %s\n", d.StateError)
	}
}

// awaited asks for the status until it is as wanted.
func awaited(ctx context.Context, client admin.Client, wanted func(director.Document) (bool, error)) (director.Document, error) {
	for {
		d, err := documentFrom(ctx, client)
		if err != nil {
			return d, err
		}
		if done, err := wanted(d); done || err != nil {
			return d, err
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return d, fmt.Errorf("no word from the election: %w", ctx.Err())
		}
	}
}

// documentFrom asks the daemon for its status.
func documentFrom(ctx context.Context, client admin.Client) (d director.Document, err error) {
	answer, err := client.Status(ctx)
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(answer, &d); err != nil {
		return d, fmt.Errorf("understand the daemon's answer (is it another version?): %w", err)
	}
	return d, nil
}

// until is a moment, such as the end of planned work, behind its preposition; empty for none.
func until(t time.Time, before string) string {
	if t.IsZero() {
		return ""
	}
	return before + t.Local().Format(time.DateTime)
}
