package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// pin keeps the calling thread, and what it starts, on one processor until the
// function it returns is called. A system call in the guest is a hand-over between
// two processes of the host; it takes five times as long when they are on two
// processors that have to wake each other.
//
// The processor is one that no other guest of this machine is on, or none of those
// that yield, if there is one. Where pinning is not allowed the guest does without.
func pin(beside bool) (unpin func()) {
	var all unix.CPUSet
	if unix.SchedGetaffinity(0, &all) != nil {
		return func() {}
	}
	var one unix.CPUSet
	one.Set(vacant(all, beside))
	unix.SchedSetaffinity(0, &one)
	return func() { unix.SchedSetaffinity(0, &all) }
}

// vacant is the first processor of a set that no guest of a kind is on, and any other
// when all are taken. It is taken until this process ends.
func vacant(set unix.CPUSet, beside bool) int {
	taken := "hald-guest-on-processor-%d"
	if beside {
		taken = "hald-guest-beside-on-processor-%d"
	}
	var processors []int
	for n := 0; len(processors) < set.Count(); n++ {
		if set.IsSet(n) {
			processors = append(processors, n)
		}
	}
	for _, n := range processors {
		name := filepath.Join(os.TempDir(), fmt.Sprintf(taken, n))
		file, err := unix.Open(name, unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o666)
		if err != nil {
			continue
		}
		if unix.Flock(file, unix.LOCK_EX|unix.LOCK_NB) == nil {
			return n // the lock stays with the open file
		}
		unix.Close(file)
	}
	return processors[os.Getpid()%len(processors)]
}

// The niceness of guests. Where both want all of a processor, one beside another has
// a third of it: enough to go on while the other one is flooded on purpose.
const niceness, nicenessBeside = -20, -17

// prefer lets a guest go before its neighbours, since time is measured in it:
// each of its system calls is several wake-ups on the host, and one that waits
// for a busy neighbour is milliseconds late. Where that is not allowed, or the
// scheduler groups no sessions (sched(7), autogroup), it does without. A real-time
// policy would be too much: the guest's kernel would wait for its own busy
// processes, which are the host's too, until their slice is over.
func prefer(pid int, beside bool) {
	nice := niceness
	if beside {
		nice = nicenessBeside
	}
	unix.Setpriority(unix.PRIO_PROCESS, pid, nice)
	os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", pid), []byte(strconv.Itoa(nice)), 0)
}
