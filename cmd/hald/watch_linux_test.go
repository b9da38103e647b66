package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/event"
)

// terminalPair is a pseudo-terminal: what a person sees and types, and what a program has.
func terminalPair(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(person.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err == nil {
		program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return person, program
}

// ^C ends the watching with a terminal that is as before, and exit code 0.
func TestWatchEndsCleanly(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "hald.sock")
	listener, err := admin.Listen(socket, "", 0o660)
	if err != nil {
		t.Fatal(err)
	}
	server := admin.Server{Socket: listener, Status: func(context.Context) (any, error) { return exampleDocument(), nil },
		Events: func(uint64) ([]event.Event, <-chan struct{}) { return nil, nil }}
	ctx, cancel := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Run(ctx) })
	defer serving.Wait()
	defer cancel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	person, program := terminalPair(t)
	defer person.Close()
	c := exec.Command(path, "status", "--watch", "--socket", socket)
	c.Stdin, c.Stdout, c.Stderr = program, program, program
	c.Env = append(os.Environ(), "TERM=xterm", "NO_COLOR=")
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	kill := time.AfterFunc(30*time.Second, func() { _ = c.Process.Kill() })
	defer kill.Stop()
	var seen bytes.Buffer
	typed := false
	for buffer := make([]byte, 65536); ; {
		n, err := person.Read(buffer)
		seen.Write(buffer[:n])
		if err != nil { // the program has closed its end
			break
		}
		if !typed && bytes.Count(seen.Bytes(), []byte(toTheTop)) >= 2 {
			typed = true
			person.WriteString("\x03")
		}
	}
	if err := c.Wait(); err != nil {
		t.Errorf("after ^C: %v", err)
	}
	text := seen.String()
	if !strings.HasPrefix(text, takeScreen+toTheTop+"cluster shop, director lb1") || !strings.HasSuffix(strings.TrimSuffix(text, "^C"), giveBack) {
		t.Errorf("the terminal was told %q", text)
	}
	if !strings.Contains(text, "\x1b[32mmaster\x1b[0m") || !strings.Contains(text, "web2") {
		t.Errorf("no colours or not all of it: %q", text)
	}
}
