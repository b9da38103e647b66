//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// policies counts the threads of a process by their scheduling policy (proc(5),
// field 41 of stat; 0: the ordinary one, 1: SCHED_FIFO).
func policies(t *testing.T, pid int) map[string]int {
	t.Helper()
	folder := fmt.Sprintf("/proc/%d/task", pid)
	tasks, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, task := range tasks {
		stat, _ := os.ReadFile(folder + "/" + task.Name() + "/stat")
		if _, after, found := strings.Cut(string(stat), ") "); found {
			count[strings.Fields(after)[38]]++ // the first two fields are before it
		}
	}
	return count
}

// realTimeLimit is how long a process may compute under a real-time policy without a
// wait (RLIMIT_RTTIME), as proc(5) writes it.
func realTimeLimit(t *testing.T, pid int) string {
	t.Helper()
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(limits), "Max realtime timeout")
	line, _, _ := strings.Cut(after, "\n")
	return strings.Join(strings.Fields(line), " ")
}

// TestRealTime: every thread of the election runs under SCHED_FIFO, within a generous
// limit, and none of the other processes; where that is not permitted, the election
// goes on without it and says so once.
func TestRealTime(t *testing.T) {
	t.Parallel()
	const ordinary, fifo = "0", "1"
	forbid := []string{"setpriv", "--inh-caps=-sys_nice", "--bounding-set=-sys_nice", "prlimit", "--rtprio=0:0"}
	for name, under := range map[string][]string{"permitted": nil, "forbidden": forbid} {
		t.Run(name, func(t *testing.T) {
			want, said := fifo, 0
			if exec.Command("chrt", "--fifo", "10", "true").Run() != nil || len(under) > 0 { // a container may forbid it to all
				want, said = ordinary, 1
			}
			p := startPair(t, haldDaemon{}.config("", 20, 100*time.Millisecond), under...)
			p.await(t, directors[0], 20, `"event":"vrrp.transition"`, `"to":"master"`)
			p.await(t, directors[1], 20, `"event":"vrrp.transition"`, `"to":"backup"`)
			begun := p.status(t, directors[0])
			for _, director := range directors {
				election := p.election(t, director)
				if limit := realTimeLimit(t, election); want == fifo && limit != "2000000 2000000 us" {
					t.Errorf("%s: the election may compute for %s without a wait, want 2 s", director, limit)
				}
				for _, pid := range usage(p.daemons[director].Process.Pid).pids {
					asked := ordinary
					if pid == election {
						asked = want
					}
					if got := policies(t, pid); len(got) != 1 || got[asked] < 2 {
						t.Errorf("%s: threads of process %d by policy: %v, want all %s (election: %v)", director, pid, got, asked, pid == election)
					}
				}
				if lines := p.said(director, `"event":"vrrp.not_realtime"`); len(lines) != said {
					t.Errorf("%s said so %d times, want %d: %v", director, len(lines), said, lines)
				}
			}
			for i, now := range p.status(t, directors[0]).VRRPInstances {
				if now.State != "master" || now.Sent <= begun.VRRPInstances[i].Sent {
					t.Errorf("%s is %s and sent %d adverts, %d before", now.Name, now.State, now.Sent, begun.VRRPInstances[i].Sent)
				}
			}
		})
	}
}
