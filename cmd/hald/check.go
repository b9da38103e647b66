package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/config"
)

func (a *app) check() *cobra.Command {
	var output string
	var all bool
	command := &cobra.Command{
		Use:   "check",
		Short: "Validate the configuration",
		Long: "Validate the configuration for this director, or for all of them.\n" +
			"Exit codes: 0 valid, 1 invalid, 2 usage.",
		Args: noWords,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := oneOf("--output", output, "text", "json"); err != nil {
				return err
			}
			if all && command.Flags().Changed("director") {
				return errors.New("--all and --director exclude each other")
			}
			views, diags := a.load(all)
			if output == "json" {
				return a.checkedJSON(diags)
			}
			return a.checkedText(views, diags)
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	command.Flags().BoolVar(&all, "all", false, "validate for every director of the cluster")
	return command
}

// load reads the configuration for one director or for all.
func (a *app) load(all bool) ([]*config.Config, config.Diagnostics) {
	if all {
		return config.LoadAll(a.config)
	}
	c, diags := config.Load(a.config, a.director)
	return []*config.Config{c}, diags
}

func (a *app) checkedJSON(diags config.Diagnostics) error {
	encoder := json.NewEncoder(a.out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(diags.Messages()); err != nil {
		return &exit{codeFailed, fmt.Errorf("write the result: %w", err)}
	}
	if diags.HasErrors() {
		return &exit{code: codeFailed}
	}
	return nil
}

func (a *app) checkedText(views []*config.Config, diags config.Diagnostics) error {
	a.explain(diags)
	if diags.HasErrors() {
		return &exit{code: codeFailed}
	}
	for _, c := range views {
		fmt.Fprintf(a.out, "%s: valid for %s (%s, %s)\n", a.config, c.Director.Name,
			plural(len(c.Instances), "instance"), plural(len(c.Services), "service"))
	}
	return nil
}

// explain writes diagnostics for people.
func (a *app) explain(diags config.Diagnostics) {
	diags.WriteText(a.err, width(a.err), a.colour(a.err))
}

// loadValid reads the configuration for this director. If it is invalid it
// says why and returns an exit with the given code.
func (a *app) loadValid(load func(path, director string) (*config.Config, config.Diagnostics), code int) (*config.Config, error) {
	c, diags := load(a.config, a.director)
	a.explain(diags)
	if diags.HasErrors() {
		return nil, &exit{code: code}
	}
	return c, nil
}

// plural is a count with its noun: "1 instance", "2 instances".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
