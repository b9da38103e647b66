package integration

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// repaired is the longest time until a change of the IPVS table behind hald's
// back is noticed, and undone: its reconcile period.
const repaired = 3 * time.Second

// addStranger is the command by which an operator adds a service that no
// configuration names; strangersLines is how many lines of the table it takes.
const (
	addStranger    = "ipvsadm -A -t 203.0.113.9:8080 -s rr && ipvsadm -a -t 203.0.113.9:8080 -r 203.0.113.10:8080 -m -w 5"
	strangersLines = 2
)

// strangersIn counts those lines.
func strangersIn(table string) int { return strings.Count(table, "203.0.113.9:8080") }

// table is a director's table in an order of its own.
func table(l *lab.Lab, director string) string {
	lines := slices.Sorted(strings.Lines(l.IPVS(director)))
	return strings.Join(lines, "")
}

// TestR37Drift: what anybody changes in hald's services is undone soon, whatever
// it was, and told; what belongs to others stays, also when hald stops.
func TestR37Drift(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Services: append([]lab.Service{lab.Mixed}, lab.EachMethod...), Check: patient}
	lb1, lb2 := l.Hald("lb1", c), l.Hald("lb2", c)
	client := inOffice(l, lb1, lb2)
	whole := map[string]int{"web1": 1, "web2": 1, "web3": 1}
	l.Eventually(settle, "the mixed service has its servers", func() bool { return maps.Equal(l.Behind("lb1", lab.PortMixed), whole) })
	l.Run("lb1", "sh", "-c", addStranger)
	before := table(l, "lb1")
	if strangersIn(before) != strangersLines {
		t.Fatalf("the stranger's service is not in the table:\n%s", before)
	}

	for _, edit := range []struct {
		name    string
		command string
		edited  map[string]int // what is then behind PortMixed
	}{
		{"a weight", "ipvsadm -e -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 7", map[string]int{"web1": 7, "web2": 1, "web3": 1}},
		{"a server deleted", "ipvsadm -d -t 192.0.2.100:80 -r 192.0.2.23:80", map[string]int{"web1": 1, "web2": 1}},
		{"a server added", "ipvsadm -a -t 192.0.2.100:80 -r 192.0.2.77:80 -g", map[string]int{"web1": 1, "web2": 1, "web3": 1, "192.0.2.77": 1}},
		{"a service deleted, another's persistence, another's flags", "ipvsadm -D -t 192.0.2.100:81; " +
			"ipvsadm -E -t 192.0.2.100:82 -s rr -p 60 -M 255.255.255.0; ipvsadm -E -t 192.0.2.100:83 -s sh -b sh-port", nil},
		{"the scheduler and a method", "ipvsadm -E -t 192.0.2.100:80 -s wlc; ipvsadm -e -t 192.0.2.100:80 -r 192.0.2.21:80 -i -w 2", nil},
		{"everything", "ipvsadm -C; " + addStranger, nil},
	} {
		start := time.Now()
		l.Run("lb1", "sh", "-c", edit.command)
		if edit.edited != nil {
			if got := l.Behind("lb1", lab.PortMixed); !maps.Equal(got, edit.edited) && !maps.Equal(got, whole) {
				t.Fatalf("%s: the edit made %v of it", edit.name, got)
			}
		}
		lb1.AwaitEvent(settle, edit.name+" is told", func(e lab.Event) bool { return e.Name == "ipvs.drift" })
		told := time.Since(start)
		l.Eventually(settle, edit.name+" is undone", func() bool { return maps.Equal(l.Behind("lb1", lab.PortMixed), whole) })
		t.Logf("%s: undone %v after the edit", edit.name, told.Round(time.Millisecond))
		if told > repaired+slack(client.Since(start)) {
			t.Errorf("%s: undone after %v, want at most %v", edit.name, told, repaired)
		}
		l.Eventually(repaired+machineStall, edit.name+": the table is as it was", func() bool { return table(l, "lb1") == before })
		served(l, client)
	}
	gap := client.Samples().LongestGap()
	t.Logf("the client of the cleared table: %v", gap)
	if gap.Length() > repaired+slack(client.Samples()) {
		t.Errorf("the client waited %v for the repair", gap)
	}

	// Nothing of it moved an address.
	if d := documentOf(t, lb2); d.Instances[0].State != "backup" {
		t.Errorf("lb2 is %s", d.Instances[0].State)
	}
	if status := lb1.Stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if after := table(l, "lb1"); after != before {
		t.Errorf("after the stop the table is\n%s\nand was\n%s", after, before)
	}
	if out, status := lb1.Command("cleanup"); status != 0 {
		t.Errorf("cleanup: exit status %d: %s", status, out)
	}
	if after := l.IPVS("lb1"); strangersIn(after) != strangersLines || strings.Contains(after, "192.0.2.100") {
		t.Errorf("after cleanup the table is\n%s", after)
	}
}

// TestEachForwardingMethod: requests reach a real server behind DR, NAT and TUN
// through either director.
func TestEachForwardingMethod(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Services: lab.EachMethod, Check: patient}
	lb1, lb2 := l.Hald("lb1", c), l.Hald("lb2", c)
	clients := map[string]*lab.Probe{"web1": inOffice(l, lb1, lb2)}
	clients["web2"], clients["web3"] = servedOn(l, lab.PortNAT), servedOn(l, lab.PortTUN)
	answered := func(since time.Time, by string) {
		t.Helper()
		for server, client := range clients {
			l.Eventually(settle, server+" answers through "+by, func() bool { return client.Since(since).Servers()[server] >= 5 })
		}
	}
	answered(time.Now(), "lb1")
	start := time.Now()
	if status := lb1.Stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	l.AwaitMaster("lb2", settle)
	answered(time.Now(), "lb2")
	for server, client := range clients {
		s := client.Stop().Since(start)
		t.Logf("%s: the longest gap of the failover: %v", server, s.LongestGap())
		if n := s.Servers(); len(n) != 1 || n[server] == 0 {
			t.Errorf("%s was to answer, and it was %v", server, n)
		}
	}
}
