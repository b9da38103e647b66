//go:build linux

package main

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hald-project/hald/integration/guest"
	"github.com/hald-project/hald/integration/lab"
)

// What cluster.hcl says, and what follows from it.
const (
	interval     = time.Second                          // advertisement_interval
	downInterval = 3*interval + interval*(256-100)/256  // Active_Down_Interval of lb2
	detection    = 2*time.Second + 500*time.Millisecond // fall × interval + timeout
	recovery     = 1*time.Second + 500*time.Millisecond // rise × interval + timeout
	oneARPUpdate = 100 * time.Millisecond               // make before break: nothing else is missed
	slack        = 100 * time.Millisecond               // for a bound in seconds
	leaseEnds    = downInterval + 3*time.Second         // the kernel takes a dead master's address
	patience     = 30 * time.Second                     // for anything that must happen
	aftermath    = 2 * time.Second                      // what goes wrong after a change, goes wrong soon
)

// play is the demonstration. It tells whether all bounds held.
func play(t *lab.Stage, s *screen) bool {
	s.text("%shald: a pair of directors fails over%s", bold, plain)
	where := "this machine's kernel"
	if guest.Simulated() {
		where = "a user-mode kernel"
	}
	l := lab.New(t)
	s.text(`
            ┌── lb1  hald, priority 150 ┐  192.0.2.100 is with one of them,
            ├── lb2  hald, priority 100 ┘  and so is the NAT server's gateway
  client ───┼── web1 nginx, by direct routing
            ├── web2 nginx, by NAT
            └── web3 nginx, by tunnel

  all on %s with real IPVS, as integration/demo/cluster.hcl says`, where)

	config := l.WriteFile("cluster.hcl", cluster)
	lb1, lb2 := l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	d := &demonstration{
		lab: l, screen: s, stage: t,
		news: &news{
			screen: s, owners: l.WatchOwners(lab.VIP), directors: []*lab.Hald{lb1, lb2},
			read: map[*lab.Process]int{},
		},
	}
	s.heading("start: hald on both directors, nginx on the real servers")
	d.act("hald starts on lb1 and lb2", func() { lb1.Start(); lb2.Start() })
	d.until("lb1 alone holds the address", d.held("lb1"))
	d.until("the real servers are in both tables", d.listed("web1", len(lab.Directors)))
	d.act("the client begins: a request every 20 ms", func() { d.news.client = l.Requests(lab.PortMixed) })
	d.until("all real servers answer", d.answering(3))
	d.pause(aftermath)

	d.realServerFails()
	d.masterStops(lb1)
	d.masterIsKilled(lb1)
	d.masterIsCutOff()

	s.now("")
	return d.table.show(s)
}

// demonstration is what the chapters share.
type demonstration struct {
	lab    *lab.Lab
	screen *screen
	stage  *lab.Stage
	news   *news
	table  table
}

func (d *demonstration) realServerFails() {
	web1 := d.lab.Server("web1")
	d.screen.heading("(a) a real server is killed")
	killed := d.act("kill -9 of nginx on web1", web1.Kill)
	d.until("web1 out of both tables", d.listed("web1", 0))
	d.pause(aftermath)
	d.table.add("(a) real server killed: connections refused for", d.refused(killed), detection)

	d.act("nginx starts on web1", web1.Restart)
	back := time.Now()
	d.until("web1 in both tables", d.listed("web1", len(lab.Directors)))
	d.until("web1 answers", d.answering(3))
	d.table.add("    back: until the client is sent to it", d.firstFrom("web1", back), recovery+slack)
	d.pause(aftermath)
}

func (d *demonstration) masterStops(lb1 lab.Director) {
	d.screen.heading("(b) the master is stopped")
	stopped := d.act("SIGTERM to hald on lb1", func() { lb1.Stop() })
	d.until("lb2 holds the address", d.held("lb2"))
	d.pause(aftermath)
	d.table.addGap("(b) master stopped: client's gap", d.gap(stopped), oneARPUpdate)
	d.comesBack("    back, preempting: client's gap", "hald starts on lb1", lb1.Start)
}

