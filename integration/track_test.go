package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// tracking is a pair of directors with track blocks. A script in them can be made to
// fail, or to hang, on one director.
type tracking struct {
	*scene
}

// tracked begins with lb1 as master and everything well. In the blocks, BREAKABLE is
// a command that does what a file says.
func tracked(t *testing.T, blocks string) *tracking {
	t.Helper()
	l := lab.New(t)
	check := lab.Check{Interval: time.Second, Timeout: time.Second, Fall: 3, Rise: 1}
	c := lab.Cluster{Interval: 500 * time.Millisecond, Services: lab.EachMethod, Check: check}
	flag := filepath.Join(l.Folder(), "NAME-${director.name}")
	command := fmt.Sprintf(`["/bin/sh", "-c", "case $(cat $0 2>/dev/null) in fail) echo out of workers; exit 1;; hang) sleep 31337;; esac", %q]`, flag)
	text := strings.Replace(configuration(t, l, c), "  preempt  ", blocks+"  preempt  ", 1)
	text = strings.ReplaceAll(text, "FOLDER", l.Folder())
	for _, name := range []string{"workers", "vital", "stuck"} {
		text = strings.ReplaceAll(text, "BREAKABLE "+name, strings.Replace(command, "NAME", name, 1))
	}
	config := l.WriteFile("tracked.hcl", text)
	s := &scene{Lab: l, t: t, cluster: c, owners: l.WatchOwners(lab.VIP), wire: l.Capture(), began: time.Now()}
	s.lb1, s.lb2 = l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	s.client = inOffice(l, s.lb1, s.lb2)
	return &tracking{s}
}

