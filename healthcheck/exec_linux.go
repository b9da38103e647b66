package healthcheck

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// pipeGrace is how long what a command left running may keep its output open
// after the command itself has ended.
const pipeGrace = 100 * time.Millisecond

// leastWeight is the lowest exit status that is a weight.
const leastWeight = 2

// execEnvironment is what every command finds in its environment.
var execEnvironment = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"}

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
	env := slices.Clone(execEnvironment)
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
// it wrote, shortened. The weight is 2 to 255, or 0 when the command said none.
func (c *Exec) Measure(ctx context.Context) (int, error) {
	said := new(beginning)
	command := exec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	command.Dir, command.Env = "/", c.environment()
	command.Stdout, command.Stderr = said, said
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if c.User != "" {
		who, err := credential(c.User)
		if err != nil {
			return 0, ownFault{fmt.Errorf("user %q: %w", c.User, err)}
		}
		command.SysProcAttr.Credential = who
	}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = pipeGrace
	if err := command.Start(); err != nil {
		return 0, startError(err)
	}
	err := command.Wait()
	var ended *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay) && command.ProcessState.Success():
		return 0, nil
	case ctx.Err() != nil:
		return 0, said.after("timeout, killed")
	case errors.As(err, &ended) && ended.Exited():
		if code := ended.ExitCode(); !c.Weighs || code < leastWeight {
			return 0, said.after(fmt.Sprintf("exit status %d", code))
		}
		return ended.ExitCode(), nil
	case errors.As(err, &ended):
		return 0, said.after(ended.Error())
	}
	return 0, said.after(clip(err.Error()))
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

// startError tells a command that cannot be run, which is its own fault, from a
// machine that has no room for another process.
func startError(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) && number != syscall.EACCES && number != syscall.EPERM {
		return fmt.Errorf("start: %w", number)
	}
	return fmt.Errorf("start: %s", clip(err.Error()))
}

// beginning keeps the beginning of what is written to it.
type beginning struct{ kept []byte }

// maxSaid is how much of a command's output is kept, in bytes.
const maxSaid = 512

func (b *beginning) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), maxSaid-len(b.kept))]...)
	return len(p), nil
}

// after is an error with the output behind it, in one line.
func (b *beginning) after(what string) error {
	line := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, string(b.kept))
	if line = strings.Join(strings.Fields(line), " "); line == "" {
		return errors.New(what)
	}
	return errors.New(what + ": " + clip(line))
}
