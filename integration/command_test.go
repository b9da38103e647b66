package integration

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestStatusAndVersion: what the commands show of a pair is what the lab sees.
func TestStatusAndVersion(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Services: lab.EachMethod, Check: patient}
	lb1, lb2 := l.Hald("lb1", c), l.Hald("lb2", c)
	if out, status := lb1.Command("status"); status != 1 || !strings.Contains(out, "no daemon answers") {
		t.Errorf("status without a daemon: exit status %d: %s", status, out)
	}
	inOffice(l, lb1, lb2)
	time.Sleep(1100 * time.Millisecond) // counters are a second old

	own := map[string]string{"lb1": "master", "lb2": "backup"}
	for _, h := range []*lab.Hald{lb1, lb2} {
		d := documentOf(t, h)
		if d.Cluster != "lab" || d.Director != h.Name() || d.Version == "" || d.UptimeS <= 0 || len(d.Config.Hash) < 32 || d.Config.LoadedAt.IsZero() {
			t.Errorf("%s: %+v", h.Name(), d)
		}
		if len(d.Instances) != 1 || len(d.Services) != 3 {
			t.Fatalf("%s: %d instances, %d services", h.Name(), len(d.Instances), len(d.Services))
		}
		i := d.Instances[0]
		if i.Name != "lab" || i.State != own[h.Name()] || i.VRID != lab.VRID || i.Interface != lab.Interface ||
			i.Priority != i.EffectivePriority || i.Master != lab.DirectorAddress["lb1"].Addr().String() ||
			strings.Join(i.VirtualAddresses, " ") != lab.VIP.String()+" "+lab.Gateway.String() ||
			i.Since.IsZero() || i.Reason == "" || i.Transitions == 0 || i.Faults == nil || len(i.Faults) > 0 {
			t.Errorf("%s: instance %+v", h.Name(), i)
		}
		if sends := i.AdvertsSent > 0; i.State == "master" && !sends || i.State == "backup" && i.AdvertsReceived == 0 {
			t.Errorf("%s: %s has sent %d adverts and received %d", h.Name(), i.State, i.AdvertsSent, i.AdvertsReceived)
		}
		for j, s := range d.Services {
			want := lab.EachMethod[j]
			if s.Name != want.Name || s.Quorum != 1 || !s.HasQuorum || s.Sorry || s.Error != "" || len(s.Servers) != 1 {
				t.Fatalf("%s: service %+v", h.Name(), s)
			}
			r := s.Servers[0]
			if r.Name != want.Servers[0].Name || r.State != "up" || r.Weight != 1 || r.EffectiveWeight != 1 ||
				len(r.Checks) != 1 || r.Checks[0].Kind != "http" || !r.Checks[0].OK || r.Checks[0].LatencyMS <= 0 {
				t.Errorf("%s: real server %+v", h.Name(), r)
			}
		}
	}

	out, status := lb1.Command("status")
	for _, row := range []string{
		`(?m)^cluster lab, director lb1, hald `,
		`(?m)^lab\s+master\s.*\b150\s+51\s+eth0\s+192\.0\.2\.11\s+192\.0\.2\.100/24`,
		`(?m)^dr\s+ok\s.*192\.0\.2\.100:81`,
		`(?m)^\s+web1\s+up\s+\S+\s+1\s.*192\.0\.2\.21:81\s`,
	} {
		if status != 0 || !regexp.MustCompile(row).MatchString(out) {
			t.Errorf("status (%d) has no row %s:\n%s", status, row, out)
		}
	}
	if out, status := lb1.Command("version"); status != 0 || !regexp.MustCompile(`^hald \S+ \(commit \S+, go\S+, linux/\w+\)\n$`).MatchString(out) {
		t.Errorf("version: exit status %d: %s", status, out)
	}
}

// TestCleanup: after kill -9 cleanup removes what is left, and only that, and
// tells the peer; while the daemon runs it refuses.
func TestCleanup(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	// The dead node's lease must not end before cleanup is seen at work.
	c := lab.Cluster{Interval: 2 * time.Second, Services: lab.EachMethod, Check: patient}
	lb1, lb2 := l.Hald("lb1", c), l.Hald("lb2", c)
	client := inOffice(l, lb1, lb2)
	l.Run("lb1", "sh", "-c", addStranger)
	if out, status := lb1.Command("cleanup"); status != 1 || !strings.Contains(out, "another hald is running") {
		t.Errorf("cleanup beside the daemon: exit status %d: %s", status, out)
	}
	if !l.Holds("lb1", lab.VIP) || len(l.Behind("lb1", lab.PortDR)) != 1 {
		t.Error("cleanup beside the daemon touched what is the daemon's")
	}

	capture, owners := l.Capture(), l.WatchOwners(lab.VIP)
	start := time.Now()
	lb1.Kill()
	if !l.Holds("lb1", lab.VIP) {
		t.Error("the killed daemon left no address: there is nothing to clean up")
	}
	begun := time.Now()
	out, status := lb1.Command("cleanup")
	took := time.Since(begun)
	if status != 0 {
		t.Errorf("cleanup: exit status %d: %s", status, out)
	}
	if l.Holds("lb1", lab.VIP) || l.Holds("lb1", lab.Gateway) || !l.Holds("lb2", lab.VIP) {
		t.Error("after cleanup the address is not with the peer alone")
	}
	if words := capture.Adverts("lb1", begun); len(words) != 1 || words[0].Advert.Priority != 0 {
		t.Errorf("cleanup said %v, want priority 0 once", words)
	}
	if after := l.IPVS("lb1"); strangersIn(after) != strangersLines || strings.Contains(after, "192.0.2.100") {
		t.Errorf("after cleanup the table is\n%s", after)
	}
	served(l, client)
	history := owners.Ownership().Since(start)
	samples := client.Stop().Since(start)
	gap := samples.LongestGap()
	t.Logf("cleanup took %v, Skew_Time %v; nobody had the address for %v, the client waited %v", took.Round(time.Millisecond), c.SkewTime("lb2"), history.None(time.Now()), gap)
	if took > c.SkewTime("lb2")+machineStall+slack(samples) || history.None(time.Now()) > 0 || gap.Length() > slack(samples) {
		t.Errorf("cleanup took %v, owners %v, client %v", took, history, gap)
	}

	if out, status := lb1.Command("cleanup"); status != 0 || out != "" {
		t.Errorf("a second cleanup: exit status %d: %s", status, out)
	}
}
