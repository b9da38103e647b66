package director

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

// The test binary is its own worker: Process runs /proc/self/exe.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "worker" {
		playWorker(os.Args[2])
	}
	// Under the race detector every process sleeps a second before it exits,
	// in which a worker would be taken for one that is slow to leave.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	os.Exit(m.Run())
}

// playWorker does what its role says, in a process of its own.
func playWorker(role string) {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	link, err := Inherited()
	if err != nil {
		panic(err)
	}
	var command json.RawMessage
	in := json.NewDecoder(link)
	in.Decode(&command)
	switch role {
	case "panics":
		panic("boom")
	case "refuses":
		fmt.Fprintln(os.Stderr, "no raw socket for me")
		os.Exit(1)
	default:
		json.NewEncoder(link).Encode(election.Report{Event: &event.Event{Name: "vrrp.transition", Count: os.Getpid()}})
		for in.Decode(&command) == nil { // until the director goes
			json.NewEncoder(link).Encode(upReport)
		}
	}
	os.Exit(0)
}

func TestAProcessSaysWhyItDied(t *testing.T) {
	for role, want := range map[string]string{
		"panics":  "exit status 2: panic: boom",
		"refuses": "exit status 1: no raw socket for me",
	} {
		t.Run(role, func(t *testing.T) {
			link, wait, err := Process(t.TempDir(), role)(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer link.Close()
			fmt.Fprintln(link, "{}")
			if err := wait(); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
}

func TestAProcessLeavesWhenItsLinkCloses(t *testing.T) {
	link, wait, err := Process(t.TempDir(), RoleElection)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(link, "{}")
	link.CloseWrite()
	if err := wait(); err != nil {
		t.Errorf("leaving in good order: %v", err)
	}
	link.Close()
}

// Two processes of one role never live side by side, even if the second
// director does not know of the first.
func TestOneProcessARole(t *testing.T) {
	folder := t.TempDir()
	life, kill := context.WithCancel(t.Context())
	defer kill()
	link, wait, err := Process(folder, RoleElection)(life)
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close() // as long as it is open the process stays

	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := Process(folder, RoleElection)(impatient); err == nil || !strings.Contains(err.Error(), "previous election process") {
		t.Errorf("start beside a living one: %v", err)
	}
	kill()
	wait()
	link, wait, err = Process(folder, RoleElection)(t.Context())
	if err != nil {
		t.Fatalf("start after the first one's end: %v", err)
	}
	link.Close()
	wait()
}

// TestAHungWorkerIsKilled by who waits for its lock, when it had time to leave.
func TestAHungWorkerIsKilled(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	link, wait, err := Process(folder, RoleBalancer)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	other, otherEnds, err := Process(t.TempDir(), RoleBalancer)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	unlock, err := LockAll(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if time.Since(begin) < patience {
		t.Error("it had no time to leave")
	}
	if err := wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("its end: %v", err)
	}
	other.Close()
	if err := otherEnds(); err != nil {
		t.Errorf("the worker of another directory: %v", err)
	}
}

func TestLock(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run", "hald")
	unlock, err := Lock(folder)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("runtime folder %v, %v; want mode 0755", info, err)
	}
	if _, err := Lock(folder); !errors.Is(err, ErrRunning) || !strings.Contains(err.Error(), folder) {
		t.Errorf("second lock: %v, want ErrRunning that names the folder", err)
	}
	unlock()

	file, err := flock(filepath.Join(folder, RoleElection+".lock"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := LockAll(ctx, folder); err == nil || !strings.Contains(err.Error(), "election") {
		t.Errorf("lock beside a living worker: %v", err)
	}
	file.Close()
	unlock, err = LockAll(t.Context(), folder)
	if err != nil {
		t.Fatalf("a failed LockAll left something locked: %v", err)
	}
	unlock()
}

// A whole director with real processes, socket and lock, a hundred lives in a
// row: whatever the last life left, the next one starts.
func TestAHundredLives(t *testing.T) {
	folder := t.TempDir()
	for range 100 {
		var mu sync.Mutex
		var pids []int
		ready := make(chan struct{})
		d := &Director{
			Config:     testConfig(),
			RuntimeDir: folder,
			Election:   Process(folder, RoleElection),
			Balancer:   Process(folder, RoleBalancer),
			Cleanup:    func(context.Context, election.Config, []string) error { return nil },
			Log: func(e event.Event) {
				mu.Lock()
				defer mu.Unlock()
				if e.Name == "vrrp.transition" {
					if pids = append(pids, e.Count); len(pids) == 2 {
						close(ready)
					}
				}
				if e.Name == "worker.exited" {
					t.Errorf("a worker died: %s", e.Error)
				}
			},
			Notify: func(string) {},
		}
		stop, done := make(chan struct{}), make(chan error, 1)
		go func() { done <- d.Run(context.Background(), stop) }()
		<-ready
		status, err := admin.Client{Socket: filepath.Join(folder, "hald.sock")}.Status(t.Context())
		if err != nil || !strings.Contains(string(status), `"cluster":"shop"`) {
			t.Fatalf("status %s, %v", status, err)
		}
		close(stop)
		if err := <-done; err != nil {
			t.Fatalf("stop: %v", err)
		}
		for _, pid := range pids {
			if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
				t.Errorf("process %d is still there", pid)
			}
		}
	}
	var left []string
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"balancer.lock", "election.lock", "hald.lock"}; !slices.Equal(left, want) {
		t.Errorf("left in the runtime folder: %v, want %v", left, want)
	}
}

func TestASecondDirectorRefuses(t *testing.T) {
	folder := t.TempDir()
	unlock, err := Lock(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	none := func(context.Context) (Link, func() error, error) { panic("started a worker") }
	d := &Director{Config: testConfig(), RuntimeDir: folder, Election: none, Balancer: none}
	if err := d.Run(t.Context(), nil); !errors.Is(err, ErrRunning) {
		t.Errorf("error %v, want ErrRunning", err)
	}
}
