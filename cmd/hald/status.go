package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/director"
)

func (a *app) status() *cobra.Command {
	var output string
	var watch bool
	command := &cobra.Command{
		Use:   "status",
		Short: "Show who is master and why, and the state of the services",
		Long: "Show the instances with their state and why, and the services with their\n" +
			"servers, as the running daemon knows them. With --watch it goes on, once a\n" +
			"second: on a terminal in place, until ^C; elsewhere one after the other.\n" +
			"Exit codes: 0 shown, 1 no daemon answers.",
		Args: noWords,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := oneOf("--output", output, "table", "json"); err != nil {
				return err
			}
			text, err := a.statusText(command.Context(), output)
			if err == nil && watch {
				ctx, release := signal.NotifyContext(command.Context(), os.Interrupt, syscall.SIGTERM)
				defer release()
				err = a.watch(ctx, text, func(ctx context.Context) (string, error) { return a.statusText(ctx, output) })
			} else if err == nil {
				_, err = fmt.Fprint(a.out, text)
			}
			if err != nil {
				return &exit{codeFailed, err}
			}
			return nil
		},
	}
	command.Flags().BoolVarP(&watch, "watch", "w", false, "go on, once a second")
	command.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return command
}

// statusText is the daemon's document for people, or in JSON.
func (a *app) statusText(ctx context.Context, output string) (string, error) {
	answer, err := admin.Client{Socket: a.adminSocket()}.Status(ctx)
	if err != nil {
		return "", err
	}
	if output == "json" {
		return string(answer), nil
	}
	var d director.Document
	if err := json.Unmarshal(answer, &d); err != nil {
		return "", fmt.Errorf("understand the daemon's answer (is it another version?): %w", err)
	}
	return painter{colour: a.colour(a.out), now: time.Now()}.document(d), nil
}
