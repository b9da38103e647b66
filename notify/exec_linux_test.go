package notify

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/event"
)

var moved = event.Event{Seq: 3, Time: noon, Name: "vrrp.transition", Cluster: "shop", Director: "lb1", Instance: "front", VRID: 51,
	From: "backup", To: "master", Reason: "master_silent", DurationMS: 3609.5}

// shell runs a script for the tests, told of an event.
func shell(ctx context.Context, script, user string, e event.Event) error {
	c := command{Exec: Exec{Command: []string{"/bin/sh", "-c", script}, User: user}, notifier: "script"}
	return c.send(ctx, []event.Event{e})
}

// The event is on standard input and in the environment, whole, and nothing else is.
func TestCommandIsTold(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	if err := shell(t.Context(), "cat > "+out+"; pwd >> "+out+"; env >> "+out, "", moved); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var e event.Event
	if err := json.Unmarshal([]byte(lines[0]), &e); err != nil || e != moved {
		t.Errorf("standard input %s: %v", lines[0], err)
	}
	env := slices.DeleteFunc(lines[2:], func(l string) bool {
		return strings.HasPrefix(l, "PWD=") || strings.HasPrefix(l, "_=") || strings.HasPrefix(l, "SHLVL=")
	})
	slices.Sort(env)
	want := []string{
		"HALD_CLUSTER=shop", "HALD_DIRECTOR=lb1", "HALD_DURATION_MS=3609.5", "HALD_EVENT=vrrp.transition", "HALD_FROM=backup", "HALD_INSTANCE=front",
		"HALD_NOTIFIER=script", "HALD_REASON=master_silent", "HALD_SEQ=3", "HALD_STAGE=after", "HALD_TIME=2026-11-28T12:00:00Z", "HALD_TO=master", "HALD_VRID=51", "LANG=C",
	}
	got := slices.DeleteFunc(slices.Clone(env), func(l string) bool { return strings.HasPrefix(l, "PATH=") })
	if lines[1] != "/" || !slices.Equal(got, want) || len(env) != len(want)+1 {
		t.Errorf("in %s with\n%s", lines[1], strings.Join(env, "\n"))
	}
}

func TestCommandThatFails(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"exit 3":                              "exit status 3",
		"echo no route; echo to >&2; exit 1":  "exit status 1: no route to",
		`printf '\033[31m%2000s' x; exit 1`:   "exit status 1: [31m",
		"kill -9 $$":                          "signal: killed",
		"exec /nowhere":                       "exit status 127",
		"exec true; exit 1":                   "",
		"exec 0<&-; exit 0":                   "",
		"sleep 30 & exit 0":                   "",
		"trap '' TERM; echo waiting; sleep 9": "timeout, killed: waiting",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		err := shell(ctx, script, "", moved)
		cancel()
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", script, err, want)
		}
		if err != nil && len(err.Error()) > maxSaid+100 {
			t.Errorf("%s: %d bytes are told", script, len(err.Error()))
		}
	}
	missing := command{Exec: Exec{Command: []string{"/nowhere"}}}
	if err := missing.send(t.Context(), []event.Event{moved}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a program that is not there: %v", err)
	}
}

// Whatever the command started is killed with it when time is up.
func TestTheWholeGroupIsKilled(t *testing.T) {
	t.Parallel()
	pids := filepath.Join(t.TempDir(), "pids")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := shell(ctx, "sleep 60 & echo $! > "+pids+"; wait", "", moved); err == nil || err.Error() != "timeout, killed" {
		t.Errorf("%v", err)
	}
	pid, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	stat := filepath.Join("/proc", strings.TrimSpace(string(pid)), "cmdline")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if line, _ := os.ReadFile(stat); !strings.Contains(string(line), "sleep") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("what it started goes on")
		}
	}
}

// A command of another user has its rights and groups, and no capability.
func TestCommandOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test must run as root, as the project's others")
	}
	script := `test "$(id -u)" = "$(id -u nobody)" && test "$(id -G)" = "$(id -G nobody)" && grep -q 'CapEff:.0*$' /proc/self/status && grep -q vrrp.transition`
	if err := shell(t.Context(), script, "nobody", moved); err != nil {
		out, _ := exec.Command("id", "nobody").CombinedOutput()
		t.Errorf("%v; %s", err, out)
	}
	if err := shell(t.Context(), "true", "no-such-user", moved); err == nil || !strings.Contains(err.Error(), `user "no-such-user"`) {
		t.Errorf("%v", err)
	}
}