func (d *demonstration) masterIsKilled(lb1 lab.Director) {
	d.screen.heading("(c) the master is killed")
	killed := d.act("kill -9 of every hald process on lb1", lb1.Kill)
	d.until("lb2 alone holds the address", d.held("lb2"))
	d.pause(aftermath)
	d.table.addGap("(c) master killed: client's gap", d.gap(killed), oneARPUpdate)
	d.table.add("    the dead one's kernel holds the address for", d.heldAfter("lb1", killed), leaseEnds)
	d.comesBack("    back: client's gap", "hald starts on lb1", lb1.Start)
}

func (d *demonstration) masterIsCutOff() {
	d.screen.heading("(d) the master's link is cut")
	cut := d.act("the cable of lb1 is pulled", func() { d.lab.CutLink("lb1") })
	d.until("lb2 holds the address", func() bool { return d.lab.Holds("lb2", lab.VIP) })
	d.pause(aftermath)
	d.table.addGap("(d) link cut: client's gap", d.gap(cut), downInterval+slack)
	d.comesBack("    back: client's gap", "the cable is plugged in again", func() { d.lab.RestoreLink("lb1") })
}

// comesBack brings lb1 back to office and measures what that cost.
func (d *demonstration) comesBack(row, what string, act func()) {
	begin := d.act(what, act)
	d.until("lb1 alone holds the address", d.held("lb1"))
	d.until("lb1 has all real servers", func() bool { return strings.Count(d.lab.IPVS("lb1"), "-a -t") == 3 })
	d.pause(aftermath)
	d.table.addGap(row, d.gap(begin), oneARPUpdate)
}

// act does something to the cluster and tells it. It returns when it began.
func (d *demonstration) act(what string, do func()) time.Time {
	begin := time.Now()
	d.screen.at(begin, "▸", "%s%s%s", bold, what, plain)
	do()
	return begin
}

// until tells the news until something is so.
func (d *demonstration) until(what string, so func() bool) {
	deadline := time.Now().Add(patience)
	for !so() {
		if time.Now().After(deadline) {
			d.stage.Fatalf("not within %v: %s", patience, what)
		}
		d.pause(100 * time.Millisecond)
	}
}

// pause tells the news for a while.
func (d *demonstration) pause(length time.Duration) {
	for end := time.Now().Add(length); time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
		d.news.tell()
	}
}

func (d *demonstration) held(name string) func() bool {
	return func() bool {
		for _, director := range lab.Directors {
			if d.lab.Holds(director, lab.VIP) != (director == name) {
				return false
			}
		}
		return true
	}
}

// listed tells whether a server is in the tables of that many directors.
func (d *demonstration) listed(server string, directors int) func() bool {
	var address string
	for _, rs := range lab.RealServers {
		if rs.Name == server {
			address = rs.Address.Addr().String()
		}
	}
	return func() bool {
		n := 0
		for _, director := range lab.Directors {
			if strings.Contains(d.lab.IPVS(director), address) {
				n++
			}
		}
		return n == directors
	}
}

// answering tells whether that many servers answered in the last second, and
// nothing failed.
func (d *demonstration) answering(servers int) func() bool {
	return func() bool {
		last := d.news.client.Since(time.Now().Add(-time.Second))
		return len(last.Servers()) == servers && last.Failed() == 0
	}
}

// gap is the longest time without an answer since a moment.
func (d *demonstration) gap(since time.Time) lab.Gap {
	return d.news.client.Since(since).LongestGap()
}

// refused is how long after a moment connections were still refused.
func (d *demonstration) refused(since time.Time) (last time.Duration) {
	for _, s := range d.news.client.Since(since) {
		if errors.Is(s.Err, syscall.ECONNREFUSED) {
			last = s.Sent.Sub(since)
		}
	}
	return last
}

// firstFrom is how long after a moment a server first answered.
func (d *demonstration) firstFrom(server string, since time.Time) time.Duration {
	for _, s := range d.news.client.Since(since) {
		if s.Server == server {
			return s.Done.Sub(since)
		}
	}
	return patience
}

// heldAfter is how long after a moment a director still held the address.
func (d *demonstration) heldAfter(director string, since time.Time) (last time.Duration) {
	for _, t := range d.news.owners.Ownership().Since(since) {
		if slices.Contains(t.Owners, director) && !t.To.IsZero() {
			last = t.To.Sub(since)
		}
	}
	return last
}
