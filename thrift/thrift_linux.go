// Package thrift gives back to the kernel the memory that only a beginning needed:
// reading ten thousand servers, and hearing of each for the first time, takes several
// times what keeping them does, and the runtime would return it after minutes only.
package thrift

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// After is how long after the last beginning memory is to be saved.
const After = 5 * time.Second

// How much garbage may gather, in per cent of what is kept (debug.SetGCPercent). Nearly all
// that is made while a configuration is read is kept, so that looking for garbage finds
// little then.
const (
	saving   = 10
	spending = 200
)

// Spend is for who is about to read a configuration.
func Spend() { debug.SetGCPercent(spending) }

// Save collects garbage, and more often from now on, and returns the memory that is free.
// It gives up the pages of the program as well: those that go on being used are
// mapped again when they are, from the kernel's cache, which takes microseconds. So it is not
// for a process that must never be late. Where the kernel does not tell what is mapped, they stay.
func Save() {
	forgetProgram() // and what that leaves is garbage, too
	debug.SetGCPercent(saving)
	runtime.GC() // a buffer in a pool survives one collection
	debug.FreeOSMemory()
}

// forgetProgram gives up what is mapped of files, cannot be written and never was: what a
// linker wrote before it took the right away (RELRO) is nowhere else (madvise(2),
// MADV_DONTNEED).
func forgetProgram() {
	maps, err := os.Open("/proc/self/smaps") // proc_pid_smaps(5)
	if err != nil {
		return
	}
	defer maps.Close()
	var begin, end uintptr // of the mapping that is told of; both 0: it stays
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch place, heads := fields[0], strings.Contains(fields[0], "-"); {
		case heads && len(fields) > 5 && fields[5][0] == '/' && fields[1][1] != 'w':
			_, _ = fmt.Sscanf(place, "%x-%x", &begin, &end)
		case heads:
			begin, end = 0, 0
		case place == "Anonymous:" && fields[1] == "0" && begin < end:
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, begin, end-begin, unix.MADV_DONTNEED)
		}
	}
}
