package integration

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// checked is a cluster with the health checks of these scenarios.
var checked = lab.Check{Interval: 500 * time.Millisecond, Timeout: 400 * time.Millisecond, Fall: 2, Rise: 3}

// down and up are the longest times a check takes to notice.
var (
	down = checked.Interval*time.Duration(checked.Fall) + checked.Timeout
	up   = checked.Interval*time.Duration(checked.Rise) + checked.Timeout
)

// TestRealServerFails: a real server that does not answer as it should, in
// whatever way, leaves the table within the time its check takes and comes back
// with its weight; its clients fail in between and no longer.
func TestRealServerFails(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	mixed := lab.Mixed
	mixed.Scheduler = "wrr"
	text := configuration(t, l, lab.Cluster{Services: []lab.Service{mixed}, Check: checked})
	const address = "address = \"192.0.2.21\"\n"
	lb1 := l.HaldWith("lb1", l.WriteFile("weighted.hcl", strings.Replace(text, address, address+"    weight  = 3\n", 1)))
	lb1.Start()
	l.Eventually(settle, "lb1 is master", func() bool { return l.Holds("lb1", lab.VIP) })
	weight := func() int { return l.Behind("lb1", lab.PortMixed)["web1"] }
	l.Eventually(settle, "all servers are in", func() bool {
		return maps.Equal(l.Behind("lb1", lab.PortMixed), map[string]int{"web1": 3, "web2": 1, "web3": 1})
	})
	client := servedOn(l, lab.PortMixed)

	web1 := l.Server("web1")
	for _, failure := range []struct {
		name       string
		fail, heal func()
		cause      string // what the event says of it
	}{
		{"killed", web1.Kill, web1.Restart, "refused"},
		{"frozen", web1.Freeze, web1.Thaw, "timeout"},
		{"answers 503", func() { web1.Fail(true) }, func() { web1.Fail(false) }, "503"},
	} {
		failure.fail()
		start := time.Now() // a kill may take its time on a busy machine
		l.Eventually(settle, failure.name+": web1 is out", func() bool { return weight() == 0 })
		out := time.Now()
		e := lb1.AwaitEvent(settle, failure.name+": told", func(e lab.Event) bool { return e.Name == "real_server.down" && e.Server == "web1" })
		if e.Service != "mixed" || !strings.Contains(e.Error, failure.cause) {
			t.Errorf("%s: told %s", failure.name, e.Line)
		}
		l.Eventually(settle, "20 requests to the others", func() bool { return len(client.Since(out)) >= 20 })
		others := client.Since(out.Add(machineStall / 10))

		healing := time.Now()
		failure.heal()
		healed := time.Now() // a process may take its time to start
		l.Eventually(settle, failure.name+": web1 is back with its weight", func() bool { return weight() == 3 })
		back := time.Now()
		l.Eventually(settle, failure.name+": web1 answers", func() bool { return client.Since(back).Servers()["web1"] >= 3 })

		t.Logf("%s: out after %v (%v), back after %v (%v); %d requests failed, for %v; of %d to the others %d", failure.name,
			out.Sub(start).Round(time.Millisecond), down, back.Sub(healed).Round(time.Millisecond), up,
			client.Since(start).Failed(), client.Since(start).Failing(), len(others), others.Failed())
		machine := slack(client.Since(start))
		if out.Sub(start) > down+machine {
			t.Errorf("%s: out after %v, want at most %v", failure.name, out.Sub(start), down)
		}
		if back.Sub(healed) > up+machine {
			t.Errorf("%s: back after %v, want at most %v", failure.name, back.Sub(healed), up)
		}
		// The first of the successes may have been asked for before.
		if least := checked.Interval*time.Duration(checked.Rise-1) - checked.Timeout; back.Sub(healing) < least {
			t.Errorf("%s: back after %v, before %d successes", failure.name, back.Sub(healing), checked.Rise)
		}
		if others.Failed() > len(others)/10+int(busy(others)/unhurried) || others.Servers()["web1"] > 0 {
			t.Errorf("%s: with web1 out %d of %d requests failed, answers %v", failure.name, others.Failed(), len(others), others.Servers())
		}
	}
}

// TestSorryServer: the sorry server serves while no real server can, and not a
// moment longer.
func TestSorryServer(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	text := configuration(t, l, lab.Cluster{Services: lab.EachMethod[:1], Check: checked})
	end := strings.LastIndex(text, "}")
	lb1 := l.HaldWith("lb1", l.WriteFile("sorry.hcl", text[:end]+`
  sorry_server {
    address    = "192.0.2.23"
    forwarding = "tun"
  }
}
`))
	lb1.Start()
	l.Eventually(settle, "lb1 is master", func() bool { return l.Holds("lb1", lab.VIP) })
	client := servedOn(l, lab.PortDR)
	told := func(name string) {
		t.Helper()
		lb1.AwaitEvent(settle, name, func(e lab.Event) bool { return e.Name == name && e.Service == "dr" })
	}
	for range 2 {
		start := time.Now()
		l.Server("web1").Fail(true)
		told("sorry.on")
		l.Eventually(settle, "the sorry server alone is in", func() bool { return maps.Equal(l.Behind("lb1", lab.PortDR), map[string]int{"web3": 1}) })
		took := time.Since(start)
		l.Eventually(settle, "the sorry server answers", func() bool { return client.Since(start).Servers()["web3"] >= 5 })
		if s := documentOf(t, lb1).Services[0]; !s.Sorry || s.HasQuorum || s.Servers[0].State != "down" {
			t.Errorf("status below quorum: %+v", s)
		}

		back := time.Now()
		l.Server("web1").Fail(false)
		told("sorry.off")
		l.Eventually(settle, "the real server alone has weight", func() bool {
			in := l.Behind("lb1", lab.PortDR)
			return in["web1"] == 1 && in["web3"] == 0
		})
		returned := time.Since(back)
		served := time.Now()
		l.Eventually(settle, "the real server answers", func() bool { return client.Since(served).Servers()["web1"] >= 5 })
		t.Logf("sorry server in after %v (%v), out after %v (%v); longest gap %v", took.Round(time.Millisecond), down, returned.Round(time.Millisecond), up, client.Since(start).LongestGap())
		if machine := slack(client.Since(start)); took > down+machine || returned > up+machine {
			t.Errorf("the sorry server came after %v and went after %v", took, returned)
		}
		if n := client.Since(served).Servers()["web3"]; n > 0 {
			t.Errorf("the sorry server answered %d requests after its time", n)
		}
	}
}
