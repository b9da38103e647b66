package director

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// realTimePriority of the election, 1–99: above every ordinary process, below
// what kernels and clusters commonly put above everything.
const realTimePriority = 10

// startRealTime starts a process under SCHED_FIFO (sched(7)), or without it
// where that is not permitted; the process sees for itself which. A policy is
// inherited from the thread that forks, so that every thread the child's
// runtime starts has it, and none of ours: the thread ends with the goroutine.
func startRealTime(command *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		_ = unix.SchedSetAttr(0, &unix.SchedAttr{
			Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: realTimePriority,
		}, 0)
		started <- command.Start()
	}()
	return <-started
}
