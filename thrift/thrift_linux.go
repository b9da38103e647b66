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
	debug.SetGCPercent(saving)
	runtime.GC() // a buffer in a pool survives one collection
	debug.FreeOSMemory()
	forgetProgram()
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
	var begin, end uintptr
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uintptr
		var access, offset, device, inode, file string
		switch n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s %s %s %s %s", &from, &to, &access, &offset, &device, &inode, &file); {
		case n == 7 && file[0] == '/' && access[1] != 'w':
			begin, end = from, to
		case n >= 5:
			begin, end = 0, 0
		}
		if fields := strings.Fields(lines.Text()); fields[0] == "Anonymous:" && fields[1] == "0" && begin < end {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, begin, end-begin, unix.MADV_DONTNEED)
		}
	}
}
