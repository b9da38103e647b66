package integration

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestR26UnicastStrangers: in unicast, only the configured peers are listened to,
// and only on the link: a stranger, a stranger from behind a router, and one who
// uses the peer's address from there are discarded and reported. The same advert
// from the peer is obeyed.
func TestR26UnicastStrangers(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: 200 * time.Millisecond, Services: lab.EachMethod, Check: patient}
	text := configuration(t, l, c)
	config := l.WriteFile("unicast.hcl", strings.Replace(text, "preempt  ", "unicast = true\n  preempt  ", 1))
	s := office(t, l, c, l.HaldWith("lb1", config), l.HaldWith("lb2", config))
	owners, capture := s.owners, s.wire
	mac, err := net.ParseMAC(hardwareAddress(l, "lb1"))
	if err != nil {
		t.Fatal(err)
	}
	forged := func(source netip.Addr, ttl uint8) []byte {
		frame := stranger(func(a *lab.Advert) {
			a.Source, a.Destination, a.TTL, a.Priority = source, lab.DirectorAddress["lb1"].Addr(), ttl, 255
		})
		copy(frame, mac)
		return frame
	}
	outsider, peer := netip.MustParseAddr("192.0.2.99"), lab.DirectorAddress["lb2"].Addr()
	start := time.Now()
	for range 10 {
		l.Inject(forged(outsider, 255), forged(outsider, 64), forged(peer, 64))
		time.Sleep(c.Interval)
	}
	end := time.Now()
	if history := owners.Ownership().Since(start); history.Transfers() > 0 || history.None(end) > 0 || len(capture.Adverts("lb2", start)) > 0 {
		t.Errorf("strangers moved the address: %v", history)
	}
	punctual(t, between(l, capture, start, end), c.Interval, end.Sub(start))
	events, _ := foreign(s.lb1)
	t.Logf("reported: %v", events)
	if events["source"] == 0 || events["ttl"] == 0 {
		t.Errorf("lb1 reported %v, want source and ttl", events)
	}

	l.Inject(forged(peer, 255))
	l.Eventually(settle, "lb1 yields to its peer: this test is not blind", func() bool { return !l.Holds("lb1", lab.VIP) })
	s.audit("lb1")
}
