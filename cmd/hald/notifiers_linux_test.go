package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hald-project/hald/notify"
)

// notes is a file that commands told of events write to.
type notes string

// block is a notify block whose command notes a line for each event.
func (n notes) block(name, events, line, more string) string {
	return fmt.Sprintf("notify %q {\n  events = [%s]\n  exec {\n    command = [\"/bin/sh\", \"-c\", \"echo %s >> %s\"]\n%s  }\n}\n", name, events, line, n, more)
}

func (n notes) lines() []string {
	text, _ := os.ReadFile(string(n))
	return slices.Collect(strings.Lines(string(text)))
}

func notesIn(t *testing.T, folder string) notes {
	t.Helper()
	n := notes(filepath.Join(folder, "notes"))
	if err := os.WriteFile(string(n), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{string(n): 0o666, folder: 0o755, filepath.Dir(folder): 0o755} { // for whoever the command is
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestCommandsAreTold: of every transition in order, as another user; a changed
// notifier is applied in place, and the status tells how it goes.
func TestCommandsAreTold(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig)
	n := notesIn(t, t.TempDir())
	script := n.block("script", `"vrrp.transition", "daemon.stopped"`, "$HALD_EVENT $HALD_FROM $HALD_TO $(id -un)", "    user = \"nobody\"\n")
	s.rewrite("vrrp_instance", script+notes("/nowhere/at/all").block("broken", `"vrrp.*"`, "x", "")+"vrrp_instance")
	log := s.logFile()
	d := s.run(log)
	s.until("told of the master", func() bool { return len(n.lines()) == 2 })
	s.until("known to fail", func() bool {
		list := s.status().Notifiers
		return len(list) == 2 && list[0].Told == 2 && !list[0].LastSuccess.IsZero() && list[0].Queue == 0 &&
			list[1].Queue > 0 && strings.HasPrefix(list[1].LastError, "exit status") && list[1].Told == 0
	})
	if out, _ := s.order("status"); !strings.Contains(out, "NOTIFIER") || !strings.Contains(out, "broken") || !strings.Contains(out, "exit status 2: ") {
		t.Errorf("status:\n%s", out)
	}
	transitions := s.status().VRRPInstances[0].Transitions

	s.rewrite("daemon.stopped", "config.applied")
	out, code := s.order("plan")
	if code != 3 || !strings.Contains(out, `~ notify script: events ["vrrp.transition", "daemon.stopped"] -> ["vrrp.transition", "config.applied"]`) {
		t.Errorf("plan: exit code %d, %s", code, out)
	}
	if out, code := s.order("reload"); code != 0 {
		t.Errorf("reload: exit code %d, %s", code, out)
	}
	s.until("told of the reload", func() bool { return len(n.lines()) == 3 })
	if got := s.status().VRRPInstances[0].Transitions; got != transitions {
		t.Errorf("%d transitions before the reload, %d after", transitions, got)
	}
	d.stop()
	want := []string{"vrrp.transition init backup nobody\n", "vrrp.transition backup master nobody\n", "config.applied nobody\n", "vrrp.transition master init nobody\n"}
	if got := n.lines(); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	lost := events(t, log, "notify.failed")
	if len(lost) == 0 || lost[0].Notifier != "broken" || lost[0].Count == 0 {
		t.Errorf("what was lost: %+v", lost)
	}

	recipe := exec.Command("sh", "../../contrib/journald/hald-alerts")
	recipe.Stdin, _ = os.Open(log.Name())
	found, err := recipe.Output()
	if got, want := strings.Count(string(found), "\n"), len(lost)+len(events(t, log, "vrrp.transition")); err != nil || got != want {
		t.Errorf("contrib's recipe finds %d lines in the log, want %d, %v:\n%s", got, want, err, found)
	}
}

// TestCommandsAreAwaited: before the addresses come and before they go, once each, in
// order with what is told after; one that hangs is killed, and holds nothing up for
// longer than its timeout.
func TestCommandsAreAwaited(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig)
	n := notesIn(t, t.TempDir())
	here := "$(ip -o addr show to 10.99.0.100 | wc -l)"
	before := n.block("routes", `"vrrp.transition"`, "$HALD_STAGE $HALD_FROM $HALD_TO $HALD_REASON "+here, "    stage = \"before\"\n")
	before = strings.Replace(before, "echo", "sleep 0.3; echo", 1)
	hangs := strings.Replace(n.block("hangs", `"vrrp.transition"`, "never", "    stage = \"before\"\n    timeout = \"1s\"\n"), "echo", "sleep 60; echo", 1)
	after := n.block("script", `"vrrp.transition"`, "$HALD_STAGE $HALD_FROM $HALD_TO $HALD_REASON "+here, "")
	s.rewrite("vrrp_instance", before+hangs+after+"vrrp_instance")
	log := s.logFile()
	d := s.run(log)
	s.until("master", s.isMaster)
	s.until("told", func() bool { return len(n.lines()) == 3 })
	sent := s.status().VRRPInstances[0].AdvertsSent
	if out, code := s.order("handover"); code != 1 || !strings.Contains(out, "stays") { // there is nobody else
		t.Errorf("handover: exit code %d, %s", code, out)
	}
	if got := s.status().VRRPInstances[0].AdvertsSent - sent; got < 8 {
		t.Errorf("%d adverts in the second and more that the hand-over waited, at 100 ms", got)
	}
	s.until("told of what came of it", func() bool { return len(n.lines()) == 5 })
	d.stop()
	want := []string{
		"after init backup startup 0\n", "before backup master master_silent 0\n", "after backup master master_silent 1\n",
		"before master backup handover 1\n", "before backup master handover_refused 1\n",
		"before master init shutdown 1\n", "after master init shutdown 0\n",
	}
	if got := n.lines(); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	for _, e := range events(t, log, "notify.failed") {
		if e.Notifier != "hangs" || e.Error != "timeout, killed" || e.Instance != "web" {
			t.Errorf("%+v", e)
		}
	}
}

// A trial notifies nobody.
func TestADryRunTellsNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig)
	n := notesIn(t, t.TempDir())
	s.rewrite("vrrp_instance", n.block("script", `"*"`, "x", "")+"vrrp_instance")
	d := s.run(s.logFile(), "--dry-run")
	s.until("master in its mind", s.isMaster)
	d.stop()
	if got := n.lines(); len(got) != 0 {
		t.Errorf("told %q", got)
	}
}

func TestOverviewOfNotifiers(t *testing.T) {
	got := painter{now: threeAM}.notifiers([]notify.Status{
		{Name: "pager", Kind: "webhook", Queue: 3, Told: 12, Lost: 1, LastSuccess: threeAM.Add(-3e12), LastError: "answered 503", LastErrorAt: threeAM.Add(-2e9)},
		{Name: "routes", Kind: "exec", Before: true},
	})
	want := `
NOTIFIER  KIND           QUEUE  TOLD  LOST  LAST SUCCESS  LAST ERROR
pager     webhook        3      12    1     50m00s        2s ago: answered 503
routes    exec (before)  0      0     0     -
`
	if got != want {
		t.Errorf("%s", got)
	}
}
