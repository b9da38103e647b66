//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// quiet measures what the instruments see when nothing happens.
func (s *session) quiet() {
	begin := time.Now()
	time.Sleep(3 * time.Second)
	s.gaps("nothing at all", "–", begin)
}

// stop ends the master in good order, and brings it back.
func (s *session) stop() {
	begin := time.Now()
	s.lb1.Stop()
	s.succeeded()
	s.gaps("SIGTERM of the master", s.skew(), begin)
	s.overhead("SIGTERM of the master", begin)
	s.back("the master returns", s.lb1.Start)
}

// killWorker is kill -9 of the one process that speaks VRRP on the master.
func (s *session) killWorker() {
	const event = "`kill -9` of the election worker"
	begin := time.Now()
	s.lb1.KillElection()
	time.Sleep(s.cluster.DownInterval("lb2") + aftermath) // until it has moved, if it moves
	s.settled()
	s.gaps(event, s.down(), begin)
	s.overhead(event, begin)
	s.twoOwners(event, begin)
}

// kill is kill -9 of every process on the master. Its kernel is watched for
// longer than a lease may last.
func (s *session) kill() {
	const event = "`kill -9` of the master"
	begin := time.Now()
	s.lb1.Kill()
	dead := time.Now() // finding the processes takes its time
	s.succeeded()
	bound := s.cluster.DownInterval("lb2") + 3*time.Second
	time.Sleep(time.Until(begin.Add(bound + aftermath)))
	s.gaps(event, s.down(), begin)
	s.overhead(event, begin)
	s.twoOwners(event, begin)
	s.kernels().row("… the dead master's kernel holds the address", "hald: "+show(bound), seconds).
		add(s.lb1.Daemon(), s.heldBy("lb1", dead))
	s.back("the killed master returns", s.lb1.Start)
}

// cutLink pulls the master's cable, and plugs it in again.
func (s *session) cutLink() {
	begin := time.Now()
	s.lab.CutLink("lb1")
	s.succeeded()
	s.gaps("the master's cable is cut", s.down(), begin)
	s.overhead("the master's cable is cut", begin)
	s.back("the cable is back", func() { s.lab.RestoreLink("lb1") })
}

// back returns lb1 to office.
func (s *session) back(event string, act func()) {
	begin := time.Now()
	act()
	s.settled()
	s.gaps(event, "–", begin)
}

// succeeded waits until lb2 has taken over and the client is served again.
func (s *session) succeeded() {
	s.lab.Eventually(settle, "lb2 holds the VIP", func() bool { return s.lab.Holds("lb2", lab.VIP) })
	s.served()
	time.Sleep(aftermath)
}

// gaps reports how long the client went without an answer since an event, by the
// clock, and how much of that was not the machine's.
func (s *session) gaps(event, bound string, begin time.Time) {
	t := s.report.table(s.every("The client's longest gap"),
		"hald", "keepalived", "hald"+lessControl, "keepalived"+lessControl)
	missed, certain := s.gap(begin)
	row := t.row(event, bound, seconds)
	row.add(s.lb1.Daemon(), missed)
	row.add(s.lb1.Daemon()+lessControl, certain)
	s.progress("  %s: %.3f s, less control %.3f s", event, missed, certain)
}

// lessControl marks a column: what the control missed, too, is taken off.
const lessControl = ", less control"

// gap is the longest stretch without an answer since an event: by the clock, and
// less what the control missed. It may have begun with the last answer before.
func (s *session) gap(begin time.Time) (missed, certain figure) {
	samples := s.requests.Since(begin.Add(-2 * lab.RequestEvery))
	for _, g := range samples.Gaps(0) {
		missed = max(missed, lasting(g.Elapsed()))
	}
	return missed, lasting(samples.LongestGap().Length())
}

// overhead reports how much later than it had to lb2 announced itself, if it did.
// What it had to wait for depends on the last words of the master.
func (s *session) overhead(event string, begin time.Time) {
	t, ok := s.takeover(begin)
	if !ok {
		s.progress("  %s: the wire shows no takeover", event)
		return
	}
	s.report.table(s.every("From the last advert to the first announcement, beyond the bound"), daemons...).
		row(event+" ("+t.wait()+")", show(t.bound(s.cluster, "lb2")), seconds).
		add(s.lb1.Daemon(), lasting(t.overhead(s.cluster, "lb2")))
}

func (s *session) takeover(event time.Time) (takeover, bool) {
	frames := s.capture.Frames(event.Add(-s.cluster.Interval * 3 / 2))
	return seen(frames, "lb1", "lb2", lab.VIP.Addr(), event)
}

// twoOwners reports how long both kernels held the address since an event.
func (s *session) twoOwners(event string, begin time.Time) {
	s.kernels().row(event+": two owners", "–", seconds).
		add(s.lb1.Daemon(), lasting(s.owners.Ownership().Since(begin).Both(time.Now())))
}

func (s *session) kernels() *table {
	return s.report.table(s.every("The address in the kernels, watched for a second longer than the bound"), daemons...)
}

// heldBy is how long since an event a director holds the address, or never if it
// holds it still.
func (s *session) heldBy(director string, begin time.Time) (held figure) {
	for _, t := range s.owners.Ownership().Since(begin) {
		switch {
		case !slices.Contains(t.Owners, director):
			return held
		case t.To.IsZero():
			return never
		}
		held = lasting(t.To.Sub(begin))
	}
	return held
}

// every is a title for what is measured at each advertisement interval.
func (s *session) every(title string) string {
	return fmt.Sprintf("%s; advertisements every %v", title, s.cluster.Interval)
}

func (s *session) skew() string { return show(s.cluster.SkewTime("lb2")) }
func (s *session) down() string { return show(s.cluster.DownInterval("lb2")) }

// show writes a bound as the figures beside it are written.
func show(d time.Duration) string { return summarize([]figure{lasting(d)}).in(seconds) }
