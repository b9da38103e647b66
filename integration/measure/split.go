//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// long is how long a master stands still, and a backup is deaf: longer than its
// peer waits, by far.
const long = 10 * time.Second

// pause freezes every process of the master (SIGSTOP) and thaws it.
func (s *session) pause() {
	event := fmt.Sprintf("the master stands still for %v", long)
	s.split(event, "… since it goes on", s.lb1.Freeze, s.lb1.Thaw)
}

// deafen lets no advertisement reach the backup for a while: it calls its live
// master dead.
func (s *session) deafen() {
	event := fmt.Sprintf("the backup hears nothing for %v", long)
	s.split(event, "… since it hears again", func() { s.lab.Lose(lab.Loss{To: "lb2", Match: lab.VRRP}) }, s.lab.Deliver)
}

// split makes both directors master for a while, and reports how long both held
// the address: during the fault, which nothing but a lease can shorten, and after
// it.
func (s *session) split(event, after string, begin, end func()) {
	broken := time.Now()
	begin()
	s.lab.Eventually(settle, "lb2 holds the VIP", func() bool { return s.lab.Holds("lb2", lab.VIP) })
	time.Sleep(time.Until(broken.Add(long)))
	mended := time.Now()
	end()
	s.settled()
	s.gaps(event, "–", broken)
	s.twoOwners(event, broken)
	s.kernels().row(after, "–", seconds).add(s.lb1.Daemon(), lasting(s.owners.Ownership().Since(mended).Both(time.Now())))
}
