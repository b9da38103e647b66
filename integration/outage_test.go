package integration

import (
	"fmt"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// policies is what hald is told about servers that are all down: each service
// another thing. The weight is that of web1 behind the first.
func policies(t *testing.T, l *lab.Lab, weight int) string {
	t.Helper()
	text := configuration(t, l, lab.Cluster{Interval: 300 * time.Millisecond})
	service := func(name string, port int, more string) {
		text += fmt.Sprintf(`
virtual_server %q {
  addresses  = ["192.0.2.100:%d"]
  protocol   = "tcp"
  scheduler  = "wrr"
  forwarding = "dr"

  check "http" {
    path     = "/healthz"
    interval = %q
    timeout  = %q
    fall     = %d
    rise     = 1
  }
%s}
`, name, port, checked.Interval, checked.Timeout, checked.Fall, more)
	}
	server := func(name, address, forwarding string, weight int) string {
		return fmt.Sprintf("  real_server %q {\n    address    = %q\n    forwarding = %q\n    weight     = %d\n  }\n", name, address, forwarding, weight)
	}
	web2 := server("web2", "198.51.100.22", "nat", 1)
	service("removed", lab.PortMixed, server("web1", "192.0.2.21", "dr", weight)+web2)
	service("quiesced", lab.PortDR, "  on_fail = \"quiesce\"\n"+server("web1", "192.0.2.21", "dr", 1))
	service("excused", lab.PortNAT, web2+"  sorry_server {\n    address    = \"192.0.2.23\"\n    forwarding = \"tun\"\n  }\n")
	return text
}

// TestR33AllServersDown: when no server answers any more, each service does what
// it was told to, in time, also right after a reload, and a reload meanwhile does
// not make it forget.
func TestR33AllServersDown(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	path := l.WriteFile("policies.hcl", policies(t, l, 1))
	lb1 := l.HaldWith("lb1", path)
	lb1.Start()
	l.Eventually(settle, "lb1 is master", func() bool { return l.Holds("lb1", lab.VIP) })
	serving := func() map[int]map[string]int {
		now := map[int]map[string]int{}
		for _, port := range []int{lab.PortMixed, lab.PortDR, lab.PortNAT} {
			now[port] = l.Behind("lb1", port)
			maps.DeleteFunc(now[port], func(_ string, weight int) bool { return weight == 0 })
		}
		return now
	}
	is := func(want map[int]map[string]int) func() bool {
		return func() bool {
			return maps.EqualFunc(serving(), want, func(a, b map[string]int) bool { return maps.Equal(a, b) })
		}
	}
	up := func(weight int) func() bool {
		return is(map[int]map[string]int{lab.PortMixed: {"web1": weight, "web2": 1}, lab.PortDR: {"web1": 1}, lab.PortNAT: {"web2": 1}})
	}
	down := is(map[int]map[string]int{lab.PortMixed: {}, lab.PortDR: {}, lab.PortNAT: {"web3": 1}})
	quiesced := func() bool { weight, there := l.Behind("lb1", lab.PortDR)["web1"]; return there && weight == 0 }
	reload := func(weight int) {
		t.Helper()
		if err := os.WriteFile(path, []byte(policies(t, l, weight)), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, status := lb1.Command("reload"); status != 0 {
			t.Errorf("reload: exit status %d: %s", status, out)
		}
	}
	client := servedOn(l, lab.PortMixed)
	l.Eventually(settle, "all servers are in", up(1))

	// What is asked: interval + timeout × (1 + retries) + 0.5 s.
	bound := checked.Interval + checked.Timeout*time.Duration(checked.Fall) + 500*time.Millisecond
	var detected figures
	for _, occasion := range []string{"in quiet times", "right after a reload"} {
		for _, name := range []string{"web1", "web2"} {
			l.Server(name).Freeze()
		}
		start := time.Now()
		l.Eventually(settle, occasion+": each service does as it was told", down)
		took := time.Since(start)
		detected = append(detected, took-busy(client.Since(start)))
		for name, service := range map[string]string{"quorum.lost": "removed", "sorry.on": "excused"} {
			if !told(lb1, start, name, service) {
				t.Errorf("%s: no %s of %s", occasion, name, service)
			}
		}
		reload(2)
		if !down() || !quiesced() {
			t.Errorf("%s: after a reload while all are down: %v, quiesced: %v", occasion, serving(), quiesced())
		}
		for _, name := range []string{"web1", "web2"} {
			l.Server(name).Thaw()
		}
		l.Eventually(settle, occasion+": all servers are back", up(2))
		reload(3)
		l.Eventually(settle, occasion+": the reload is in the table", up(3))
	}
	detected.within(t, "all down after", bound)
}

// told tells whether a director told an event of a service after a moment; it
// waits a little for it.
func told(h *lab.Hald, since time.Time, name, service string) bool {
	for until := time.Now().Add(machineStall); ; time.Sleep(10 * time.Millisecond) {
		for _, e := range h.Events() {
			if e.Name == name && e.Service == service && e.Read.After(since) {
				return true
			}
		}
		if time.Now().After(until) {
			return false
		}
	}
}

// TestR34TogglingServer: a server that fails and heals with every check, sixty
// times, moves the table at most four times.
func TestR34TogglingServer(t *testing.T) {
	t.Parallel()
	const toggles = 60
	every := 250 * time.Millisecond
	if *full {
		every = time.Second
	}
	l := lab.New(t)
	lb1 := l.Hald("lb1", lab.Cluster{Services: []lab.Service{lab.Mixed}, Check: lab.Check{Interval: every, Timeout: 200 * time.Millisecond, Fall: 3, Rise: 2}})
	lb1.Start()
	l.Eventually(settle, "all servers are in", func() bool { return len(l.Behind("lb1", lab.PortMixed)) == 3 })
	start := time.Now()
	beat := time.NewTicker(every)
	defer beat.Stop()
	for i := range toggles {
		l.Server("web1").Fail(i%2 == 0)
		<-beat.C
	}
	changes := 0
	for _, e := range lb1.Events() {
		if e.Name == "ipvs.applied" && e.Read.After(start) {
			changes++
		}
	}
	t.Logf("%d toggles: %d changes of the table", toggles, changes)
	if changes > 4 {
		t.Errorf("%d changes of the table, want at most 4", changes)
	}
	l.Server("web1").Fail(true)
	l.Eventually(settle, "a server that stays down is out", func() bool { return len(l.Behind("lb1", lab.PortMixed)) == 2 })
}
