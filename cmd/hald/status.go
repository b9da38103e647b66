package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/director"
)

func (a *app) status() *cobra.Command {
	var output string
	command := &cobra.Command{
		Use:   "status",
		Short: "Show who is master and why, and the state of the services",
		Long: "Show the instances with their state and why, and the services with their\n" +
			"servers, as the running daemon knows them.\n" +
			"Exit codes: 0 shown, 1 no daemon answers.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := oneOf("--output", output, "table", "json"); err != nil {
				return err
			}
			answer, err := admin.Client{Socket: a.adminSocket()}.Status(command.Context())
			if err != nil {
				return &exit{codeFailed, fmt.Errorf("no daemon answers: %w", err)}
			}
			if output == "json" {
				_, err = a.out.Write(answer)
			} else {
				err = a.showStatus(answer)
			}
			if err != nil {
				return &exit{codeFailed, err}
			}
			return nil
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return command
}

// showStatus prints the daemon's document for people.
func (a *app) showStatus(answer json.RawMessage) error {
	var d director.Document
	if err := json.Unmarshal(answer, &d); err != nil {
		return fmt.Errorf("understand the daemon's answer (is it another version?): %w", err)
	}
	p := painter{colour: a.colour(a.out), now: time.Now()}
	_, err := fmt.Fprint(a.out, p.document(d))
	return err
}
