package integration

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// composed sets the scene with an interface of lb1 that is made of members: its
// cable is called p0, and what compose makes of it eth0.
func composed(t *testing.T, blocks string, compose func(l *lab.Lab)) *scene {
	t.Helper()
	l := lab.New(t)
	c := lab.Cluster{Services: lab.EachMethod, Check: patient}
	config := l.WriteFile("members.hcl", strings.Replace(configuration(t, l, c), "  preempt  ", blocks+"  preempt  ", 1))
	l.Run("lb1", "ip", "link", "set", lab.Interface, "down")
	l.Run("lb1", "ip", "link", "set", lab.Interface, "name", "p0")
	l.Run("lb1", "ip", "address", "flush", "dev", "p0")
	compose(l)
	l.Run("lb1", "ip", "link", "set", lab.Interface, "up")
	l.RestoreAddresses("lb1")
	l.Run("lb1", "sysctl", "-qw", "net.ipv4.conf.eth0.send_redirects=0")
	s := &scene{Lab: l, t: t, cluster: c, owners: l.WatchOwners(lab.VIP), wire: l.Capture(), began: time.Now()}
	s.lb1, s.lb2 = l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	s.client = inOffice(l, s.lb1, s.lb2)
	return s
}

// enslave makes a link of lb1 a member of its eth0.
func enslave(l *lab.Lab, member string) {
	l.Run("lb1", "ip", "link", "set", member, "down")
	l.Run("lb1", "ip", "link", "set", member, "master", lab.Interface)
	l.Run("lb1", "ip", "link", "set", member, "up")
}

// stays: what happens to a member changes nobody's state, and the client is
// served.
func (s *scene) stays(what string, within time.Duration, act func()) {
	s.t.Helper()
	before := transitions(s.lb1)
	u := s.turns("lb1", act)
	figures{u.gap.Length()}.within(s.t, what+": gap", within+unhurried+oneUpdate)
	if after := transitions(s.lb1); !slices.Equal(after, before) || u.none() > 0 || u.both() > 0 {
		s.t.Errorf("%s: transitions %q, before %q; owners: %v", what, after, before, u.history)
	}
}

// goes: what happens to the members is a fault of lb1's with this reason, at
// once, and its end makes lb1 master again.
func (s *scene) goes(reason string, fail, heal func()) {
	s.t.Helper()
	began := time.Now()
	u := s.turns("lb2", fail)
	figures{u.gap.Length()}.within(s.t, reason+": outage", s.cluster.DownInterval("lb2")+unhurried+oneUpdate)
	// A carrier's change follows another one a second later at least
	// (net/core/link_watch.c).
	bound := time.Second + unhurried + 2*oneUpdate + noise
	if strings.HasPrefix(reason, "track_") { // handed over, and there is nobody to be heard
		bound += time.Second // the interval
	}
	figures{u.kept("lb1")}.within(s.t, reason+": the old master let go after", bound)
	s.lb1.AwaitEvent(settle, "the reason", func(e lab.Event) bool {
		return e.Name == "vrrp.fault" && e.Reason == reason && e.Read.After(began)
	})
	seamlessly := s.turns("lb1", heal)
	if none := seamlessly.none(); none > 0 {
		s.t.Errorf("%s: on the return nobody had the address for %v: %v", reason, none, seamlessly.history)
	}
}

// TestBondMembers: while one member of a bond has carrier nothing happens; with
// the last one the master gives way.
func TestBondMembers(t *testing.T) {
	t.Parallel()
	second := lab.SecondPort("lb1")
	s := composed(t, "", func(l *lab.Lab) {
		l.SecondLink()
		l.Run("bridge", "ip", "link", "set", second, "master", "br0")
		l.Run("lb1", "ip", "link", "set", lab.SecondInterface, "down")
		l.Run("lb1", "ip", "link", "set", lab.SecondInterface, "name", "p1")
		l.Run("lb1", "ip", "link", "add", lab.Interface, "type", "bond", "mode", "active-backup", "miimon", "20")
		enslave(l, "p0")
		enslave(l, "p1")
	})
	active := func(want string) {
		t.Helper()
		s.Eventually(settle, "the active member is "+want, func() bool {
			return strings.Contains(s.Run("lb1", "ip", "-d", "link", "show", lab.Interface), "active_slave "+want+" ")
		})
	}
	active("p0")
	s.stays("the active member fails", s.cluster.SkewTime("lb2"), func() { s.CutLink("lb1"); active("p1") })
	s.goes("link_down", func() { s.CutLink(second) }, func() { s.RestoreLink("lb1") })
	active("p0")
	s.stays("the other member is back", 0, func() { s.RestoreLink(second) })
}

// TestBridgePorts: a bridge has carrier while one of its ports has. Where that is
// a port to a virtual machine the master must be told which one is its way out.
func TestBridgePorts(t *testing.T) {
	t.Parallel()
	s := composed(t, "  track \"interface\" \"p0\" {}\n", func(l *lab.Lab) {
		l.Run("lb1", "ip", "link", "add", lab.Interface, "type", "bridge")
		l.Run("lb1", "ip", "link", "add", "vm0", "type", "veth", "peer", "name", "vm1")
		l.Run("lb1", "ip", "link", "set", "vm1", "up")
		enslave(l, "p0")
		enslave(l, "vm0")
		// The other director's way out is called the same.
		l.Run("lb2", "ip", "link", "add", "p0", "type", "veth", "peer", "name", "p1")
		l.Run("lb2", "ip", "link", "set", "p0", "up")
		l.Run("lb2", "ip", "link", "set", "p1", "up")
	})
	s.stays("a port to a machine fails", 0, func() { s.Run("lb1", "ip", "link", "set", "vm1", "down") })
	s.Run("lb1", "ip", "link", "set", "vm1", "up")
	s.goes("track_interface:p0", func() { s.CutLink("lb1") }, func() { s.RestoreLink("lb1") })
	s.stays("the port is taken out", 0, func() { s.Run("lb1", "ip", "link", "delete", "vm0") })
	s.goes("link_down", func() { s.CutLink("lb1") }, func() { s.RestoreLink("lb1") })
}
