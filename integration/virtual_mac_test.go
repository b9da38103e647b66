package integration

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// virtualMAC is that of the lab's virtual router (RFC 9568, 7.3).
var virtualMAC = net.HardwareAddr{0, 0, 0x5e, 0, 1, lab.VRID}

// virtualLink is where hald holds the addresses with it.
var virtualLink = fmt.Sprintf("vr4-%d-%s", lab.VRID, lab.Interface)

// TestVirtualMAC: whoever is master, and however it changes, neighbours know the
// address by the virtual MAC and by no other, and the client sees less than one
// ARP update of it.
func TestVirtualMAC(t *testing.T) {
	s := begin(t, lab.Cluster{Virtual: true})
	joined := s.Tcpdump("igmp")
	s.lb1.AwaitEvent(settle, "the self-test is passed", func(e lab.Event) bool { return e.Name == "virtual_mac.ready" })
	knows(t, s.Lab, "in the beginning")
	if answers := s.Run("client", "sh", "-c", "arping -c2 -w3 -I eth0 "+lab.VIP.Addr().String()+" || true"); strings.Count(answers, "reply from") != 2 ||
		strings.Count(strings.ToLower(answers), virtualMAC.String()) != 2 {
		t.Errorf("not one answer to each of two requests, with the virtual MAC:\n%s", answers)
	}

	var planned, unplanned []turn
	planned = append(planned, s.turns("lb2", func() { s.lb1.Stop() }))
	knows(t, s.Lab, "after a stop")
	if left := links(s.Lab, "lb1"); strings.Contains(left, virtualLink) {
		t.Errorf("a director that has stopped has left\n%s", left)
	}
	planned = append(planned, s.turns("lb1", s.lb1.Start))
	knows(t, s.Lab, "after the return")
	unplanned = append(unplanned, s.turns("lb2", s.lb1.Kill))
	knows(t, s.Lab, "after a kill -9")
	if !strings.Contains(links(s.Lab, "lb1"), virtualLink) {
		t.Error("a killed director left nothing: this test is blind")
	}
	unplanned = append(unplanned, s.turns("lb1", s.lb1.Start))
	knows(t, s.Lab, "after the return of the killed one")
	seamless(t, planned)
	seamless(t, unplanned)
	fromVirtualMAC(t, s.wire, s.began, lab.Directors...)
	if groups := s.Run("lb1", "ip", "maddr", "show", "dev", virtualLink); strings.Contains(groups, "224.0.0.18") || !strings.Contains(groups, "224.0.0.1") {
		t.Errorf("%s is in the group of VRRP, or this test is blind:\n%s", virtualLink, groups)
	}
	silentInIGMP(t, joined)
	for _, h := range s.directors() {
		if strings.Contains(logOf(t, s.Lab, h.Name()), `"event":"virtual_mac.wrong"`) {
			t.Errorf("%s: something was wrong with the virtual MAC", h.Name())
		}
	}
	s.audit("lb1")

	s.lb1.Kill()
	if out, status := s.lb1.Command("cleanup"); status != 0 {
		t.Errorf("cleanup: %d, %s", status, out)
	}
	if left := links(s.Lab, "lb1"); strings.Contains(left, virtualLink) {
		t.Errorf("cleanup has left\n%s", left)
	}
	if got := s.Run("lb1", "cat", "/proc/sys/net/ipv4/conf/eth0/arp_ignore", "/proc/sys/net/ipv4/conf/eth0/arp_announce"); got != "0\n0\n" {
		t.Errorf("arp_ignore and arp_announce of the interface are %q", got)
	}
}

