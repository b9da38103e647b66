package integration

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// distant is a cluster whose backup has a Skew_Time of almost an interval: far
// from the time of one ARP update.
var distant = lab.Cluster{Priority: map[string]int{"lb1": 150, "lb2": 10}, Services: lab.EachMethod, Check: patient}

// discontent is what keepalived says when it does not like what it hears.
var discontent = regexp.MustCompile(`(?i)invalid|mismatch|bogus|checksum|incorrect|wrong|not equal|dropp|differ`)

// TestInteropHaldMasterKeepalivedBackup: keepalived takes over from hald in
// every way in which hald can leave, and gives the address back.
func TestInteropHaldMasterKeepalivedBackup(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := distant
	failover(t, l, c, l.Hald("lb1", c), l.Keepalived("lb2", c), map[string]time.Duration{
		// hald keeps the address until keepalived is heard, and the kernel of a
		// killed hald goes on forwarding.
		"stop": handover, "kill": handover, "cut": c.DownInterval("lb2"), "return": handover,
	})
}

// TestInteropKeepalivedMasterHaldBackup is the same the other way round.
func TestInteropKeepalivedMasterHaldBackup(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := distant
	failover(t, l, c, l.Keepalived("lb1", c), l.Hald("lb2", c), map[string]time.Duration{
		// keepalived lets go before anybody else has the address.
		"stop": c.SkewTime("lb2"), "kill": handover, "cut": c.DownInterval("lb2"), "return": handover,
	})
}

// handover is how long an address that is not let go before it is taken may be
// away: an ARP update, and the rhythm of the client.
const handover = oneUpdate + unhurried

// failover has lb1 stop, be killed and lose its link, and come back each time.
// bounds are how long the client may be without service.
func failover(t *testing.T, l *lab.Lab, c lab.Cluster, lb1, lb2 lab.Director, bounds map[string]time.Duration) {
	t.Helper()
	client := inOffice(l, lb1, lb2)
	capture := l.Capture()
	measure := func(what, bound string, since time.Time) {
		t.Helper()
		served(l, client)
		samples := client.Since(since)
		gap := samples.LongestGap()
		t.Logf("%s master, %s backup: %s: %v; bound %v", lb1.Daemon(), lb2.Daemon(), what, gap, bounds[bound])
		if gap.Length() > bounds[bound]+slack(samples)/2 {
			t.Errorf("%s cost the client %v, want at most %v", what, gap, bounds[bound])
		}
	}
	returned := func(start time.Time) {
		t.Helper()
		l.AwaitMaster("lb1", settle)
		measure("return", "return", start)
	}

	start := time.Now()
	if status := lb1.Stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	l.AwaitMaster("lb2", settle)
	measure("stop", "stop", start)
	if words := capture.Adverts("lb1", start); len(words) == 0 || words[len(words)-1].Advert.Priority != 0 {
		t.Error("the last advert of the stopped master is not of priority 0")
	}
	start = time.Now()
	lb1.Start()
	returned(start)

	start = time.Now()
	lb1.Kill()
	killed := time.Now()
	l.Eventually(settle, "lb2 holds the VIP", func() bool { return l.Holds("lb2", lab.VIP) })
	taken := time.Since(killed)
	measure("kill -9", "kill", start)
	t.Logf("lb2 took over %v after the kill, Active_Down_Interval %v", taken.Round(time.Millisecond), c.DownInterval("lb2"))
	if taken > c.DownInterval("lb2")+slack(client.Since(killed)) {
		t.Errorf("lb2 took over %v after the kill, want at most %v", taken, c.DownInterval("lb2"))
	}
	start = time.Now()
	lb1.Start()
	returned(start)

	start = time.Now()
	l.CutLink("lb1")
	l.Eventually(settle, "lb2 holds the VIP", func() bool { return l.Holds("lb2", lab.VIP) })
	measure("link cut", "cut", start)
	start = time.Now()
	l.RestoreLink("lb1")
	returned(start)

	for _, d := range []lab.Director{lb1, lb2} {
		log := logOf(t, l, d.Name())
		switch d.Daemon() {
		case "hald":
			for _, name := range []string{"vrrp.foreign", "vrrp.mismatch", "vrrp.split"} {
				if strings.Contains(log, `"event":"`+name+`"`) {
					t.Errorf("%s: hald reported %s", d.Name(), name)
				}
			}
		case "keepalived":
			for line := range strings.Lines(log) {
				if discontent.MatchString(line) {
					t.Errorf("%s: keepalived said: %s", d.Name(), line)
				}
			}
		}
	}
}
