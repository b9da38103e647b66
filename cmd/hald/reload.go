package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/director"
)

// codeChanges is the exit code of a plan in which something changes.
const codeChanges = 3

func (a *app) plan() *cobra.Command {
	var output string
	command := &cobra.Command{
		Use:   "plan",
		Short: "Show what a reload would change",
		Long: "Compare the configuration files with what the running daemon has in force, and show\n" +
			"what a reload would change and what of it interrupts service. Nothing is changed.\n" +
			"Without --config and $HALD_CONFIG the files are those of the daemon.\n" +
			"Exit codes: 0 nothing, 3 changes, 1 invalid or no daemon.",
		Args: noWords,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := oneOf("--output", output, "text", "json"); err != nil {
				return err
			}
			answer, err := admin.Client{Socket: a.adminSocket()}.Config(command.Context())
			var now director.InForce
			if err == nil {
				err = json.Unmarshal(answer, &now)
			}
			if err != nil {
				return &exit{codeFailed, err}
			}
			if !command.Flags().Changed("config") && os.Getenv("HALD_CONFIG") == "" && now.Path != "" {
				a.config = now.Path
			}
			if a.director == "" {
				a.director = now.Config.Director.Name
			}
			c, err := a.loadValid(config.Load, codeFailed)
			if err != nil {
				return err
			}
			return a.planned(config.Diff(now.Config, c.Sealed(now.Key), now.Masters), output)
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return command
}

// planned prints a plan and says by the exit code whether anything changes.
func (a *app) planned(p config.Plan, output string) error {
	var err error
	if output == "json" {
		encoder := json.NewEncoder(a.out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(p)
	} else {
		_, err = fmt.Fprint(a.out, p)
	}
	switch {
	case err != nil:
		return &exit{codeFailed, err}
	case len(p.Changes) > 0:
		return &exit{code: codeChanges}
	}
	return nil
}

func (a *app) reload() *cobra.Command {
	var order director.ReloadOrder
	command := &cobra.Command{
		Use:   "reload",
		Short: "Have the running daemon load its configuration again",
		Long: "Have the running daemon load its files and change what is different, and nothing\n" +
			"else. What would interrupt service is refused unless it is allowed. When anything is\n" +
			"wrong the old configuration goes on. `hald plan` shows beforehand what would change.\n" +
			"Exit codes: 0 in force, 1 refused or invalid.",
		Args: noWords,
		RunE: func(command *cobra.Command, _ []string) error {
			answer, err := admin.Client{Socket: a.adminSocket()}.Reload(command.Context(), order)
			var o director.Outcome
			if err == nil {
				err = json.Unmarshal(answer, &o)
			}
			if err != nil {
				return &exit{codeFailed, err}
			}
			fmt.Fprint(a.err, o.Diagnostics)
			if o.Plan != nil {
				fmt.Fprint(a.out, *o.Plan)
			}
			if !o.Applied {
				return &exit{codeFailed, fmt.Errorf("the old configuration goes on: %s", o.Refused)}
			}
			return nil
		},
	}
	command.Flags().BoolVar(&order.AllowInterruption, "allow-interruption", false, "change what interrupts service too")
	return command
}
