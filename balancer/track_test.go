package balancer

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
)

// said is what the trackers say, in the order of the configuration.
func (b *bench) said() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, v := range b.tracks {
		text := fmt.Sprintf("%s/%s %s", v.Instance, v.Name, v.State)
		if v.Error != "" {
			text += " (" + v.Error + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func (b *bench) says(want string) {
	b.t.Helper()
	if got := b.said(); got != want {
		b.t.Errorf("the trackers say %q, want %q", got, want)
	}
}

func trackerOf(instance, name string) Tracker {
	check := checkOf(name)
	return Tracker{Instance: instance, Kind: "tcp", Name: name, Check: &check}
}

// A director that only tracks never asks for the kernel's table.
func TestTrackersNeedNoKernel(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.listen()
		asked := false
		b.table.Fail(ipvstest.Faults{Wait: func(string) { asked = true }})
		b.set(errRefused, "b")
		b.command(Config{Trackers: []Tracker{trackerOf("x", "a"), trackerOf("x", "b"), trackerOf("y", "a")}})
		b.says("x/a unknown, x/b unknown, y/a unknown")
		b.pass(1500 * time.Millisecond)
		b.says("x/a up, x/b down (" + errRefused.Error() + "), y/a up")
		b.pass(18 * time.Second)
		if n := b.count("a"); n != 10 {
			t.Errorf("%d probes for two trackers in 20 s at one each 2 s", n)
		}
		if asked {
			t.Error("the kernel's table was read")
		}
	})
}

// Rise and fall count as for a real server, and the reason is there before the
// verdict.
func TestTrackersRiseAndFall(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.listen()
		b.command(Config{Trackers: []Tracker{trackerOf("x", "a")}})
		b.pass(1500 * time.Millisecond)
		b.mu.Lock()
		since := b.tracks[0].Since
		b.mu.Unlock()
		b.set(errRefused, "a")
		b.pass(4 * time.Second)
		b.says("x/a up (" + errRefused.Error() + ")")
		b.mu.Lock()
		if !b.tracks[0].Since.Equal(since) {
			t.Error("a failure that decides nothing moved since")
		}
		b.mu.Unlock()
		b.pass(2 * time.Second)
		b.says("x/a down (" + errRefused.Error() + ")")
		b.set(nil, "a")
		b.pass(2 * time.Second)
		b.says("x/a down")
		b.pass(2 * time.Second)
		b.says("x/a up")
	})
}

// A tracker and a real server share a probe, and the quorum is a verdict.
func TestTrackersOfServices(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.listen()
		s := web()
		s.Quorum = 2
		b.command(Config{Services: []Service{s}, Trackers: []Tracker{trackerOf("x", "a"), {Instance: "x", Kind: "virtual_server", Name: "web"}}})
		b.says("x/a unknown, x/web unknown")
		b.pass(1500 * time.Millisecond)
		b.says("x/a up, x/web up")
		b.set(errRefused, "a")
		b.pass(6 * time.Second)
		b.says("x/a down (" + errRefused.Error() + "), x/web down (below its quorum)")
		if n := b.count("a"); n > 4 {
			t.Errorf("%d probes in 7.5 s at one each 2 s", n)
		}
		b.set(nil, "a")
		b.pass(4 * time.Second)
		b.says("x/a up, x/web up")
	})
}

// A number is told when it changes, and stays while the file has none.
func TestTrackersOfFiles(t *testing.T) {
	w := &watch{}
	for _, tt := range []struct {
		result healthcheck.Result
		value  int
		news   bool
	}{
		{healthcheck.Result{Reading: numbered(-20), Verdict: healthcheck.Up, Changed: true}, -20, true},
		{healthcheck.Result{Reading: numbered(-20), Verdict: healthcheck.Up}, -20, false},
		{healthcheck.Result{Err: errRefused, Verdict: healthcheck.Down, Changed: true}, -20, true},
		{healthcheck.Result{Reading: numbered(5), Verdict: healthcheck.Up, Changed: true}, 5, true},
		{healthcheck.Result{Reading: numbered(6), Verdict: healthcheck.Up}, 6, true},
	} {
		verdict, detail := outcome{w, tt.result}.take()
		if w.read.Value != tt.value || (verdict || detail) != tt.news {
			t.Errorf("%+v: value %d, news %v", tt.result, w.read.Value, verdict || detail)
		}
	}
}

// The command of a check is told which server it is for.
func TestNewCheckerForExec(t *testing.T) {
	c := Check{Kind: "exec", Target: netip.MustParseAddrPort("[2001:db8::21]:2525"), Command: []string{"/bin/sh", "-c", "echo $HALD_ADDRESS $HALD_PORT; exit 1"}}
	checker, err := newChecker(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := checker.Check(t.Context()); err == nil || err.Error() != "exit status 1: 2001:db8::21 2525" {
		t.Errorf("got %v", err)
	}
	if got := c.describe(); got != "check exec of [2001:db8::21]:2525" {
		t.Errorf("described as %q", got)
	}
}

func TestNewCheckerForTrackers(t *testing.T) {
	folder := t.TempDir()
	number := filepath.Join(folder, "number")
	if err := os.WriteFile(number, []byte("-254"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		check Check
		want  string
	}{
		{Check{Kind: "script", Command: []string{"/bin/sh", "-c", "echo no; exit 4"}}, "exit status 4: no"},
		{Check{Kind: "process", Process: "no-such-process-here"}, "no such process"},
		{Check{Kind: "file", File: number}, "-254 is not -253 to 253"},
	} {
		checker, err := newChecker(tt.check)
		if err != nil {
			t.Fatal(err)
		}
		if err := checker.Check(t.Context()); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.check.Kind, err, tt.want)
		}
	}
}
