package integration

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// farm is a configuration of hald with services of ten servers each; the servers are
// checked as told.
func farm(services int, check string, weight int) string {
	var text strings.Builder
	text.WriteString("cluster \"farm\" {\n  director \"lb1\" {}\n}\nvrrp_instance \"front\" {\n  interface         = \"eth0\"\n  virtual_router_id = 51\n  virtual_addresses = [\"192.0.2.100/24\"]\n}\nvirtual_server_defaults {\n  protocol   = \"tcp\"\n  forwarding = \"nat\"\n" + check + "}\n")
	for i := range services {
		fmt.Fprintf(&text, "virtual_server \"s%d\" {\n  addresses = [\"192.0.2.100:%d\"]\n", i, 10000+i)
		for k := range 10 {
			fmt.Fprintf(&text, "  real_server \"r%d\" { address = %q }\n", k, rack(i*10+k))
		}
		text.WriteString("}\n")
	}
	return strings.Replace(text.String(), "{ address = \""+rack(5)+"\" }", fmt.Sprintf("{\n    address = %q\n    weight  = %d\n  }", rack(5), weight), 1)
}

// rack is the address of one of many servers; web1 can have them all.
func rack(i int) string { return fmt.Sprintf("10.88.%d.%d:8088", i/250, i%250+1) }

// sized is how many services and servers are in a daemon's table, as its kernel lists
// them. Nobody else may have services at the time.
func sized(t *testing.T, d lab.Director) (services, servers int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/ip_vs", d.Process().Members()[0].Pid))
	if err != nil {
		t.Fatal(err)
	}
	servers = strings.Count(string(text), "\n  -> ") - 1 // the heading
	return strings.Count(string(text), "\nTCP "), servers
}

var farmServices = flag.Int("farm.services", 100, "how many services of ten servers TestFarm has; 1000 to measure")

// TestFarm: many services of ten servers each are in the kernel's table soon after the start, and
// a reload for one weight is one request. How long both take is logged, beside keepalived's start.
func TestFarm(t *testing.T) {
	services := *farmServices
	l := lab.New(t)
	complete := func(d lab.Director) time.Duration {
		began := time.Now()
		d.Start()
		l.Eventually(time.Minute, d.Daemon()+"'s table is complete", func() bool {
			_, servers := sized(t, d)
			return servers == 10*services
		})
		return time.Since(began)
	}
	var theirs strings.Builder
	for i := range services {
		fmt.Fprintf(&theirs, "virtual_server 192.0.2.100 %d {\n lb_algo wlc\n lb_kind NAT\n protocol TCP\n", 10000+i)
		for k := range 10 {
			fmt.Fprintf(&theirs, " real_server %s {\n weight 1\n }\n", strings.Replace(rack(i*10+k), ":", " ", 1))
		}
		theirs.WriteString("}\n")
	}
	keepalived := l.KeepalivedWith("lb2", theirs.String())
	took := complete(keepalived)
	keepalived.Kill()
	l.Run("lb2", "ipvsadm", "-C")

	path := l.WriteFile("farm.hcl", farm(services, "  check \"none\" {}\n", 1))
	hald := l.HaldWith("lb1", path)
	ours := complete(hald)
	t.Logf("from the start to the whole table: keepalived %v, hald %v: %.1f times as fast", took, ours, took.Seconds()/ours.Seconds())
	written := func(e lab.Event) bool { return e.Name == "ipvs.applied" }
	hald.AwaitEvent(settle, "the table is written", written) // it is told after it is
	l.WriteFile("farm.hcl", farm(services, "  check \"none\" {}\n", 7))
	began := time.Now()
	if out, status := hald.Command("reload"); status != 0 {
		t.Fatalf("reload: %d, %s", status, out)
	}
	done := hald.AwaitEvent(settle, "the weight is written", written)
	t.Logf("from the command to the table: %v", done.Read.Sub(began))
	if !strings.Contains(done.Line, `"count":1}`) {
		t.Errorf("one weight of ten thousand: %s", done.Line)
	}
}

var (
	rackServers  = flag.Int("rack.servers", 300, "how many servers TestDeadRack has")
	rackInterval = flag.Duration("rack.interval", 2*time.Second, "how often TestDeadRack checks each; the guest makes a few hundred checks a second")
)

// TestDeadRack: all of three hundred servers fall silent at once. The table is right within fall ×
// interval and a second, each is told to be down once, and no event is lost.
func TestDeadRack(t *testing.T) {
	const fall = 2
	servers, interval := *rackServers, *rackInterval
	l := lab.New(t)
	l.Run("web1", "ip", "route", "add", "local", "10.88.0.0/16", "dev", "lo")
	l.Run("lb1", "ip", "route", "add", "10.88.0.0/16", "via", "192.0.2.21")
	rack := l.Listen("web1", 8088)
	hald := l.HaldWith("lb1", l.WriteFile("rack.hcl", farm(servers/10, fmt.Sprintf("  check \"tcp\" {\n    interval = \"%v\"\n    fall = %d\n  }\n", interval, fall), 1)))
	hald.Start()
	l.Eventually(settle+4*interval, "all servers are in the table", func() bool {
		_, n := sized(t, hald)
		return n == servers
	})
	died := time.Now()
	l.Run("web1", "ip", "route", "del", "local", "10.88.0.0/16", "dev", "lo")
	l.Eventually(fall*interval+time.Second+settle, "no dead server is in the table", func() bool {
		_, n := sized(t, hald)
		return n == 0
	})
	took := time.Since(died)
	t.Logf("%d servers were out of the table %v after they died, having been asked %d times", servers, took, len(rack.Arrivals()))
	if bound := fall*interval + time.Second; took > bound+machineStall {
		t.Errorf("%v after they died; the bound is %v", took, bound)
	}
	told := map[string]int{}
	l.Eventually(settle, "all are told", func() bool {
		clear(told)
		for _, e := range hald.Events() {
			told[e.Name]++
		}
		return told["quorum.lost"] == servers/10
	})
	if told["real_server.down"] != servers || told["real_server.removed"] != servers || told["log.dropped"] > 0 {
		t.Errorf("told %v", told)
	}
	if slices.ContainsFunc(hald.Events(), func(e lab.Event) bool { return e.Name == "worker.exited" }) {
		t.Error("a worker died of it")
	}
}
