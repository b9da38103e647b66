package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/integration/lab"
)

// The wire of the lab is a kernel thread of the same processor. It is not to wait
// for the hogs: no wire does.
func preferTheWire(t *testing.T) {
	t.Helper()
	threads, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		t.Fatal(err)
	}
	for _, comm := range threads {
		name, _ := os.ReadFile(comm)
		if !strings.HasPrefix(string(name), "ksoftirqd/") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(comm)))
		if err != nil {
			t.Fatal(err)
		}
		set := func(policy, priority uint32) {
			attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: policy, Priority: priority}
			if err := unix.SchedSetAttr(pid, &attr, 0); err != nil {
				t.Fatalf("schedule %s: %v", name, err)
			}
		}
		set(unix.SCHED_FIFO, 1)
		t.Cleanup(func() { set(unix.SCHED_NORMAL, 0) })
	}
}

// TestR28Hogs: processes that want the whole machine do not make the backup
// believe that the master is dead, nor the master late by more than a beat.
func TestR28Hogs(t *testing.T) {
	const more, during = 32, 10 * time.Second
	s := begin(t, lab.Cluster{Interval: 100 * time.Millisecond, Check: lab.Check{Interval: 5 * time.Second, Timeout: 5 * time.Second}})
	before := len(transitions(s.lb1)) + len(transitions(s.lb2))
	preferTheWire(t)
	machine := watchTheMachine(t)
	var herds []*exec.Cmd
	end := func() {
		for _, herd := range herds {
			unix.Kill(-herd.Process.Pid, unix.SIGKILL)
			herd.Wait()
		}
		herds = nil
	}
	defer end()
	type stretch struct{ from, to time.Time }
	var played []stretch
	for range 2 {
		herd := exec.Command("sh", "-c", fmt.Sprintf("for hog in $(seq %d); do while :; do :; done & done; wait", more))
		herd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := herd.Start(); err != nil {
			t.Fatal(err)
		}
		herds = append(herds, herd)
		s.Eventually(5*settle, "all hogs run", func() bool {
			children, _ := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", herd.Process.Pid))
			return len(strings.Fields(string(children))) == more
		})
		from := time.Now()
		time.Sleep(during)
		played = append(played, stretch{from, time.Now()})
	}
	end()
	machine.leave()
	for i, p := range played {
		adverts, lost := between(s.Lab, s.wire, p.from, p.to), machine.absent(p.from, p.to)
		longest := machine.longestPause(adverts)
		t.Logf("%d hogs: %d adverts in %v, longest pause %v, without the %v in all for which the machine stood still", (i+1)*more, len(adverts), p.to.Sub(p.from), longest, lost)
		if longest > 2*s.cluster.Interval {
			t.Errorf("%d hogs: the longest pause between two adverts is %v", (i+1)*more, longest)
		}
		if lost > p.to.Sub(p.from)/2 {
			t.Errorf("the machine stood still for %v of %v: this test is blind", lost, p.to.Sub(p.from))
		}
	}
	if after := len(transitions(s.lb1)) + len(transitions(s.lb2)); after != before {
		t.Errorf("%d transitions, before %d", after, before)
	}
	s.audit("lb1")
}
