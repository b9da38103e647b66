package integration

import (
	"maps"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/integration/lab"
)

// starve leaves no process of a daemon a descriptor more than it has, and returns
// what ends that.
func starve(t *testing.T, h *lab.Hald) (feed func()) {
	t.Helper()
	limits := map[int]unix.Rlimit{}
	for _, m := range h.Process().Members() {
		var old unix.Rlimit
		if err := unix.Prlimit(m.Pid, unix.RLIMIT_NOFILE, nil, &old); err != nil {
			t.Fatal(err)
		}
		none := unix.Rlimit{Cur: 4, Max: old.Max} // those below are in use since the start
		if err := unix.Prlimit(m.Pid, unix.RLIMIT_NOFILE, &none, nil); err != nil {
			t.Fatal(err)
		}
		limits[m.Pid] = old
	}
	return func() {
		for pid, old := range limits {
			if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &old, nil); err != nil {
				t.Error(err)
			}
		}
	}
}

// resolver is the address of the name server of this scenario.
var resolver = netip.MustParsePrefix("192.0.2.250/24")

// named is a service whose only server is found by its name.
const named = `
virtual_server "named" {
  addresses  = ["192.0.2.100:80"]
  protocol   = "tcp"
  forwarding = "dr"
  check "tcp" {
    interval = "500ms"
    timeout  = "400ms"
  }
  real_server "web" { dns = "web.lab" }
}
`

// TestR31Exhaustion: a director that gets no answer from a name server, and no descriptor any more,
// goes on as master and keeps its servers, whose checks fail for a reason that is its own; one that
// starts where no name is resolved is backup at once, with the servers that it found in its last life.
func TestR31Exhaustion(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: 200 * time.Millisecond, Services: lab.EachMethod, Check: checked}
	text := strings.Replace(configuration(t, l, c), "  check \"http\"", "  check \"exec\" {\n    command = [\"/bin/true\"]\n  }\n  check \"http\"", 1)
	s := &scene{Lab: l, t: t, cluster: c, owners: l.WatchOwners(lab.VIP), wire: l.Capture(), began: time.Now()}
	path := l.WriteFile("exhausted.hcl", text+named)
	l.Run("client", "ip", "address", "add", resolver.String(), "dev", lab.Interface)
	for _, name := range lab.Directors { // it answers from where it was asked
		l.Run("client", "ip", "route", "add", lab.DirectorAddress[name].Addr().String(), "dev", lab.Interface, "src", resolver.Addr().String())
	}
	l.NameServer("client").Say(lab.RealServers[0].Address)
	s.lb1, s.lb2 = l.HaldWith("lb1", path).Asking(resolver), l.HaldWith("lb2", path).Asking(resolver)
	s.client = inOffice(l, s.lb1, s.lb2)
	found := func(director string) bool {
		return maps.Equal(l.Behind(director, lab.PortMixed), map[string]int{"web1": 1})
	}
	for _, name := range lab.Directors {
		l.Eventually(settle, name+" has the server of the name", func() bool { return found(name) })
	}
	before := len(transitions(s.lb1)) + len(transitions(s.lb2))

	l.Run("client", "ip", "address", "delete", resolver.String(), "dev", lab.Interface)
	for _, name := range lab.Directors { // nobody, who takes it all
		l.Run(name, "ip", "neighbour", "replace", resolver.Addr().String(), "lladdr", "02:00:00:00:00:fa", "dev", lab.Interface)
	}
	unanswered := func(e lab.Event) bool { return e.Name == "discovery.failed" }
	s.lb1.AwaitEvent(settle, "no answer", unanswered)
	start := time.Now()
	feed := starve(t, s.lb1)
	time.Sleep(2 * down)
	adverts := between(l, s.wire, start, time.Now())
	feed()
	punctual(t, adverts, c.Interval, time.Since(start))
	for i, port := range []int{lab.PortDR, lab.PortNAT, lab.PortTUN} {
		if got, want := l.Behind("lb1", port), map[string]int{lab.RealServers[i].Name: 1}; !maps.Equal(got, want) {
			t.Errorf("behind port %d without descriptors: %v", port, got)
		}
	}
	if !found("lb1") {
		t.Errorf("without an answer and without descriptors: %v", l.Behind("lb1", lab.PortMixed))
	}
	for _, e := range s.lb1.Events() {
		if e.Name == "real_server.down" || e.Name == "real_server.removed" {
			t.Errorf("a server was blamed for it: %s", e.Line)
		}
	}
	if after := len(transitions(s.lb1)) + len(transitions(s.lb2)); after != before {
		t.Errorf("%d transitions, before %d", after, before)
	}
	l.Server("web1").Kill()
	l.Eventually(down+settle, "with descriptors it checks again", func() bool { return len(l.Behind("lb1", lab.PortDR)) == 0 })

	s.lb2.Stop()
	l.Run("lb2", "ipvsadm", "-C") // as after a reboot
	l.Server("web1").Restart()
	s.lb2.Start()
	l.Eventually(settle, "lb2 is backup", func() bool { return len(transitions(s.lb2)) > 0 })
	figures{s.ready(s.lb2)}.within(t, "backup after the start", time.Second)
	l.Eventually(settle, "lb2 has the server that it had found", func() bool { return found("lb2") })
	s.lb2.AwaitEvent(settle, "lb2 gets no answer", unanswered)
	if !found("lb2") {
		t.Errorf("lb2 without an answer: %v", l.Behind("lb2", lab.PortMixed))
	}
}
