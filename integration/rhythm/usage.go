//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// used is what a process and its descendants have used.
type used struct {
	cpu    time.Duration
	memory int64 // bytes, each page shared by n processes counted as one n-th
	pids   []int
}

// since is the processor time used since an earlier look; unknown when a process
// has ended or begun meanwhile, for what the ended one used is lost.
func (u used) since(before used) (cpu time.Duration, known bool) {
	return u.cpu - before.cpu, slices.Equal(u.pids, before.pids)
}

// usage reads it from proc(5). Clock ticks are hundredths of a second there,
// whatever the kernel counts in.
func usage(pid int) (u used) {
	folder := fmt.Sprintf("/proc/%d", pid)
	u.pids = append(u.pids, pid)
	stat, _ := os.ReadFile(folder + "/stat")
	if _, after, found := strings.Cut(string(stat), ") "); found {
		fields := strings.Fields(after)
		for _, i := range []int{11, 12} { // utime, stime
			ticks, _ := strconv.Atoi(fields[i])
			u.cpu += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	rollup, _ := os.ReadFile(folder + "/smaps_rollup")
	for line := range strings.Lines(string(rollup)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "Pss:" {
			kilobytes, _ := strconv.ParseInt(fields[1], 10, 64)
			u.memory += kilobytes << 10
		}
	}
	lists, _ := filepath.Glob(folder + "/task/*/children") // each thread has those that it forked
	for _, list := range lists {
		children, _ := os.ReadFile(list)
		for _, word := range strings.Fields(string(children)) {
			child, _ := strconv.Atoi(word)
			more := usage(child)
			u.cpu, u.memory, u.pids = u.cpu+more.cpu, u.memory+more.memory, append(u.pids, more.pids...)
		}
	}
	return u
}
