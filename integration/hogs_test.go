package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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
	s := begin(t, lab.Cluster{Interval: 100 * time.Millisecond, Check: lab.Check{Interval: 5 * time.Second, Timeout: 5 * time.Second}})
	before := len(transitions(s.lb1)) + len(transitions(s.lb2))
	preferTheWire(t)
	start := time.Now()
	for range 32 {
		hog := exec.Command("sh", "-c", "while :; do :; done")
		if err := hog.Start(); err != nil {
			t.Fatal(err)
		}
		defer hog.Wait()
		defer hog.Process.Kill()
	}
	time.Sleep(10 * time.Second)
	end := time.Now()
	adverts := between(s.Lab, s.wire, start, end)
	var longest time.Duration
	for i := 1; i < len(adverts); i++ {
		longest = max(longest, adverts[i].Time.Sub(adverts[i-1].Time))
	}
	t.Logf("%d adverts in %v, longest pause %v", len(adverts), end.Sub(start), longest)
	if longest > 2*s.cluster.Interval+late {
		t.Errorf("the longest pause between two adverts is %v", longest)
	}
	if after := len(transitions(s.lb1)) + len(transitions(s.lb2)); after != before {
		t.Errorf("%d transitions, before %d", after, before)
	}
}
