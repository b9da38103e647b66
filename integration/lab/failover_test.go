package lab_test

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// pair starts keepalived on both directors and waits until the client of the DR
// service is served.
func pair(t *testing.T, l *lab.Lab, c lab.Cluster) (lb1, lb2 lab.Director, client *lab.Probe) {
	t.Helper()
	c.Services = lab.EachMethod
	lb1, lb2 = l.Keepalived("lb1", c), l.Keepalived("lb2", c)
	lb1.Start()
	lb2.Start()
	l.AwaitMaster("lb1", settle)
	for _, name := range lab.Directors {
		l.Eventually(settle, name+" has its servers", func() bool {
			return len(l.Behind(name, lab.PortDR))+len(l.Behind(name, lab.PortNAT))+len(l.Behind(name, lab.PortTUN)) == 3
		})
	}
	client = l.Requests(lab.PortDR)
	l.Eventually(settle, "the client is served", func() bool { return len(client.Samples().Servers()) > 0 })
	return lb1, lb2, client
}

// TestInstrumentsAgreeOnACleanStop has keepalived do what is known of it: give
// its addresses up first, so that nobody has them for Skew_Time.
func TestInstrumentsAgreeOnACleanStop(t *testing.T) {
	l := lab.New(t)
	c := lab.Cluster{}
	lb1, _, client := pair(t, l, c)
	owners, capture, pings := l.WatchOwners(lab.VIP), l.Capture(), l.Pings(lab.VIP.Addr())
	l.Eventually(settle, "an advert of the master", func() bool { return len(capture.Adverts("lb1", time.Time{})) > 0 })

	start := time.Now()
	lb1.Stop()
	l.AwaitMaster("lb2", settle)
	l.Eventually(settle, "the client is served again", func() bool {
		s := client.Samples()
		return len(s) > 0 && s[len(s)-1].Served()
	})

	skew := c.SkewTime("lb2")
	gap := client.Stop().Since(start).LongestGap()
	pinged := pings.Stop().Since(start).LongestGap()
	history := owners.Ownership().Since(start)
	t.Logf("Skew_Time %v; requests: %v; pings: %v; owners: %v", skew, gap, pinged, history)
	// Half a second is what a machine that others use too may add.
	const slack = 500 * time.Millisecond
	none := history.None(time.Now())
	for _, c := range []struct {
		what           string
		elapsed, known time.Duration
	}{
		{"requests", gap.Elapsed(), gap.Length()}, {"pings", pinged.Elapsed(), pinged.Length()}, {"no owner", none, none},
	} {
		if c.elapsed < skew-50*time.Millisecond || c.known > skew+slack {
			t.Errorf("%s: %v (%v known), want about %v", c.what, c.elapsed, c.known, skew)
		}
	}
	if both := history.Both(time.Now()); both != 0 {
		t.Errorf("both held the address for %v", both)
	}

	adverts := capture.Adverts("lb1", start)
	if len(adverts) == 0 || adverts[len(adverts)-1].Advert.Priority != 0 {
		t.Errorf("the last advert of the stopped master is not of priority 0: %+v", adverts)
	}
	announced := map[string]bool{}
	for _, f := range capture.Announcements("lb2", start) {
		announced[f.ARP.SenderIP.String()] = true
	}
	if len(announced) != 2 {
		t.Errorf("the successor announced %v, want both addresses", announced)
	}
}

// TestQuietClientSeesNoGap is the noise floor: what an undisturbed client
// measures on this machine.
func TestQuietClientSeesNoGap(t *testing.T) {
	l := lab.New(t)
	_, _, client := pair(t, l, lab.Cluster{})
	start := time.Now()
	l.Eventually(settle, "250 requests", func() bool { return len(client.Samples().Since(start)) >= 250 })
	s := client.Stop().Since(start)
	t.Logf("%d requests in %v, longest gap: %v", len(s), s[len(s)-1].Sent.Sub(s[0].Sent), s.LongestGap())
	if n := s.Failed(); n != 0 {
		t.Errorf("%d requests failed", n)
	}
}

// TestKillLeavesTwoOwners: kill -9 leaves keepalived's addresses behind.
func TestKillLeavesTwoOwners(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: 100 * time.Millisecond}
	lb1, _, client := pair(t, l, c)
	owners := l.WatchOwners(lab.VIP)
	start := time.Now()
	lb1.Kill()
	if lb1.Running() {
		t.Error("the killed daemon runs")
	}
	l.Eventually(settle, "lb2 holds the VIP too", func() bool { return l.Holds("lb2", lab.VIP) })
	l.Eventually(settle, "two owners for a second", func() bool {
		return owners.Ownership().Both(time.Now()) > time.Second
	})
	t.Logf("requests: %v; owners: %v", client.Stop().Since(start).LongestGap(), owners.Ownership().Since(start))
	lb1.Start()
	l.AwaitMaster("lb1", settle)
}

