package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/event"
)

// TestEvents: what is kept is shown, then what happens; also what another life of the
// daemon says.
func TestEvents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hald.sock")
	begin := func(first string) (ring *event.Ring, end func()) {
		socket, err := admin.Listen(path, "", 0o600)
		if err != nil {
			t.Fatal(err)
		}
		ring = event.NewRing(8)
		ring.Add(event.Event{Seq: 1, Time: time.Now().Add(-2 * time.Hour), Name: "daemon.started", Reason: first})
		ring.Add(event.Event{Seq: 2, Time: time.Now(), Name: "config.loaded", Reason: first})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- (&admin.Server{Socket: socket, Events: ring.After}).Run(ctx) }()
		return ring, func() { cancel(); <-done }
	}
	ring, end := begin("a")
	var out, errOut bytes.Buffer
	run := func(ctx context.Context, args ...string) int {
		out.Reset()
		return execute(ctx, append([]string{"events", "--socket", path, "--no-color"}, args...), &out, &errOut)
	}
	if code := run(t.Context()); code != 0 || strings.Count(out.String(), "\n") != 2 || !strings.Contains(out.String(), "info  daemon started") {
		t.Errorf("exit %d: %s%s", code, out.String(), errOut.String())
	}
	if code := run(t.Context(), "--since", "1h", "-o", "json"); code != 0 || strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), `"event":"config.loaded"`) {
		t.Errorf("exit %d: %s%s", code, out.String(), errOut.String())
	}

	ctx, cancel := context.WithCancel(t.Context())
	lines := make(chan string, 8)
	followed := make(chan int)
	go func() {
		followed <- execute(ctx, []string{"events", "--socket", path, "--no-color", "--follow"}, writer(lines), &errOut)
	}()
	expect := func(text string) {
		t.Helper()
		if line := <-lines; !strings.Contains(line, text) {
			t.Errorf("said %q, want %q", line, text)
		}
	}
	expect("daemon started")
	expect("configuration loaded")
	ring.Add(event.Event{Seq: 3, Time: time.Now(), Name: "config.applied"})
	expect("configuration applied")
	end()
	_, end = begin("b")
	expect(`"reason": "b"`)
	expect(`"reason": "b"`)
	cancel()
	if code := <-followed; code != 0 {
		t.Errorf("exit %d", code)
	}
	end()
	if code := run(t.Context()); code != codeFailed || !strings.Contains(errOut.String(), "no daemon answers") {
		t.Errorf("without a daemon: exit %d, %s", code, errOut.String())
	}
}

// writer passes on what is written.
type writer chan string

func (w writer) Write(b []byte) (int, error) { w <- string(b); return len(b), nil }
