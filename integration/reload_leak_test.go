package integration

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// reloads is how often TestReloadsLeakNothing reloads.
var reloads = flag.Int("reloads", 100, "how often TestReloadsLeakNothing reloads; 10000 in docs/reload.md")

// more is what comes and goes with every other reload, of everything that keeps something:
// a goroutine, a socket, a timer, an entry of the kernel.
const more = `
vrrp_instance "more" {
  interface              = "eth0"
  virtual_router_id      = 52
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "300ms"
  virtual_addresses      = ["192.0.2.110/24", "2001:db8::110/64"]
}
virtual_server "more" {
  addresses  = ["192.0.2.110:83"]
  protocol   = "tcp"
  forwarding = "tun"
  drain      = "0s"
  check "http" {
    path = "/healthz"
  }
  check "exec" {
    command = ["/bin/true"]
  }
  real_server "web3" {
    address = "192.0.2.23"
  }
}
notify "more" {
  events = ["vrrp.split"]
  exec {
    command = ["/bin/true"]
  }
}
`

// moreHeld is what the instance that stays master holds besides.
const moreHeld = `  virtual_address "192.0.2.111/24" {}
  track "file" "manual" {
    path = "/nowhere/offset"
  }
  virtual_route "203.0.113.0/24" {
    via = "192.0.2.5"
  }
  virtual_rule "answers" {
    from     = "192.0.2.111"
    table    = 100
    priority = 500
  }
  preempt  `

// TestReloadsLeakNothing: after a long row of reloads, each of which adds or removes an
// instance, a service, checks and a notifier and changes what stays, the same processes
// hold what they held after a few: memory, files, threads. A client lost nothing and
// another instance went on (keepalived's users, row 5).
func TestReloadsLeakNothing(t *testing.T) {
	t.Parallel()
	const warm, rest = 40, 7 * time.Second // after so long hald has given memory back,
	const collected = 4 << 10              // KiB, but for so much, at which Go's collector first wakes up
	l := lab.New(t)
	text := configuration(t, l, lab.Cluster{Interval: 300 * time.Millisecond, Services: lab.EachMethod[:1], Check: patient})
	texts := [2]string{text, strings.NewReplacer("lb1 = 150", "lb1 = 140", `"rr"`, `"wlc"`, "  preempt  ", moreHeld).Replace(text) + more}
	path := l.WriteFile("more.hcl", text)
	lb1 := l.HaldWith("lb1", path)
	lb1.Start()
	l.Eventually(settle, "lb1 is master", func() bool { return l.Holds("lb1", lab.VIP) && len(l.Behind("lb1", lab.PortDR)) == 1 })
	client, begun := servedOn(l, lab.PortDR), time.Now()
	reload := func(n int) {
		for i := range n {
			if err := os.WriteFile(path, []byte(texts[(i+1)%2]), 0o644); err != nil {
				t.Fatal(err)
			}
			lb1.HangUp()
			lb1.AwaitEvent(settle, fmt.Sprintf("reload %d of %d", i, n), func(e lab.Event) bool {
				if e.Name == "config.rejected" {
					t.Errorf("%s", e.Line)
				}
				return e.Name == "config.applied" || e.Name == "config.rejected"
			})
		}
	}
	lb1.AwaitEvent(settle, "the start", func(e lab.Event) bool { return e.Name == "config.applied" })
	reload(warm)
	time.Sleep(rest)
	before := holdings(lb1)
	reload(*reloads)
	time.Sleep(rest)
	after := holdings(lb1)
	if len(before) != 3 || len(after) != 3 {
		t.Fatalf("processes %+v, before %+v", after, before)
	}
	for i, b := range before {
		a := after[i]
		t.Logf("%s: PSS %.1f -> %.1f MiB, its own %d -> %d KiB, files %d -> %d, threads %d -> %d", strings.Fields(b.Command)[1:3], float64(b.share)/1024, float64(a.share)/1024, b.own, a.own, b.Files, a.Files, b.Threads, a.Threads)
		if a.Pid != b.Pid || b.own == 0 || a.own > b.own+b.own/10+collected || a.Files > b.Files+2 || a.Threads > b.Threads+4 {
			t.Errorf("%+v, before %+v", a, b)
		}
	}
	samples := client.Stop().Since(begun)
	t.Logf("%d reloads in %v; %d requests, %d lost", *reloads, time.Since(begun).Round(time.Second), len(samples), samples.Lost())
	if samples.Lost() > 0 {
		t.Errorf("%d requests lost", samples.Lost())
	}
	for _, e := range lb1.Events() {
		if e.Read.After(begun) && (e.Name == "vrrp.transition" && e.Instance == "lab" || strings.HasSuffix(e.Name, ".restored") || e.Name == "worker.exited") {
			t.Errorf("%s", e.Line)
		}
	}
	for what, command := range map[string]string{"192.0.2.111/": "ip address", "203.0.113.0": "ip route", "500:": "ip rule", "-t 192.0.2.110": "ipvsadm -Sn"} {
		if out := l.Run("lb1", strings.Fields(command)...); strings.Contains(out, what) {
			t.Errorf("%s still has\n%s", command, out)
		}
	}
}
