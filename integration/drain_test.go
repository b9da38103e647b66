package integration

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// draining is two services of the same two real servers, which differ in how long they let a server finish.
func draining(t *testing.T, l *lab.Lab) string {
	t.Helper()
	text := configuration(t, l, lab.Cluster{Interval: 300 * time.Millisecond})
	for _, s := range []struct {
		name  string
		port  int
		drain string
	}{{"patient", lab.PortDR, "60s"}, {"brief", lab.PortTUN, "4s"}} {
		text += fmt.Sprintf(`
virtual_server %q {
  addresses  = ["192.0.2.100:%d"]
  protocol   = "tcp"
  scheduler  = "wrr"
  forwarding = "dr"
  drain      = %q
  check "http" {
    path     = "/healthz"
    interval = "2s"
    timeout  = "2s"
    rise     = 1
  }
  real_server "web1" { address = "192.0.2.21" }
  real_server "web3" {
    address    = "192.0.2.23"
    forwarding = "tun"
  }
}
`, s.name, s.port, s.drain)
	}
	return text + "ipvs {\n  timeouts { tcp_fin = \"1s\" }\n}\n" // a closed connection is soon none
}

// TestDrainWithConnections: a server that an operator drains keeps the connections it has and
// gets no new ones, over a death of the daemon too; it leaves when it has none, or at its
// deadline, and returns when the operator says so or the time is over.
func TestDrainWithConnections(t *testing.T) {
	t.Parallel()
	const connections = 6
	l := lab.New(t)
	lb1 := l.HaldWith("lb1", l.WriteFile("drain.hcl", draining(t, l)))
	lb1.Start()
	l.Eventually(settle, "lb1 is master", func() bool { return l.Holds("lb1", lab.VIP) })
	becomes := func(what string, port int, want map[string]int) {
		t.Helper()
		l.Eventually(settle, what, func() bool { return maps.Equal(l.Behind("lb1", port), want) })
	}
	both := map[string]int{"web1": 1, "web3": 1}
	becomes("both serve", lab.PortDR, both)
	becomes("both serve", lab.PortTUN, both)
	order := func(command ...string) time.Time {
		t.Helper()
		if out, status := lb1.Command(command...); status != 0 {
			t.Fatalf("%v: exit status %d: %s", command, status, out)
		}
		return time.Now()
	}
	removed := func(service, reason string) lab.Event {
		t.Helper()
		e := lb1.AwaitEvent(settle, service+": web1 is removed", func(e lab.Event) bool {
			return e.Name == "real_server.removed" && e.Service == service && e.Server == "web1"
		})
		if e.Reason != reason {
			t.Errorf("%s: removed because of %q, want %q", service, e.Reason, reason)
		}
		return e
	}
	live := func(what string, s *lab.Standing, answered int) {
		t.Helper()
		if fates := s.Ask(2 * time.Second); fates.Answered != answered {
			t.Errorf("%s: %v, want %d answered", what, fates, answered)
		}
	}
	client := servedOn(l, lab.PortDR)
	avoids := func(since time.Time) {
		t.Helper()
		l.Eventually(settle, "20 answers", func() bool { return len(client.Since(since)) >= 20 })
		if s := client.Since(since); s.Servers()["web1"] > 0 || s.Failed() > len(s)/10+int(busy(s)/unhurried) {
			t.Errorf("while web1 is drained %v answered, %d requests failed", s.Servers(), s.Failed())
		}
	}

	// Until nobody is there any more.
	open := l.Stand(lab.PortDR, connections)
	drained := order("drain", "patient", "web1")
	becomes("web1 drains", lab.PortDR, map[string]int{"web1": 0, "web3": 1})
	avoids(drained)
	live("while their server is drained", open, connections)
	lb1.Kill()
	lb1.Start()
	lb1.AwaitEvent(settle, "lb1 is master again", func(e lab.Event) bool { return e.Name == "vrrp.transition" && e.To == "master" })
	live("after the daemon's death, drained", open, connections)
	for _, s := range documentOf(t, lb1).Services {
		if s.Name == "patient" && (s.Servers[0].State != "draining" || s.Servers[0].EffectiveWeight != 0) {
			t.Errorf("a server that drains is shown as %+v", s.Servers[0])
		}
	}
	again := time.Now()
	avoids(again)
	if _, there := l.Behind("lb1", lab.PortDR)["web1"]; !there {
		t.Error("web1 was removed under its connections")
	}
	open.Close()
	removed("patient", "no connection left")
	becomes("web1 is out", lab.PortDR, map[string]int{"web3": 1})
	enabled := order("enable", "patient", "web1")
	becomes("web1 is back", lab.PortDR, both)
	l.Eventually(settle, "web1 answers", func() bool { return client.Since(enabled).Servers()["web1"] >= 3 })

	// Until its time is over.
	open = l.Stand(lab.PortTUN, connections)
	began := time.Now()
	order("drain", "brief", "web1", "--for", "10s")
	becomes("web1 drains", lab.PortTUN, map[string]int{"web1": 0, "web3": 1})
	live("before the deadline", open, connections)
	at := removed("brief", "drain time over").Read
	if took := at.Sub(began); took < 4*time.Second || took > 4*time.Second+3*machineStall {
		t.Errorf("a drain of 4s took %v", took)
	}
	live("after the deadline", open, connections/2)
	becomes("web1 is back by itself", lab.PortTUN, both)
	if took := time.Since(began); took < 10*time.Second || took > 10*time.Second+3*machineStall {
		t.Errorf("a drain --for 10s took %v", took)
	}

	// Another weight moves nobody, 0 neither.
	open = l.Stand(lab.PortTUN, connections)
	order("weight", "brief", "web3", "5")
	order("weight", "brief", "web1", "0", "--for", "6s")
	becomes("both have their weight", lab.PortTUN, map[string]int{"web1": 0, "web3": 5})
	time.Sleep(repaired)
	live("with another weight", open, connections)
	becomes("the time of one is over", lab.PortTUN, map[string]int{"web1": 1, "web3": 5})
	live("with its weight again", open, connections)
}