// order tells a script on lb1 what to do: fail, hang, or nothing.
func (s *tracking) order(name, what string) {
	s.t.Helper()
	path := filepath.Join(s.Folder(), name+"-lb1")
	if err := os.WriteFile(path, []byte(what), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// told waits for an event of lb1 with a reason.
func (s *tracking) told(name, reason string) {
	s.t.Helper()
	s.lb1.AwaitEvent(settle, name+" "+reason, func(e lab.Event) bool { return e.Name == name && e.Reason == reason })
}

// failed waits for lb1 to tell that a tracker failed, and why.
func (s *tracking) failed(tracker, why string) {
	s.t.Helper()
	s.lb1.AwaitEvent(settle, tracker+" failed: "+why, func(e lab.Event) bool {
		return e.Name == "track.down" && e.Reason == tracker && e.Error == why && e.Instance == "lab"
	})
}

// unnoticed: somebody had the address all the time, and no request was lost but those
// that were under way, as in every planned hand-over (R02).
func (s *tracking) unnoticed(what string, u turn) {
	s.t.Helper()
	s.t.Logf("%s: nobody had the address for %v, both for %v, %d requests lost, longest gap %v", what, u.none(), u.both(), u.lost, u.gap.Length())
	if u.none() > 0 || u.lost > 2 {
		s.t.Errorf("%s: nobody had the address for %v, %d requests lost: %v", what, u.none(), u.lost, u.history)
	}
}

// TestTrackedScript: with a weight it moves the master and returns it, unnoticed;
// without one it is a fault that names itself, and is handed over
// as well, for the node can still forward.
func TestTrackedScript(t *testing.T) {
	t.Parallel()
	s := tracked(t, `
  track "script" "workers" {
    command  = BREAKABLE workers
    interval = "2s"
    timeout  = "2s"
    fall     = 2
    weight   = -60
  }
  track "script" "vital" {
    command  = BREAKABLE vital
    interval = "2s"
    timeout  = "2s"
    fall     = 2
  }
`)
	s.unnoticed("down to 90", s.turns("lb2", func() { s.order("workers", "fail") }))
	s.failed("script:workers", "exit status 1: out of workers")
	if in := documentOf(t, s.lb1).Instances[0]; in.State != "backup" || in.Priority != 150 || in.EffectivePriority != 90 || len(in.Faults) != 0 ||
		in.Trackers[0].State != "down" || in.Trackers[0].Error != "exit status 1: out of workers" || in.Trackers[1].State != "up" {
		t.Errorf("status with 90: %+v", in)
	}
	if out, _ := s.lb1.Command("status"); !strings.Contains(out, "script:workers") || !strings.Contains(out, "90 of 150") {
		t.Errorf("the table is silent about it:\n%s", out)
	}
	s.unnoticed("back to 150", s.turns("lb1", func() { s.order("workers", "") }))

	s.unnoticed("fault", s.turns("lb2", func() { s.order("vital", "fail") }))
	s.told("vrrp.fault", "track_script:vital")
	if in := documentOf(t, s.lb1).Instances[0]; in.State != "fault" || !slices.Equal(in.Faults, []string{"track_script:vital"}) {
		t.Errorf("status in fault: %+v", in)
	}
	s.unnoticed("fault cleared", s.turns("lb1", func() { s.order("vital", "") }))
}

// TestTrackedService: a virtual server below its quorum moves the master to where
// it is well; a script that hangs is killed and disturbs nobody.
func TestTrackedService(t *testing.T) {
	t.Parallel()
	s := tracked(t, `
  track "virtual_server" "dr" {
    weight = -60
  }
  track "script" "stuck" {
    command  = BREAKABLE stuck
    interval = "1s"
    timeout  = "900ms"
    fall     = 2
    weight   = -1
  }
`)
	hung := time.Now()
	s.order("stuck", "hang")
	s.failed("script:stuck", "timeout, killed")
	most := 0
	for range 20 {
		time.Sleep(100 * time.Millisecond)
		most = max(most, sleepers(t))
	}
	s.order("stuck", "")
	s.told("track.up", "script:stuck")
	adverts := s.wire.Adverts("lb1", hung)
	var longest time.Duration
	for i := 1; i < len(adverts); i++ {
		longest = max(longest, adverts[i].Time.Sub(adverts[i-1].Time))
	}
	t.Logf("while it hung: %d adverts, at most %v apart; %d at a time", len(adverts), longest, most)
	if bound := 500*time.Millisecond + late + noise; longest > bound {
		t.Errorf("two adverts were %v apart, want at most %v", longest, bound)
	}
	if most > 1 || sleepers(t) > 0 {
		t.Errorf("it ran %d times at once, and %d are left", most, sleepers(t))
	}

	// Only lb1 loses sight of the real server.
	route := []string{"ip", "route", "add", "blackhole", "192.0.2.21/32"}
	u := s.turns("lb2", func() { s.Run("lb1", route...) })
	s.failed("virtual_server:dr", "below its quorum")
	if u.none() > 0 {
		t.Errorf("nobody had the address for %v: %v", u.none(), u.history)
	}
	route[2] = "delete"
	s.unnoticed("quorum is back", s.turns("lb1", func() { s.Run("lb1", route...) }))
}

// TestTrackedFileAndProcess: a number in a file moves the master, and no file takes
// it back; so do the end of a process and its return, though lb2 misses it as well.
func TestTrackedFileAndProcess(t *testing.T) {
	t.Parallel()
	worker := work(t)
	s := tracked(t, `
  track "file" "manual" {
    path     = "FOLDER/manual-${director.name}"
    interval = "100ms"
  }
  track "process" "tracked-worker" {
    interval = "100ms"
    weight   = director.name == "lb1" ? -60 : -1
  }
`)
	s.unnoticed("a file says -60", s.turns("lb2", func() { s.order("manual", "-60") }))
	if in := documentOf(t, s.lb1).Instances[0]; in.State != "backup" || in.EffectivePriority != 90 || len(in.Faults) != 0 {
		t.Errorf("status with a file that says -60: %+v", in)
	}
	s.unnoticed("no file", s.turns("lb1", func() { os.Remove(filepath.Join(s.Folder(), "manual-lb1")) }))

	s.unnoticed("the process ends", s.turns("lb2", func() { worker.Process.Kill() }))
	s.lb1.AwaitEvent(settle, "the process is missed", func(e lab.Event) bool {
		return e.Name == "track.down" && e.Reason == "process:tracked-worker" && e.Error != ""
	})
	worker.Wait()
	s.unnoticed("the process is back", s.turns("lb1", func() { work(t) }))
	s.told("track.up", "process:tracked-worker")
}

// work starts a process whose name the directors know.
func work(t *testing.T) *exec.Cmd {
	t.Helper()
	worker := exec.Command("sleep", "600")
	worker.Args[0] = "tracked-worker"
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { worker.Process.Kill(); worker.Wait() })
	return worker
}

// sleepers is how many processes the hanging script has left behind or running.
func sleepers(t *testing.T) (n int) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		if text, _ := os.ReadFile(path); string(text) == "sleep\x0031337\x00" {
			n++
		}
	}
	return n
}
