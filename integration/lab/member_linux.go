package lab

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Member is one process of a daemon.
type Member struct {
	Pid     int
	Command string // its command line
	Files   int    // descriptors it has open
	Threads int
}

// Members are the daemon's processes now, parents first.
func (p *Process) Members() []Member {
	var members []Member
	for _, pid := range p.family() {
		files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		if err != nil {
			continue // it ended meanwhile
		}
		threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		members = append(members, Member{Pid: pid, Command: commandLine(pid), Files: len(files), Threads: len(threads)})
	}
	return members
}

// Memory is a process's share of memory (PSS) and what of that is its own, both in KiB.
// The rest is the program's, of which each process has more when another of the same
// program ends.
func (m Member) Memory() (share, own int) {
	rollup, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", m.Pid))
	for line := range strings.Lines(string(rollup)) {
		switch fields := strings.Fields(line); fields[0] {
		case "Pss:":
			share, _ = strconv.Atoi(fields[1])
		case "Pss_Anon:":
			own, _ = strconv.Atoi(fields[1])
		}
	}
	return share, own
}

// Lives tells whether the process is still there, whoever its parent is now.
func (m Member) Lives() bool {
	return lives(m.Pid)
}
