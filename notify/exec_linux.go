package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/program"
)

// Exec is a command that is told of one event at a time.
type Exec struct {
	Command []string // the absolute path of the program, then its arguments
	User    string   // whose rights it has, groups included; empty: our own
}

// command is it at work. No shell is involved. It runs in / and in a process group of
// its own, which is killed as a whole when time is up; the event is on its standard
// input, in JSON, and in its environment.
type command struct {
	Exec
	notifier string
	before   bool
}

// maxSaid is how much of a command's output is told, in bytes.
const maxSaid = 1024

func (c *command) send(ctx context.Context, events []event.Event) error {
	for _, e := range events {
		if err := c.run(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// run runs the command once. The error of one that failed ends with what it wrote.
func (c *command) run(ctx context.Context, e event.Event) error {
	text, err := json.Marshal(e)
	if err != nil {
		return hopeless(err)
	}
	said := &program.Output{Limit: maxSaid}
	environment, err := c.environment(text)
	if err != nil {
		return hopeless(err)
	}
	run, err := program.Command(ctx, c.Command, c.User)
	if err != nil {
		return err
	}
	run.Env, run.Stdin, run.Stdout, run.Stderr = environment, bytes.NewReader(append(text, '\n')), said, said
	if err := run.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	err = run.Wait()
	var ended *exec.ExitError
	switch {
	case err == nil, run.ProcessState != nil && run.ProcessState.Success(): // it may have left something running
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return after("timeout, killed", said)
	case ctx.Err() != nil:
		return after("killed, because hald ends", said)
	case errors.As(err, &ended) && ended.Exited():
		return after(fmt.Sprintf("exit status %d", ended.ExitCode()), said)
	}
	return after(err.Error(), said)
}

// environment is all that the command finds in its environment: every field of the
// event that is not empty, under its JSON name.
func (c *command) environment(text []byte) ([]string, error) {
	stage := "after"
	if c.before {
		stage = "before"
	}
	env := append(slices.Clone(program.Environment), "HALD_NOTIFIER="+c.notifier, "HALD_STAGE="+stage)
	from := json.NewDecoder(bytes.NewReader(text))
	from.UseNumber()
	var fields map[string]any
	if err := from.Decode(&fields); err != nil {
		return nil, err
	}
	for name, v := range fields {
		env = append(env, "HALD_"+strings.ToUpper(name)+"="+strings.ReplaceAll(fmt.Sprint(v), "\x00", " "))
	}
	slices.Sort(env)
	return env, nil
}

// after is an error with the output behind it.
func after(what string, said *program.Output) error {
	if line := inLine(said.String()); line != "" {
		what += ": " + line
	}
	return errors.New(what)
}

// inLine is text of others, in whatever encoding, as part of a line.
func inLine(text string) string { return program.Line(strings.ToValidUTF8(text, "?")) }
