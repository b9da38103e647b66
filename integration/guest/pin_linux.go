package guest

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// pin keeps the calling thread, and what it starts, on one processor until the
// function it returns is called. A system call in the guest is a hand-over between
// two processes of the host; it takes five times as long when they are on two
// processors that have to wake each other.
//
// The processor is one that no other guest of this machine is on, if there is
// one. Where pinning is not allowed the guest does without.
func pin() (unpin func()) {
	var all unix.CPUSet
	if unix.SchedGetaffinity(0, &all) != nil {
		return func() {}
	}
	var one unix.CPUSet
	one.Set(vacant(all))
	unix.SchedSetaffinity(0, &one)
	return func() { unix.SchedSetaffinity(0, &all) }
}

// vacant is the first processor of a set that no guest is on, and any other when
// all are taken. It is taken until this process ends.
func vacant(set unix.CPUSet) int {
	var processors []int
	for n := 0; len(processors) < set.Count(); n++ {
		if set.IsSet(n) {
			processors = append(processors, n)
		}
	}
	for _, n := range processors {
		name := filepath.Join(os.TempDir(), fmt.Sprintf("hald-guest-on-processor-%d", n))
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
