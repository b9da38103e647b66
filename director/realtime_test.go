package director

import (
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestStartRealTimeLeavesOurThreads: the child is under SCHED_FIFO where that is
// permitted, and the thread that started it is what it was.
func TestStartRealTimeLeavesOurThreads(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	attributes := func(pid int) unix.SchedAttr {
		t.Helper()
		a, err := unix.SchedGetAttr(pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		return *a
	}
	before, want := attributes(0), uint32(unix.SCHED_FIFO)
	if exec.Command("chrt", "--fifo", "10", "true").Run() != nil { // a container may forbid it
		want = before.Policy
	}
	child := exec.Command("sleep", "60")
	if err := startRealTime(child); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer child.Process.Kill()
	if now := attributes(0); now != before {
		t.Errorf("our thread has %+v, had %+v", now, before)
	}
	if got := attributes(child.Process.Pid).Policy; got != want {
		t.Errorf("the child has policy %d, want %d", got, want)
	}
}
