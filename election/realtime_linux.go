package election

import "golang.org/x/sys/unix"

// cpuBrake is how long the process may compute without ever waiting before the
// kernel ends it (RLIMIT_RTTIME, getrlimit(2); microseconds): a loop gone wild
// must not take a processor from the machine for good.
const cpuBrake = 2_000_000

// realTime tells whether the process runs under SCHED_FIFO, and if so limits
// what it can do with it.
func realTime() bool {
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil || attr.Policy != unix.SCHED_FIFO {
		return false
	}
	_ = unix.Setrlimit(unix.RLIMIT_RTTIME, &unix.Rlimit{Cur: cpuBrake, Max: cpuBrake})
	return true
}