// TestInteropVirtualMAC: keepalived with use_vmac and hald follow one another,
// and the client never learns another MAC.
func TestInteropVirtualMAC(t *testing.T) {
	t.Parallel()
	c := lab.Cluster{Virtual: true, Services: lab.EachMethod, Check: patient}
	for name, set := range map[string]func(l *lab.Lab) (lb1, lb2 lab.Director){
		"HaldMaster":       func(l *lab.Lab) (lb1, lb2 lab.Director) { return l.Hald("lb1", c), l.Keepalived("lb2", c) },
		"KeepalivedMaster": func(l *lab.Lab) (lb1, lb2 lab.Director) { return l.Keepalived("lb1", c), l.Hald("lb2", c) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lab.New(t)
			lb1, lb2 := set(l)
			wire, began := l.Capture(), time.Now()
			client := inOffice(l, lb1, lb2)
			// What keepalived says in this kernel, which lacks the filter it uses, is
			// not always the virtual MAC.
			knows := func(owner lab.Director, when string) {
				t.Helper()
				if owner.Daemon() == "hald" {
					knows(t, l, when)
				}
			}
			knows(lb1, "in the beginning")
			for what, act := range map[string]func(){"stop": func() { lb1.Stop() }, "kill": lb1.Kill} {
				start := time.Now()
				act()
				l.Eventually(settle, "lb2 holds the VIP", func() bool { return l.Holds("lb2", lab.VIP) })
				served(l, client)
				knows(lb2, "after the "+what)
				passed(t, what, lb1, client.Since(start))
				start = time.Now()
				lb1.Start()
				l.AwaitMaster("lb1", settle)
				served(l, client)
				knows(lb1, "after the return")
				passed(t, "return", lb1, client.Since(start))
			}
			ours := "lb1"
			if lb2.Daemon() == "hald" {
				ours = "lb2"
			}
			fromVirtualMAC(t, wire, began, ours)
		})
	}
}

// passed tells what a change cost the client. Where it is hald that goes and
// comes, that is no more than the client's own rhythm and the switch's update.
func passed(t *testing.T, what string, lb1 lab.Director, samples lab.Samples) {
	t.Helper()
	gap := samples.LongestGap()
	t.Logf("%s of %s: %v", what, lb1.Daemon(), gap)
	if lb1.Daemon() == "hald" && gap.Length() > handover+slack(samples)/2 {
		t.Errorf("%s cost the client %v, want at most %v", what, gap, handover)
	}
}

// knows checks that the client's entry for the VIP is the virtual MAC.
func knows(t *testing.T, l *lab.Lab, when string) {
	t.Helper()
	if entry := l.Run("client", "ip", "neigh", "show", lab.VIP.Addr().String()); !strings.Contains(entry, virtualMAC.String()) {
		t.Errorf("%s the client knows %q", when, entry)
	}
}

func links(l *lab.Lab, director string) string { return l.Run(director, "ip", "-d", "link") }

// fromVirtualMAC checks that advertisements have the virtual MAC, except a last
// word that was sent when the link was gone, and that nobody says of a virtual
// address that it is at another one.
func fromVirtualMAC(t *testing.T, wire *lab.Capture, since time.Time, directors ...string) {
	t.Helper()
	adverts := 0
	for _, f := range wire.Frames(since) {
		switch {
		case !slices.Contains(directors, f.From):
		case f.Advert != nil && f.Advert.Priority != 0:
			adverts++
			if f.Source.String() != virtualMAC.String() {
				t.Errorf("an advertisement of %s has the source MAC %v", f.From, f.Source)
			}
		case f.ARP != nil:
			for _, a := range lab.VirtualAddresses {
				if f.ARP.SenderIP == a.Addr() && (f.ARP.SenderMAC.String() != virtualMAC.String() || f.Source.String() != virtualMAC.String()) {
					t.Errorf("%s says that %v is at %v, from %v", f.From, a.Addr(), f.ARP.SenderMAC, f.Source)
				}
			}
		}
	}
	if adverts == 0 {
		t.Error("no advertisement was seen")
	}
}

// silentInIGMP checks that tcpdump heard of no membership with the virtual MAC, and
// of others.
func silentInIGMP(t *testing.T, heard *lab.Process) {
	t.Helper()
	heard.Stop()
	reports := strings.Join(heard.Lines(), "\n")
	if strings.Contains(reports, virtualMAC.String()+" >") || !strings.Contains(reports, "igmp v3 report") {
		t.Errorf("the virtual MAC spoke IGMP, or nobody did:\n%s", reports)
	}
}
