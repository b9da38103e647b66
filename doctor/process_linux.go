package doctor

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// process finds out what this process may do.
func process() Process {
	p := Process{RealTime: mayRealTime()}
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "CapEff:")
	line, _, _ := strings.Cut(after, "\n")
	effective, _ := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	for bit, name := range map[int]string{unix.CAP_NET_ADMIN: "CAP_NET_ADMIN", unix.CAP_NET_RAW: "CAP_NET_RAW"} {
		if effective&(1<<bit) == 0 {
			p.Lacks = append(p.Lacks, name)
		}
	}
	slices.Sort(p.Lacks)
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		p.Files = limit.Max // Go raises the other one to it
	}
	return p
}

// mayRealTime tries it, with the priority of the election, on a thread that ends with
// it.
func mayRealTime() bool {
	result := make(chan bool)
	go func() {
		runtime.LockOSThread()
		result <- unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 10}, 0) == nil
	}()
	return <-result
}

// clock asks the kernel how its clock is led (adjtimex(2)).
func clock() Clock {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	const timeError, unsynchronised = 5, 0x40
	return Clock{Known: err == nil, Synchronised: state != timeError && t.Status&unsynchronised == 0}
}

// rivals are programs that hold virtual addresses, or keep an IPVS table.
var rivals = []string{"keepalived", "vrrpd", "ucarp", "ldirectord"}

// programs finds the rivals in this network namespace, and whoever else has a socket for
// VRRP. Our daemon's processes are none.
func programs(ours bool) (found []Program) {
	here, _ := os.Readlink("/proc/self/ns/net")
	sockets := vrrpSockets()
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		pid, _ := strconv.Atoi(filepath.Base(folder))
		text, _ := os.ReadFile(filepath.Join(folder, "comm"))
		name := strings.TrimSpace(string(text))
		if ns, err := os.Readlink(filepath.Join(folder, "ns/net")); pid == os.Getpid() || err != nil || ns != here {
			continue
		}
		vrrp := len(sockets) > 0 && hasOne(folder, sockets)
		if isHald(folder) {
			if !ours && vrrp {
				found = append(found, Program{pid, "hald", unit(folder), true})
			}
			continue
		}
		if vrrp && !isListener(folder) || slices.Contains(rivals, name) && !slices.ContainsFunc(found, func(p Program) bool { return p.Name == name }) {
			found = append(found, Program{pid, name, unit(folder), vrrp})
		}
	}
	return found
}

// isHald tells a process of a daemon of ours: `hald run` or `hald worker`.
func isHald(folder string) bool {
	text, _ := os.ReadFile(filepath.Join(folder, "cmdline"))
	args := strings.Split(string(text), "\x00")
	return len(args) > 1 && filepath.Base(args[0]) == "hald" && (args[1] == "worker" || args[1] == "run")
}

// isListener tells a command of ours that only listens: `hald scan`, `hald doctor`.
func isListener(folder string) bool {
	text, _ := os.ReadFile(filepath.Join(folder, "cmdline"))
	args := strings.Split(string(text), "\x00")
	return len(args) > 1 && filepath.Base(args[0]) == "hald" && (args[1] == "scan" || args[1] == "doctor")
}

// vrrpSockets are the inodes of this namespace's sockets for IP protocol 112.
func vrrpSockets() map[string]bool {
	inodes := map[string]bool{}
	for _, file := range []string{"/proc/self/net/raw", "/proc/self/net/raw6"} {
		text, _ := os.ReadFile(file)
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line) // sl local_address … inode: proc(5)
			if len(fields) > 9 && strings.HasSuffix(fields[1], ":0070") {
				inodes["socket:["+fields[9]+"]"] = true
			}
		}
	}
	return inodes
}

func hasOne(folder string, sockets map[string]bool) bool {
	files, _ := filepath.Glob(filepath.Join(folder, "fd/*"))
	return slices.ContainsFunc(files, func(file string) bool {
		to, _ := os.Readlink(file)
		return sockets[to]
	})
}

// unit is the service of systemd that a process belongs to.
func unit(folder string) string {
	text, _ := os.ReadFile(filepath.Join(folder, "cgroup"))
	for line := range strings.Lines(string(text)) {
		if name := filepath.Base(strings.TrimSpace(line)); strings.HasSuffix(name, ".service") && strings.Contains(line, "system.slice") {
			return name
		}
	}
	return ""
}
