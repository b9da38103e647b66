package lab

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Keepalived is a director that runs Debian's keepalived. The daemon is not
// started.
func (l *Lab) Keepalived(name string, c Cluster) Director {
	l.t.Helper()
	return l.KeepalivedWith(name, c.keepalived(name))
}

// KeepalivedWith is Keepalived with the text of a configuration of one's own.
func (l *Lab) KeepalivedWith(name, config string) Director {
	l.t.Helper()
	file := func(suffix string) string {
		return filepath.Join(l.folder, name+".keepalived"+suffix)
	}
	if err := os.WriteFile(file(".conf"), []byte(config), 0o644); err != nil {
		l.t.Fatalf("configure keepalived on %s: %v", name, err)
	}
	return &launcher{
		name: name, daemon: "keepalived",
		election: func(pid int) bool { return pid == readPid(file(".vrrp.pid")) },
		balancer: func(pid int) bool { return pid == readPid(file(".checkers.pid")) },
		launch: func() *Process {
			l.t.Helper()
			// A killed one leaves these, and the next might believe them.
			for _, f := range []string{".pid", ".vrrp.pid", ".checkers.pid"} {
				os.Remove(file(f))
			}
			return l.spawn(l.director(name), name, "keepalived",
				"--dont-fork", "--no-syslog", "--log-console", "--log-detail",
				"--use-file", file(".conf"), "--pid", file(".pid"),
				"--vrrp_pid", file(".vrrp.pid"), "--checkers_pid", file(".checkers.pid"))
		},
	}
}

// readPid reads a pid file; 0 if there is none.
func readPid(path string) int {
	text, _ := os.ReadFile(path)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}
