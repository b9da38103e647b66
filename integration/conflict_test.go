package integration

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// unrefreshed is a pair in office without the announcements that come by
// themselves every minute, and its grace: how long after a takeover the former
// master may go on answering.
func unrefreshed(t *testing.T, l *lab.Lab) (s *scene, grace time.Duration) {
	t.Helper()
	c := lab.Cluster{Interval: 100 * time.Millisecond, Services: lab.EachMethod, Check: patient}
	text := configuration(t, l, c)
	path := l.WriteFile("unrefreshed.hcl", text+`
vrrp_defaults {
  gratuitous_arp {
    refresh = "0s"
  }
}
`)
	return office(t, l, c, l.HaldWith("lb1", path), l.HaldWith("lb2", path)), 3*time.Second + 100*time.Millisecond + 2*time.Second
}

// conflicts are the reports of strangers.
func conflicts(h *lab.Hald) (list []lab.Event) {
	for _, e := range h.Events() {
		if e.Name == "address.conflict" {
			list = append(list, e)
		}
	}
	return list
}

// TestR18ForeignClaim: one who announces the VIP again and again is reported
// within a second, once; it is answered once in ten seconds, so that the clients
// come back; nobody changes its state.
func TestR18ForeignClaim(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, grace := unrefreshed(t, l)
	lb1, lb2, client := s.lb1, s.lb2, s.client
	s.Eventually(settle, "nobody has claimed the addresses of late, and the second burst is over", func() bool {
		var claimed time.Time
		for _, e := range slices.Concat(lb1.Events(), lb2.Events()) {
			if e.Name == "address.claimed" && e.Read.After(claimed) {
				claimed = e.Read
			}
		}
		return time.Since(claimed) > grace+2*time.Second
	})

	intruder := net.HardwareAddr{2, 0, 0, 0, 0, 99}
	s.intruder = intruder.String()
	start := time.Now()
	for time.Since(start) < 10*time.Second {
		l.Inject(lab.Announcement(intruder, lab.VIP.Addr()))
		time.Sleep(500 * time.Millisecond)
	}
	last := time.Now()
	disturbed := client.Since(start).Failed()
	served(l, client)
	l.Eventually(11*time.Second, "the client has come back for good", func() bool {
		return strings.Contains(l.Run("client", "ip", "neigh", "show", lab.VIP.Addr().String()), hardwareAddress(l, "lb1"))
	})
	end := time.Now()

	reports := conflicts(lb1)
	if len(reports) != 1 {
		t.Fatalf("reports: %v", reports)
	}
	r := reports[0]
	t.Logf("reported after %v: %s; %d requests of the client failed meanwhile; it came back %v after the last claim", r.Read.Sub(start), r.Line, disturbed, end.Sub(last))
	if parsed(r).TS.Sub(start) > time.Second+busy(client.Since(start)) || r.Peer != intruder.String() || r.Address != lab.VIP.String() {
		t.Errorf("report after %v: %s", r.Read.Sub(start), r.Line)
	}
	answers := s.wire.Announcements("lb1", start)
	for i, f := range answers {
		if f.ARP.SenderIP != lab.VIP.Addr() {
			t.Errorf("%v was announced, which nobody claimed", f.ARP.SenderIP)
		}
		if i > 0 && f.Time.Sub(answers[i-1].Time) < 10*time.Second {
			t.Errorf("two answers within %v", f.Time.Sub(answers[i-1].Time))
		}
	}
	if len(answers) < 2 || len(answers) > 3 {
		t.Errorf("%d answers in %v", len(answers), end.Sub(start))
	}
	if disturbed == 0 {
		t.Error("the stranger got no request of the client: this test is blind")
	}
	if h := s.owners.Ownership().Since(start); h.Transfers() > 0 || h.None(end) > 0 || slices.ContainsFunc(conflicts(lb2), func(e lab.Event) bool { return e.Peer != s.intruder }) {
		t.Errorf("owners: %v; reports of the backup: %v", h, conflicts(lb2))
	}
	s.audit("lb1")
}

// TestR18Squatter: a node that has the VIP by mistake and says so only when
// asked was there before the master: it is reported before the claim, which it does not
// delay, and again when the former master's lease must be over, and not fought. A killed director, whose kernel answers
// until then, is no stranger.
func TestR18Squatter(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, grace := unrefreshed(t, l)
	lb1, lb2 := s.lb1, s.lb2
	lb1.Kill() // its kernel goes on answering
	l.AwaitMaster("lb2", settle)
	time.Sleep(grace + time.Second)
	if c := conflicts(lb2); len(c) > 0 {
		t.Errorf("lb2 took the killed director for a stranger: %v", c)
	}

	s.intruder = hardwareAddress(l, "web2")
	l.Run("web2", "ip", "address", "add", lab.VIP.Addr().String()+"/32", "dev", lab.Interface)
	lb1.Start()
	l.AwaitMaster("lb1", settle)
	claimed := time.Now()
	e := lb1.AwaitEvent(settle, "a stranger answers", func(e lab.Event) bool { return e.Name == "address.conflict" && e.Reason == "after_claim" })
	first := conflicts(lb1)[0]
	if first.Reason != "before_claim" || first.Peer != s.intruder || first.Address != lab.VIP.String() {
		t.Errorf("the first report: %s", first.Line)
	}
	if story := lb1.Events(); slices.IndexFunc(story, func(e lab.Event) bool { return e.Line == first.Line }) >
		slices.IndexFunc(story, func(e lab.Event) bool { return e.Name == "vrrp.transition" && e.To == "master" }) {
		t.Errorf("it was told after the claim: %s", first.Line)
	}
	t.Logf("reported %v after the takeover: %s", e.Read.Sub(claimed), e.Line)
	if e.Peer != s.intruder || e.Read.Sub(claimed) > grace+time.Second+machineStall {
		t.Errorf("report after %v: %s", e.Read.Sub(claimed), e.Line)
	}
	for _, f := range s.wire.Announcements("lb1", claimed.Add(grace)) {
		if f.ARP.SenderIP == lab.VIP.Addr() && f.Time.After(e.Read) {
			t.Errorf("%s was fought at %v", e.Peer, f.Time)
		}
	}
	s.audit("lb1")

	killed := time.Now()
	lb1.Kill()
	l.AwaitMaster("lb2", settle)
	l.Eventually(settle, "lb2 tells of the stranger and of its claim", func() bool { return len(takeovers(lb2, killed)) > 0 && len(conflicts(lb2)) > 0 })
	down := lab.Cluster{Interval: 100 * time.Millisecond}.DownInterval("lb2")
	if silence := takeovers(lb2, killed)["lab"]; silence < down-late || silence > down+machineStall {
		t.Errorf("lb2 took over after %v of silence, want %v", silence, down)
	}
}

// hardwareAddress is the MAC of a node's interface.
func hardwareAddress(l *lab.Lab, node string) string {
	_, after, _ := strings.Cut(l.Run(node, "ip", "-o", "link", "show", lab.Interface), "link/ether ")
	mac, _, _ := strings.Cut(after, " ")
	return mac
}
