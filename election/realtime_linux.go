package election

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// cpuBrake is how long the process may compute without ever waiting before the
// kernel ends it (RLIMIT_RTTIME, getrlimit(2); microseconds): a loop gone wild
// must not take a processor from the machine for good.
const cpuBrake = 2_000_000

// realTime tells whether the process runs under SCHED_FIFO, and if so limits
// what it can do with it. An error says that it is not limited as it should be.
func realTime() (is bool, err error) {
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil || attr.Policy != unix.SCHED_FIFO {
		return false, nil
	}
	if err := unix.Setrlimit(unix.RLIMIT_RTTIME, &unix.Rlimit{Cur: cpuBrake, Max: cpuBrake}); err != nil {
		return true, fmt.Errorf("set RLIMIT_RTTIME to %d µs: %w", cpuBrake, err)
	}
	return true, nil
}
