package director

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// realTimePriority of the election, 1–99: above every ordinary process, below
// what kernels and clusters commonly put above everything.
const realTimePriority = 10

// oneProcessor has the election's threads take turns. Under SCHED_FIFO a thread that
// spins until another one of its process has done its part (Go's sweeper does) does
// not let go of its processor; if the other one waits for that very processor,
// because all are taken, nothing goes on until the brake on processor time ends the
// process. One at a time there is nothing to spin for. It also costs less: nobody
// is woken on another processor to find that there is no work.
const oneProcessor = "GOMAXPROCS=1"

// startRealTime starts a process under SCHED_FIFO (sched(7)), or without it
// where that is not permitted; the process sees for itself which. A policy is
// inherited from the thread that forks, so that every thread the child's
// runtime starts has it. That thread gets its own policy back: it need not end with
// its goroutine, the main thread never does.
func startRealTime(command *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, err := unix.SchedGetAttr(0, 0)
	if err == nil {
		_ = unix.SchedSetAttr(0, &unix.SchedAttr{
			Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: realTimePriority,
		}, 0)
		// To give it up is always permitted.
		defer func() { _ = unix.SchedSetAttr(0, own, 0) }()
	}
	return command.Start()
}
