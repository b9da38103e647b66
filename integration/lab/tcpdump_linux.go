package lab

import "strings"

// Tcpdump starts tcpdump on the bridge: an independent witness of multicast and
// broadcast frames, one line each in the process's output. It sees what begins
// after it returns. Stop it before reading its last lines.
func (l *Lab) Tcpdump(filter string) *Process {
	l.t.Helper()
	p := l.spawn(l.bridge, "tcpdump", "tcpdump", "-i", bridge, "-n", "-e", "-v", "-l", "--immediate-mode", filter)
	_, _, listening := p.out.await(0, webTimeout, func(line Line) bool {
		return strings.Contains(line.Text, "listening on")
	})
	if !listening {
		l.t.Fatalf("tcpdump does not listen: %v", p.Lines())
	}
	return p
}
