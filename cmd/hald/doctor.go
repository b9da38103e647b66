package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/director"
	"github.com/hald-project/hald/doctor"
)

func (a *app) doctor() *cobra.Command {
	var output string
	var length time.Duration
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Say whether this machine is ready, and how to make it so",
		Long: "Look at the kernel, its settings, the interfaces, the other directors, the real\n" +
			"servers and whoever else is on the links, and name for every problem the command\n" +
			"that cures it. It changes nothing and may run beside the daemon; on the links it\n" +
			"sends nothing but questions who has the addresses. Needs CAP_NET_ADMIN and\n" +
			"CAP_NET_RAW.\n" +
			"Exit codes: 0 ready, 1 not.",
		Args: noWords,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := oneOf("--output", output, "table", "json"); err != nil {
				return err
			}
			if length < 0 {
				return fmt.Errorf("--for %v is no length of time", length)
			}
			return a.diagnose(command.Context(), length, output)
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	command.Flags().DurationVar(&length, "for", 0, "how long to listen (default two advertisement intervals, 2 to 10 s)")
	return command
}

func (a *app) diagnose(ctx context.Context, length time.Duration, output string) error {
	// What this machine lacks of what the configuration names is a finding among others.
	c, err := a.loadValid(config.LoadElsewhere, codeFailed)
	if err != nil {
		return err
	}
	if length == 0 {
		length = listenFor(c)
	}
	findings := doctor.Diagnose(c, doctor.Gather(ctx, c, a.daemon(ctx), length))
	_, diags := config.Load(a.config, c.Director.Name)
	findings = append(doctor.Local(diags), findings...)
	if output == "json" {
		encoder := json.NewEncoder(a.out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(map[string]any{"ready": doctor.Ready(findings), "findings": findings}); err != nil {
			return &exit{codeFailed, fmt.Errorf("write the findings: %w", err)}
		}
	} else {
		fmt.Fprint(a.out, findingTable(findings, a.colour(a.out)))
	}
	if !doctor.Ready(findings) {
		return &exit{code: codeFailed}
	}
	return nil
}

// listenFor is long enough to hear every master, but of very slow ones.
func listenFor(c *config.Config) time.Duration {
	length := 2 * time.Second
	for _, in := range c.Instances {
		length = max(length, 2*in.Interval+100*time.Millisecond)
	}
	return min(length, 10*time.Second)
}

// daemon is what the one that runs here says of itself.
func (a *app) daemon(ctx context.Context) doctor.Daemon {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	answer, err := admin.Client{Socket: a.adminSocket()}.Status(ctx)
	var d director.Document
	if err != nil || json.Unmarshal(answer, &d) != nil {
		return doctor.Daemon{}
	}
	running := doctor.Daemon{Running: true, Masters: map[string]bool{}}
	for _, in := range d.VRRPInstances {
		running.Masters[in.Name] = in.State == "master" && !d.DryRun
	}
	return running
}

// findingTable has a line for each finding, and below it what cures it.
func findingTable(findings []doctor.Finding, colour bool) string {
	t := table{colour: colour}
	for _, f := range findings {
		t.row(cell{string(f.Level), map[doctor.Level]string{doctor.OK: green, doctor.Warn: yellow, doctor.Fail: red}[f.Level]}, plain(f.Check), plain(f.Subject), plain(f.Text))
	}
	var text strings.Builder
	problems := 0
	for i, line := range strings.SplitAfter(t.String(), "\n") {
		text.WriteString(line)
		if i < len(findings) && findings[i].Cure != "" {
			text.WriteString("      cure: " + printable(findings[i].Cure) + "\n")
		}
		if i < len(findings) && findings[i].Level == doctor.Fail {
			problems++
		}
	}
	if problems > 0 {
		fmt.Fprintf(&text, "Not ready: %s.\n", plural(problems, "problem"))
	} else {
		text.WriteString("Ready.\n")
	}
	return text.String()
}