// TestCutLink: the client is without service for the successor's
// Active_Down_Interval, less what had passed of the last interval.
func TestCutLink(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{}
	_, _, client := pair(t, l, c)
	start := time.Now()
	l.CutLink("lb1")
	l.Eventually(settle, "lb2 holds the VIP", func() bool { return l.Holds("lb2", lab.VIP) })
	l.Eventually(settle, "the client is served again", func() bool {
		s := client.Samples().Since(start)
		return len(s) > 0 && s[len(s)-1].Served()
	})
	gap := client.Samples().Since(start).LongestGap()
	t.Logf("Active_Down_Interval %v; requests: %v", c.DownInterval("lb2"), gap)
	if down := c.DownInterval("lb2"); gap.Elapsed() < down-c.SkewTime("lb2")-time.Second || gap.Length() > down+time.Second {
		t.Errorf("%v without service, want at most %v", gap, down)
	}
	l.RestoreLink("lb1")
	l.AwaitMaster("lb1", settle)
}

// TestLossMakesTwoMasters: a backup that hears no adverts claims the address,
// whatever else the bridge delivers; it yields when it hears them again.
func TestLossMakesTwoMasters(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	pair(t, l, lab.Cluster{Interval: 100 * time.Millisecond})
	l.Lose(lab.Loss{From: "lb1", To: "lb2", Match: lab.VRRP})
	l.Eventually(settle, "the deaf backup claims the VIP", func() bool { return l.Holds("lb2", lab.VIP) })
	l.Deliver()
	l.AwaitMaster("lb1", settle)
}

// TestTcpdumpSeesWhatTheCaptureSees: an independent witness for the decoder.
func TestTcpdumpSeesWhatTheCaptureSees(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	witness := l.Tcpdump("vrrp")
	capture := l.Capture()
	lb1 := l.Keepalived("lb1", lab.Cluster{Interval: 100 * time.Millisecond})
	lb1.Start()
	l.Eventually(settle, "20 adverts", func() bool { return len(capture.Adverts("lb1", time.Time{})) >= 20 })
	lb1.Stop()
	l.Eventually(settle, "the last words", func() bool { return strings.Contains(strings.Join(witness.Lines(), "\n"), "prio 0") })
	witness.Stop()

	var seen []string
	for _, line := range witness.Lines() {
		if strings.Contains(line, "VRRPv3, Advertisement") {
			seen = append(seen, line)
		}
	}
	adverts := capture.Adverts("lb1", time.Time{})
	if len(seen) != len(adverts) {
		t.Fatalf("tcpdump saw %d adverts, the capture %d", len(seen), len(adverts))
	}
	for i, f := range adverts {
		a := f.Advert
		for _, want := range []string{
			a.Source.String() + " > " + a.Destination.String(), "vrid 51", "intvl 10cs", "addrs(2): 192.0.2.100,198.51.100.1",
		} {
			if !strings.Contains(seen[i], want) {
				t.Errorf("advert %d: tcpdump has no %q in: %s", i, want, seen[i])
			}
		}
	}
}

// TestInjectedAdvertIsBelieved: a stranger of higher priority makes the master
// yield; the same packet with one bit wrong does not.
func TestInjectedAdvertIsBelieved(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	lb1 := l.Keepalived("lb1", lab.Cluster{})
	lb1.Start()
	l.Eventually(settle, "lb1 holds the VIP", func() bool { return l.Holds("lb1", lab.VIP) })
	forged := lab.Stranger(200)
	broken := append([]byte(nil), forged...)
	broken[len(broken)-1] ^= 1 // an address, so that the checksum is wrong
	owners := l.WatchOwners(lab.VIP)
	l.Inject(broken)
	l.Eventually(settle, "the broken one is refused", func() bool {
		return strings.Contains(strings.Join(lb1.Process().Lines(), "\n"), "checksum")
	})
	if n := owners.Ownership(); len(n) != 1 || len(n[0].Owners) != 1 {
		t.Errorf("a broken advert changed the owner: %v", n)
	}
	l.Inject(forged)
	l.Eventually(settle, "lb1 yields", func() bool { return !l.Holds("lb1", lab.VIP) })
}

// TestRealServerFailures: the ways in which a real server can fail are those
// that its client sees.
func TestRealServerFailures(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	pair(t, l, lab.Cluster{})
	web1 := l.Server("web1")
	listed := func() bool { return len(l.Behind("lb1", lab.PortDR)) > 0 }
	for _, c := range []struct {
		name       string
		fail, heal func()
	}{
		{"503", func() { web1.Fail(true) }, func() { web1.Fail(false) }},
		{"killed", web1.Kill, web1.Restart},
		{"frozen", web1.Freeze, web1.Thaw},
	} {
		c.fail()
		l.Eventually(settle, c.name+": web1 is taken out", func() bool { return !listed() })
		c.heal()
		l.Eventually(settle, c.name+": web1 is back", listed)
	}
}

// TestLabsDoNotMeet: two labs at once have the same addresses.
func TestLabsDoNotMeet(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "other"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lab.New(t)
			lb1 := l.Keepalived("lb1", lab.Cluster{})
			lb1.Start()
			l.AwaitMaster("lb1", settle)
		})
	}
	if out, err := exec.Command("ip", "netns", "list").Output(); err == nil {
		for s := bufio.NewScanner(strings.NewReader(string(out))); s.Scan(); {
			t.Errorf("a namespace has a name: %s", s.Text())
		}
	}
}
