package healthcheck

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// startAs runs a copy of cat under a name of its own until the test or stop ends it.
func startAs(t *testing.T, name string) (stop func()) {
	t.Helper()
	program, err := os.ReadFile("/bin/cat")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, program, 0o700); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(path)
	in, _ := command.StdinPipe()
	out, _ := command.StdoutPipe()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(in, "ready")
	if _, err := io.ReadFull(out, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	ended := false
	stop = func() {
		if !ended {
			command.Process.Kill()
			command.Wait()
		}
		ended = true
	}
	t.Cleanup(stop)
	return stop
}

func TestProcess(t *testing.T) {
	short, long := fmt.Sprintf("p%d", os.Getpid()), fmt.Sprintf("longer-than-fifteen-%d", os.Getpid())
	for _, name := range []string{short, long} {
		c := &Process{Name: name}
		if err := c.Check(t.Context()); err == nil || isLocal(err) {
			t.Errorf("%s before it runs: %v", name, err)
		}
		stopFirst := startAs(t, name)
		if err := c.Check(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		stopSecond := startAs(t, name)
		stopFirst()
		if err := c.Check(t.Context()); err != nil {
			t.Errorf("%s, the second of two: %v", name, err)
		}
		stopSecond()
		if err := c.Check(t.Context()); err == nil {
			t.Errorf("%s passes after its end", name)
		}
	}
	if c := (&Process{Name: long[:15]}); c.Check(t.Context()) == nil {
		t.Error("no process has this name")
	}
}

// TestProcessDeathIsKnownAtOnce: with a beat of an hour.
func TestProcessDeathIsKnownAtOnce(t *testing.T) {
	name := fmt.Sprintf("d%d", os.Getpid())
	stop := startAs(t, name)
	m := Monitor{Checker: &Process{Name: name}, Interval: time.Hour, Timeout: time.Second, Rise: 1, Fall: 1}
	results := make(chan Result, 8)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Run(ctx, func(r Result) { results <- r })
	}()
	if r := <-results; r.Verdict != Up {
		t.Fatalf("first result %+v", r)
	}
	stop()
	select {
	case r := <-results:
		if r.Verdict != Down || !r.Changed {
			t.Errorf("after its end: %+v", r)
		}
	case <-ctx.Done():
		t.Error("its end went unnoticed")
	}
	cancel()
	<-done
}

func TestReadStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		text   string
		comm   string
		counts bool
	}{
		"own":                {"Name:\tnginx\nState:\tS (sleeping)\nNSpid:\t42\n", "nginx", true},
		"in a container":     {"Name:\tnginx\nState:\tS (sleeping)\nNSpid:\t42\t1\n", "nginx", false},
		"zombie":             {"Name:\tnginx\nState:\tZ (zombie)\nNSpid:\t42\n", "nginx", false},
		"old kernel":         {"Name:\tnginx\nState:\tR (running)\n", "nginx", true},
		"colon and spaces":   {"Name:\ta: b (c)\nState:\tR (running)\n", "a: b (c)", true},
		"gone while reading": {"", "", false},
	} {
		if comm, counts := readStatus(tt.text); comm != tt.comm || counts != tt.counts {
			t.Errorf("%s: %q, %v", name, comm, counts)
		}
	}
}
