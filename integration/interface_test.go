package integration

import (
	"slices"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestR15InterfaceReplaced: the interface goes and another comes, with another
// index and MAC.
func TestR15InterfaceReplaced(t *testing.T) {
	l := lab.New(t)
	s := &scene{Lab: l, t: t, cluster: lab.Cluster{Interval: lively, Check: lab.Check{Fall: 10}}, owners: l.WatchOwners(lab.VIP)}
	s.lb1, s.lb2, s.client = pair(t, l, s.cluster)
	s.held = s.settled()
	s.goesAndComes(func() { s.RemoveInterface("lb1") }, func() { s.ReplaceInterface("lb1") })
	s.audit("lb1")
}

// TestR15Interface: the interface gets another name, and its own again, and then
// changes under the master's feet.
func TestR15Interface(t *testing.T) {
	s := begin(t, lab.Cluster{})
	const other = "192.0.2.13" // of lb1; the kernel puts it in the first one's place when that goes
	s.goesAndComes(func() {
		s.rename("lb1", lab.Interface, "lan0")
		s.Run("lb1", "sysctl", "-qw", "net.ipv4.conf.lan0.promote_secondaries=1")
		s.Run("lb1", "ip", "address", "add", other+"/24", "dev", "lan0")
	}, func() { s.rename("lb1", "lan0", lab.Interface) })

	// What does not keep a master from its work changes only what it says.
	before := transitions(s.lb1)
	t.Run("MAC", func(t *testing.T) {
		u := s.turns("lb1", func() { s.Run("lb1", "ip", "link", "set", lab.Interface, "address", "02:00:00:00:00:99") })
		figures{u.gap.Length()}.within(t, "gap", oneUpdate)
		if !slices.ContainsFunc(s.wire.Frames(u.start), func(f lab.Frame) bool {
			return f.ARP != nil && f.ARP.Gratuitous() && f.ARP.SenderIP == lab.VIP.Addr() && f.ARP.SenderMAC.String() == "02:00:00:00:00:99"
		}) {
			t.Error("the VIP was not announced at the new MAC")
		}
	})
	t.Run("Address", func(t *testing.T) {
		u := s.turns("lb1", func() {
			s.Run("lb1", "ip", "address", "delete", lab.DirectorAddress["lb1"].String(), "dev", lab.Interface)
		})
		figures{u.gap.Length()}.within(t, "gap", oneUpdate)
		s.Eventually(settle, "adverts come from another address", func() bool {
			adverts := s.wire.Adverts("lb1", u.start)
			return len(adverts) > 0 && adverts[len(adverts)-1].Advert.Source != lab.DirectorAddress["lb1"].Addr()
		})
	})
	if after := transitions(s.lb1); !slices.Equal(after, before) {
		t.Errorf("transitions: %q, before %q", after, before)
	}
	s.audit("lb1")
}

// goesAndComes takes lb1's interface and gives it one back, by which it hears of the
// other one's lower priority: a deaf one would be master again after a silence.
func (s *scene) goesAndComes(take, giveBack func()) {
	s.t.Helper()
	lost := s.turns("lb2", take)
	figures{lost.gap.Length()}.within(s.t, "outage", s.cluster.DownInterval("lb2")+oneUpdate)
	s.lb1.AwaitEvent(settle, "the reason", func(e lab.Event) bool {
		return e.Name == "vrrp.fault" && e.Reason == "interface_missing"
	})
	back := time.Now()
	seamless(s.t, []turn{s.turns("lb1", giveBack)})
	master := s.lb1.AwaitEvent(settle, "master again", func(e lab.Event) bool {
		return e.Name == "vrrp.transition" && e.To == "master" && e.Read.After(back)
	})
	if master.Reason != "preempt" {
		s.t.Errorf("lb1 is master again by %q: it did not hear lb2", master.Reason)
	}
	figures{master.Read.Sub(back)}.within(s.t, "master again after", s.cluster.DownInterval("lb1")+time.Second)
}

// rename gives a node's interface another name, for which it is set down.
func (s *scene) rename(node, from, to string) {
	s.t.Helper()
	s.Run(node, "ip", "link", "set", from, "down")
	s.Run(node, "ip", "link", "set", from, "name", to)
	s.Run(node, "ip", "link", "set", to, "up")
}
