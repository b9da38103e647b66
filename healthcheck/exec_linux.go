package healthcheck

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"syscall"

	"github.com/hald-project/hald/program"
)

// leastWeight is the lowest exit status that is a weight.
const leastWeight = 2

// Exec is healthy when a command exits with status 0, or says a weight. No shell is
// involved. The command runs in / with standard input from /dev/null and in a process
// group of its own, which is killed as a whole when time is up.
type Exec struct {
	Command []string       // the absolute path of the program, then its arguments
	User    string         // whose rights the command has, groups included; empty: our own
	Target  netip.AddrPort // the server that is meant, if any: HALD_ADDRESS and HALD_PORT
	Weighs  bool           // an exit status of 2 to 255 is healthy, and a weight
}

// environment is all that the command finds in its environment. What is not
// known, a port behind a firewall mark, is not there.
func (c *Exec) environment() []string {
	env := slices.Clone(program.Environment)
	if c.Target.Addr().IsValid() {
		env = append(env, "HALD_ADDRESS="+c.Target.Addr().String())
	}
	if c.Target.Port() != 0 {
		env = append(env, "HALD_PORT="+strconv.Itoa(int(c.Target.Port())))
	}
	return env
}

// Check runs the command once and forgets the weight.
func (c *Exec) Check(ctx context.Context) error {
	_, err := c.Measure(ctx)
	return err
}

// Measure runs the command once. The error of a command that failed ends with what
// it wrote, shortened. The weight is 2 to 255, if the command said one.
func (c *Exec) Measure(ctx context.Context) (Reading, error) {
	said := &program.Output{Limit: maxSaid}
	command, err := program.Command(ctx, c.Command, c.User)
	if err != nil {
		return Reading{}, ownFault{err}
	}
	command.Env, command.Stdout, command.Stderr = c.environment(), said, said
	command.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := command.Start(); err != nil {
		return Reading{}, startError(err)
	}
	err = command.Wait()
	var ended *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay) && command.ProcessState.Success():
		return Reading{}, nil
	case ctx.Err() != nil:
		return Reading{}, after("timeout, killed", said)
	case errors.As(err, &ended) && ended.Exited():
		if code := ended.ExitCode(); !c.Weighs || code < leastWeight {
			return Reading{}, after(fmt.Sprintf("exit status %d", code), said)
		}
		return found(ended.ExitCode()), nil
	case errors.As(err, &ended):
		return Reading{}, after(ended.Error(), said)
	}
	return Reading{}, after(clip(err.Error()), said)
}

// startError tells a command that cannot be run, which is its own fault, from a
// machine that has no room for another process.
func startError(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) && number != syscall.EACCES && number != syscall.EPERM {
		return fmt.Errorf("start: %w", number)
	}
	return fmt.Errorf("start: %s", clip(err.Error()))
}

// maxSaid is how much of a command's output is kept, in bytes.
const maxSaid = 512

// after is an error with the output behind it, in one line.
func after(what string, said *program.Output) error {
	line := program.Line(said.String())
	if line == "" {
		return errors.New(what)
	}
	return errors.New(what + ": " + clip(line))
}
