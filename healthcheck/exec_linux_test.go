package healthcheck

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func shell(script string, args ...string) *Exec {
	return &Exec{Command: append([]string{"/bin/sh", "-c", script, "sh"}, args...)}
}

func TestExec(t *testing.T) {
	for name, tt := range map[string]struct {
		script string
		want   string // nil error: empty
	}{
		"passes":          {"exit 0", ""},
		"passes, talking": {"echo fine; yes | head -c 100000", ""},
		"fails":           {"exit 3", "exit status 3"},
		"says why":        {"echo 'no  workers' >&2; printf 'left\\033[2J'; exit 1", "exit status 1: no workers left [2J"},
		"killed":          {"kill -TERM $$", "signal: terminated"},
		"no input":        {"read x || exit 7", "exit status 7"},
		"environment":     {`[ "$(env | cut -d= -f1 | sort | tr '\n' ' ')" = "LANG PATH PWD " ] || { env; exit 1; }`, ""},
		"folder":          {`[ "$(pwd)" = / ]`, ""},
		"signals as ever": {`[ "$(grep SigIgn /proc/self/status)" = "$(grep SigIgn /proc/$PPID/status)" ]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := shell(tt.script).Check(t.Context()); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A status of 2 to 255 is a weight where it may be one, and a failure elsewhere.
func TestExecWeighs(t *testing.T) {
	for _, tt := range []struct {
		script string
		weighs bool
		weight int
		want   string
	}{
		{"exit 0", true, 0, ""},
		{"echo busy; exit 1", true, 0, "exit status 1: busy"},
		{"exit 2", true, 2, ""},
		{"exit 255", true, 255, ""},
		{"exit 2", false, 0, "exit status 2"},
		{"kill -TERM $$", true, 0, "signal: terminated"},
	} {
		c := shell(tt.script)
		c.Weighs = tt.weighs
		weight, err := c.Measure(t.Context())
		got := ""
		if err != nil {
			got = err.Error()
		}
		if want := (Reading{Value: tt.weight, Found: tt.weight > 0}); weight != want || got != tt.want {
			t.Errorf("%s, weighs %v: weight %+v, error %q; want %d, %q", tt.script, tt.weighs, weight, got, tt.weight, tt.want)
		}
	}
	late, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	if weight, err := (&Exec{Command: []string{"/bin/sh", "-c", "exit 7"}, Weighs: true}).Measure(late); err == nil || weight.Found {
		t.Errorf("after its time: weight %+v, %v", weight, err)
	}
}

// Behind a firewall mark there is no port to tell.
func TestExecTellsTheServer(t *testing.T) {
	for target, want := range map[netip.AddrPort]string{
		netip.MustParseAddrPort("192.0.2.21:25"): "exit status 1: HALD_ADDRESS=192.0.2.21 HALD_PORT=25",
		netip.MustParseAddrPort("192.0.2.21:0"):  "exit status 1: HALD_ADDRESS=192.0.2.21",
		{}:                                       "exit status 1",
	} {
		c := shell("env | grep ^HALD_ | sort; exit 1")
		c.Target = target
		if err := c.Check(t.Context()); err == nil || err.Error() != want {
			t.Errorf("%v: got %v, want %s", target, err, want)
		}
	}
}

// No shell looks at the arguments.
func TestExecPassesArgumentsAsTheyAre(t *testing.T) {
	if err := shell(`[ "$1" = '$(exit 9); *' ]`, "$(exit 9); *").Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestExecBoundsWhatIsSaid(t *testing.T) {
	err := shell("yes lamentations | head -c 3000000; exit 1").Check(t.Context())
	if err == nil || len(err.Error()) > 250 || !strings.HasPrefix(err.Error(), "exit status 1: lamentations lam") {
		t.Errorf("got %d bytes: %v", len(err.Error()), err)
	}
}

// When time is up everything that the command started goes, whatever it does
// against it.
func TestExecKillsTheWholeGroup(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- shell(`trap '' TERM INT; (trap '' TERM; echo $$ >> "$1"; exec sleep 300) & sleep 300 & echo $! >> "$1"; echo waiting; wait`, pids).Check(ctx)
	}()
	var text []byte
	for begin := time.Now(); strings.Count(string(text), "\n") < 2; text, _ = os.ReadFile(pids) {
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("the command did not start: %q", text)
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err == nil || err.Error() != "timeout, killed: waiting" {
		t.Errorf("got %v", err)
	}
	for _, line := range strings.Fields(string(text)) {
		pid, _ := strconv.Atoi(line)
		for begin := time.Now(); running(pid); time.Sleep(time.Millisecond) {
			if time.Since(begin) > 20*time.Second {
				t.Fatalf("process %d of the group is still there", pid)
			}
		}
	}
}

// running tells whether a process is there and no zombie.
func running(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	_, counts := readStatus(string(text))
	return counts
}

// Who leaves a process behind that keeps the output open has passed all the same,
// and the process lives on.
func TestExecLeavesChildrenOfASuccessAlone(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	if err := shell(`sleep 300 & echo $! > "$1"`, pids).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if !running(pid) {
		t.Error("the child was killed")
	}
	syscall.Kill(pid, syscall.SIGKILL)
}

// What cannot be run is the command's fault and counts, but for a machine without
// room.
func TestExecThatCannotStart(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{plain: "permission denied", "/nonexistent/check": "no such file"} {
		err := (&Exec{Command: []string{path}}).Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || isLocal(err) {
			t.Errorf("%s: %v, local %v", path, err, isLocal(err))
		}
	}
	if err := startError(&os.PathError{Op: "fork/exec", Path: "/bin/sh", Err: syscall.EAGAIN}); !isLocal(err) {
		t.Errorf("%v is not ours", err)
	}
}

// The command has another user's rights, groups and no capabilities.
func TestExecUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("changing the user needs root")
	}
	who := `test "$(id -un)" = nobody && test "$(id -G)" = "$(id -G nobody)" && grep -q '^CapEff:\s*0*$' /proc/self/status && grep -q '^CapAmb:\s*0*$' /proc/self/status`
	verify(t, (&Exec{Command: []string{"/bin/sh", "-c", who}, User: "nobody"}).Check(t.Context()), "")
	err := (&Exec{Command: []string{"/bin/true"}, User: "nobody-at-all"}).Check(t.Context())
	if err == nil || !isLocal(err) {
		t.Errorf("got %v, want an error of this machine", err)
	}
}
