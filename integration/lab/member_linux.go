package lab

import (
	"fmt"
	"os"
)

// Member is one process of a daemon.
type Member struct {
	Pid     int
	Command string // its command line
	Files   int    // descriptors it has open
}

// Members are the daemon's processes now, parents first.
func (p *Process) Members() []Member {
	var members []Member
	for _, pid := range p.family() {
		files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		if err != nil {
			continue // it ended meanwhile
		}
		members = append(members, Member{Pid: pid, Command: commandLine(pid), Files: len(files)})
	}
	return members
}

// Lives tells whether the process is still there, whoever its parent is now.
func (m Member) Lives() bool {
	return lives(m.Pid)
}
