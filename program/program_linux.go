// Package program runs programs of others: without a shell, with the rights of a user,
// in a process group that ends as a whole, and hears a bounded part of what they say.
package program

import (
	"context"
	"fmt"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// pipeGrace is how long what a program left running may keep its output open
// after the program itself has ended.
const pipeGrace = 100 * time.Millisecond

// Environment is what every program finds in its environment. It is not to be written.
var Environment = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"}

// Command prepares a program, given by its absolute path and its arguments, to run in /
// with the rights of a user, groups included; of our own if as is empty. Its process
// group is killed as a whole when ctx ends. The error names a user who is not known.
func Command(ctx context.Context, words []string, as string) (*exec.Cmd, error) {
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Dir, c.Env = "/", Environment
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if as != "" {
		who, err := credential(as)
		if err != nil {
			return nil, fmt.Errorf("user %q: %w", as, err)
		}
		c.SysProcAttr.Credential = who
	}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = pipeGrace
	return c, nil
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

// Output keeps the beginning of what is written to it, Limit bytes at most.
type Output struct {
	Limit int
	kept  []byte
}

// Write takes everything and keeps what there is room for; it never fails.
func (o *Output) Write(p []byte) (int, error) {
	o.kept = append(o.kept, p[:min(len(p), o.Limit-len(o.kept))]...)
	return len(p), nil
}

// String is what was kept, as it was written.
func (o *Output) String() string { return string(o.kept) }

// Line is text of others as part of a line: without breaks and control characters.
func Line(text string) string {
	line := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(line), " ")
}
