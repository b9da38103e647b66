package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/hald-project/hald/event"
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

const (
	// pipeGrace is how long what a command left running may keep its output open
	// after the command itself has ended.
	pipeGrace = 100 * time.Millisecond
	// maxSaid is how much of a command's output is told, in bytes.
	maxSaid = 1024
)

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
	said := new(beginning)
	run := exec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	run.Dir, run.Stdin, run.Stdout, run.Stderr = "/", bytes.NewReader(append(text, '\n')), said, said
	if run.Env, err = c.environment(text); err != nil {
		return hopeless(err)
	}
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.User != "" {
		if run.SysProcAttr.Credential, err = credential(c.User); err != nil {
			return fmt.Errorf("user %q: %w", c.User, err)
		}
	}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	run.WaitDelay = pipeGrace
	if err := run.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	err = run.Wait()
	var ended *exec.ExitError
	switch {
	case err == nil, run.ProcessState != nil && run.ProcessState.Success(): // it may have left something running
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return said.after("timeout, killed")
	case ctx.Err() != nil:
		return said.after("killed, because hald ends")
	case errors.As(err, &ended) && ended.Exited():
		return said.after(fmt.Sprintf("exit status %d", ended.ExitCode()))
	}
	return said.after(err.Error())
}

// environment is all that the command finds in its environment: every field of the
// event that is not empty, under its JSON name.
func (c *command) environment(text []byte) ([]string, error) {
	stage := "after"
	if c.before {
		stage = "before"
	}
	env := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C",
		"HALD_NOTIFIER=" + c.notifier, "HALD_STAGE=" + stage,
	}
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

// credential is a user with the groups it is in. A user other than root has no
// capabilities, whatever ours are (capabilities(7)).
func credential(name string) (*syscall.Credential, error) {
	who, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	ids, err := who.GroupIds()
	if err != nil {
		return nil, err
	}
	var numbers []uint32
	for _, id := range append([]string{who.Uid, who.Gid}, ids...) {
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, uint32(n))
	}
	return &syscall.Credential{Uid: numbers[0], Gid: numbers[1], Groups: numbers[2:]}, nil
}

// beginning keeps the beginning of what is written to it.
type beginning struct{ kept []byte }

func (b *beginning) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), maxSaid-len(b.kept))]...)
	return len(p), nil
}

// after is an error with the output behind it.
func (b *beginning) after(what string) error {
	if line := inLine(string(b.kept)); line != "" {
		what += ": " + line
	}
	return errors.New(what)
}

// inLine is text of others as part of a line: without breaks and control characters.
func inLine(text string) string {
	line := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return strings.Join(strings.Fields(line), " ")
}
