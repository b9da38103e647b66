package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/simulate"
)

const simulateHelp = `Run all directors of the configuration in virtual time and print the elections: who
becomes master when and why, and for how long an address has no owner or two. It
touches nothing but the files it reads.

SCENARIO is a file, - for standard input, or one of these, which strike the director
of the highest priority and bring it back:
  kill      every process of hald dies; the kernel holds the addresses for its lease
  crash     the machine is gone
  stop      hald stops in good order
  pause     the processes stand still for seven intervals
  cut       its link to every other director is cut
  handover  hald handover, and later hald takeback

A file has one line for each thing that happens; all directors start at 0s:
  at 5s kill lb1              at 20s pause lb1 7s
  at 5s crash lb1             at 20s cut lb1 lb2
  at 9s start lb1             at 20s cut lb1->lb2         (one way)
  at 5s stop lb1              at 20s loss lb1->lb2 30%    (0% ends it)
  at 5s fault lb1             at 20s handover lb1 for 10m
  at 9s repair lb1            at 30s takeback lb1
  at 40s heal                 # ends cuts, loss, faults and pauses, starts who is dead
  end 60s                     # else when all has come to rest

--seed chooses which packets are lost and how long each one takes.
Exit codes: 0 done, 1 configuration or scenario invalid, 2 usage.`

func (a *app) simulate() *cobra.Command {
	var output string
	var seed uint64
	command := &cobra.Command{
		Use:   "simulate SCENARIO",
		Short: "Play what would happen when something fails, in virtual time",
		Long:  simulateHelp,
		Example: "  hald simulate -c cluster.hcl kill\n" +
			"  echo 'at 10s loss lb1->lb2 100%' | hald simulate -c cluster.hcl -",
		Args: itsWords,
		RunE: func(command *cobra.Command, args []string) error {
			if err := oneOf("--output", output, "text", "json"); err != nil {
				return err
			}
			views, diags := config.LoadAll(a.config)
			a.explain(diags)
			if diags.HasErrors() {
				return &exit{code: codeFailed}
			}
			scenario, err := scenarioOf(args[0], command.InOrStdin(), views)
			if err != nil {
				return &exit{codeFailed, err}
			}
			result, err := simulate.Run(views, scenario, seed)
			if err == nil {
				err = a.showPlay(output, scenario.Name, seed, result)
			}
			if err != nil {
				return &exit{codeFailed, err}
			}
			return nil
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	command.Flags().Uint64Var(&seed, "seed", 1, "what chance is made of: the same seed gives the same history")
	return command
}

// scenarioOf reads a file, standard input or a built-in scenario.
func scenarioOf(name string, stdin io.Reader, views []*config.Config) (simulate.Scenario, error) {
	var directors []string
	for _, v := range views {
		directors = append(directors, v.Director.Name)
	}
	var text []byte
	var err error
	if name == "-" {
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(name)
	}
	if errors.Is(err, fs.ErrNotExist) && slices.Contains(simulate.Builtins, name) {
		builtin, e := simulate.Builtin(name, views)
		text, err = []byte(builtin), e
	}
	if errors.Is(err, fs.ErrNotExist) {
		return simulate.Scenario{}, fmt.Errorf("there is no file %s, and no scenario of that name; there are %s", name, strings.Join(simulate.Builtins, ", "))
	}
	if err != nil {
		return simulate.Scenario{}, fmt.Errorf("read the scenario: %w", err)
	}
	return simulate.Parse(name, string(text), directors)
}

func (a *app) showPlay(output, name string, seed uint64, r simulate.Result) (err error) {
	if output == "json" {
		encoder := json.NewEncoder(a.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(struct {
			Scenario string `json:"scenario"`
			Seed     uint64 `json:"seed"`
			simulate.Result
		}{name, seed, r})
	}
	_, err = fmt.Fprintf(a.out, "scenario %s, seed %d, %v of virtual time\n\n%s\n%s", name, seed, time.Duration(r.End), a.history(r.History), a.summary(r.Summary))
	return err
}

// history is one line for each step and transition.
func (a *app) history(entries []simulate.Entry) string {
	t := table{colour: a.colour(a.out)}
	t.row(heading("TIME", "DIRECTOR", "ELECTION", "TRANSITION", "WHY")...)
	for _, e := range entries {
		at := plain(fmt.Sprintf("%9.3fs", time.Duration(e.At).Seconds()))
		if e.Step != "" {
			step := e.Step
			if e.Note != "" {
				step += " (nothing to do: " + e.Note + ")"
			}
			t.row(at, cell{"---", yellow}, cell{}, cell{step, yellow}, cell{})
			continue
		}
		to := stateCell(e.To)
		to.text = e.From + " > " + e.To
		why := e.Reason
		if e.Peer != "" {
			why += fmt.Sprintf(" (%s, priority %d)", e.Peer, e.Priority)
		}
		t.row(at, plain(e.Director), plain(e.Election), to, plain(why))
	}
	return t.String()
}

// summary is one line for each election.
func (a *app) summary(elections []simulate.Summary) string {
	t := table{colour: a.colour(a.out)}
	t.row(heading("ELECTION", "TRANSITIONS", "WITHOUT OWNER", "LONGEST", "BOUND", "TWO OWNERS", "LONGEST", "OWNER NOW")...)
	for _, s := range elections {
		longest := plain(shortly(s.LongestNone))
		if s.LongestNone > s.Bound {
			longest.paint = red
		}
		t.row(plain(s.Election), number(s.Transitions), plain(shortly(s.None)), longest, plain(shortly(s.Bound)),
			plain(shortly(s.Two)), plain(shortly(s.LongestTwo)), plain(orDash(strings.Join(s.Owners, " "))))
	}
	return t.String() + "counted from the first owner on; an owner is a director whose kernel answers, its processes alive or not;\n" +
		"the bound is what one failure may cost: the longest Active_Down_Interval\n"
}

func shortly(s simulate.Seconds) string { return time.Duration(s).Round(time.Millisecond).String() }
