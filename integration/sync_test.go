package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// standing is how many long-lived connections a client has through each method.
const standing = 200

// outlasts is how long a request on a standing connection may take while another
// director takes over: TCP asks again after 0.2, 0.6, 1.4, 3 and 6.2 s.
const outlasts = 20 * time.Second

// synchronised is a pair that tells each other of its connections on a link of
// their own, and of those in use again so often; who comes back waits as long
// as hald advises before it preempts.
func synchronised(t *testing.T, refresh time.Duration) (l *lab.Lab, lb1, lb2 *lab.Hald) {
	t.Helper()
	l = lab.New(t)
	l.SecondLink()
	for _, name := range lab.Directors {
		addressOnSecond(l, name)
	}
	c := lab.Cluster{Interval: 300 * time.Millisecond, Services: lab.EachMethod, Check: patient}
	text := strings.Replace(configuration(t, l, c), "  preempt  ", fmt.Sprintf("  preempt_delay = %q\n  preempt  ", refresh+4*time.Second), 1)
	config := l.WriteFile("sync.hcl", text+fmt.Sprintf(`
ipvs {
  connection_sync {
    vrrp_instance = "lab"
    interface     = "eth1"
    refresh       = %q
  }
}
`, refresh))
	lb1, lb2 = l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	inOffice(l, lb1, lb2).Stop()
	return l, lb1, lb2
}

// addressOnSecond gives a director an address on the second link, without which
// the kernel does not synchronise.
func addressOnSecond(l *lab.Lab, name string) {
	own := map[string]string{"lb1": "203.0.113.11/24", "lb2": "203.0.113.12/24"}
	l.Run(name, "ip", "address", "add", own[name], "dev", lab.SecondInterface)
}

// synchronises waits until a director has told that it synchronises in a role.
func synchronises(h *lab.Hald, role string) {
	h.AwaitEvent(settle, "it synchronises as "+role, func(e lab.Event) bool { return e.Name == "sync.started" && e.To == role })
}

// stands are the connections of a client through DR and through NAT.
type stands []*lab.Standing

func stand(l *lab.Lab) stands {
	return stands{l.Stand(lab.PortDR, standing), l.Stand(lab.PortNAT, standing)}
}

// outlast holds that every connection is answered: that in flight now, and a
// request after the change.
func (s stands) outlast(t *testing.T, what string, change func()) {
	t.Helper()
	before := make(chan []lab.Fates, 1)
	go func() { before <- s.ask() }()
	change()
	for i, fates := range append(<-before, s.ask()...) {
		t.Logf("%s: %v", what, fates)
		if fates.Answered != standing {
			t.Errorf("%s: of %d connections %v (figure %d of DR, NAT, DR, NAT)", what, standing, fates, i+1)
		}
	}
}

func (s stands) ask() (all []lab.Fates) {
	for _, one := range s {
		all = append(all, one.Ask(outlasts))
	}
	return all
}

// known waits until a director's kernel knows so many times the client's
// connections.
func known(l *lab.Lab, director string, times int) {
	for _, port := range []int{lab.PortDR, lab.PortNAT} {
		l.Eventually(settle, director+" knows the connections", func() bool { return l.Established(director, port) >= times*standing })
	}
}

// TestConnectionsOutliveTheMaster: what the client has open when the master gives
// way, or dies, it still has with the next one, through DR and NAT; a role that
// lost its interface is taken up again when that returns.
func TestConnectionsOutliveTheMaster(t *testing.T) {
	t.Parallel()
	l, lb1, lb2 := synchronised(t, 10*time.Second)
	first := stand(l)
	known(l, "lb2", 1)
	first.outlast(t, "handover", func() {
		if out, status := lb1.Command("handover"); status != 0 {
			t.Fatalf("handover: exit status %d: %s", status, out)
		}
		l.AwaitMaster("lb2", settle)
	})
	synchronises(lb2, "sender")
	synchronises(lb1, "receiver")

	second := stand(l)
	known(l, "lb1", 2)
	first.outlast(t, "kill -9, those that moved before", func() {
		lb2.Kill()
		l.AwaitMaster("lb1", settle)
	})
	second.outlast(t, "kill -9, those opened since", func() {})
	synchronises(lb1, "sender")

	l.Run("lb1", "ip", "link", "delete", lab.SecondInterface)
	lb1.AwaitEvent(settle, "the interface is missed", func(e lab.Event) bool {
		return e.Name == "sync.stopped" && e.From == "sender" && e.Reason == "its interface is gone"
	})
	lb2.Start()
	synchronises(lb2, "receiver")
	l.SecondLinkOf("lb1")
	addressOnSecond(l, "lb1")
	synchronises(lb1, "sender")
	third := stand(l)
	known(l, "lb2", 3)
	third.outlast(t, "kill -9 of the one that had lost its interface", func() {
		lb1.Kill()
		l.AwaitMaster("lb2", settle)
	})
}

// TestConnectionsOutliveTheReturn: a director that was dead while connections
// were opened learns of them, those in use, before it takes its place back.
func TestConnectionsOutliveTheReturn(t *testing.T) {
	t.Parallel()
	const refresh = 3 * time.Second
	l, lb1, lb2 := synchronised(t, refresh)
	lb1.Kill()
	l.AwaitMaster("lb2", settle)
	synchronises(lb2, "sender")
	opened := stand(l)
	if n := l.Established("lb1", lab.PortDR); n > 0 {
		t.Fatalf("lb1, which is dead, knows %d connections", n)
	}
	lb1.Start()
	for began := time.Now(); !l.Holds("lb1", lab.VIP) && time.Since(began) < settle; time.Sleep(refresh / 3) {
		opened.ask()
	}
	l.AwaitMaster("lb1", settle)
	opened.outlast(t, "the return", func() {})
}
