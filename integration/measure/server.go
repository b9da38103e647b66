//go:build linux

package main

import (
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// What the cluster says of its checks, by default.
const (
	checkInterval = time.Second
	checkTimeout  = 500 * time.Millisecond
	fall, rise    = 2, 1
)

// killServer kills a real server and starts it again, and watches the master's
// table. The way back is counted from the first answer that the server gives.
func (s *session) killServer() {
	t := s.report.table("A real server fails and comes back", daemons...)
	web1, address := s.lab.Server("web1"), lab.RealServers[0].Address.Addr().String()
	before := s.table("lb1")

	web1.Kill()
	removed := until(settle, func() bool { return !strings.Contains(s.lab.IPVS("lb1"), address) })
	t.row("killed, until it is out of the table", show(fall*checkInterval+checkTimeout), seconds).add(s.lb1.Daemon(), removed)
	time.Sleep(aftermath)

	web1.Restart()
	returned := until(settle, func() bool { return slices.Equal(s.table("lb1"), before) })
	t.row("answers, until it is back with its weight", show(rise*checkInterval+checkTimeout), seconds).add(s.lb1.Daemon(), returned)
	s.progress("  a real server: removed after %.3f s, back after %.3f s", removed, returned)
	s.settled()
}
