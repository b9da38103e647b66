package integration

import (
	"maps"
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

// TestR31Exhaustion: a director that gets no descriptor any more goes on as master
// and keeps its servers, whose checks fail for a reason that is its own; one that
// starts where no name is resolved is backup at once.
func TestR31Exhaustion(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: 200 * time.Millisecond, Services: lab.EachMethod, Check: checked}
	text := strings.Replace(configuration(t, l, c), "  check \"http\"", "  check \"exec\" {\n    command = [\"/bin/true\"]\n  }\n  check \"http\"", 1)
	s := &scene{Lab: l, t: t, cluster: c, owners: l.WatchOwners(lab.VIP), wire: l.Capture(), began: time.Now()}
	path := l.WriteFile("exhausted.hcl", text)
	s.lb1, s.lb2 = l.HaldWith("lb1", path), l.HaldWith("lb2", path)
	s.client = inOffice(l, s.lb1, s.lb2)
	before := len(transitions(s.lb1)) + len(transitions(s.lb2))

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
	for _, e := range s.lb1.Events() {
		if e.Name == "real_server.down" {
			t.Errorf("a server was blamed for it: %s", e.Line)
		}
	}
	if after := len(transitions(s.lb1)) + len(transitions(s.lb2)); after != before {
		t.Errorf("%d transitions, before %d", after, before)
	}
	l.Server("web1").Kill()
	l.Eventually(down+settle, "with descriptors it checks again", func() bool { return len(l.Behind("lb1", lab.PortDR)) == 0 })

	s.lb2.Stop()
	resolver := l.WriteFile("resolv.conf", "nameserver 192.0.2.250\noptions timeout:30 attempts:3\n")
	l.Run("lb2", "ip", "neighbour", "add", "192.0.2.250", "lladdr", "02:00:00:00:00:fa", "dev", lab.Interface) // nobody
	s.lb2.Through("unshare", "-m", "sh", "-c", "mount --bind "+resolver+" /etc/resolv.conf && exec \"$@\"", "sh")
	s.lb2.Start()
	l.Eventually(settle, "lb2 is backup", func() bool { return len(transitions(s.lb2)) > 0 })
	figures{s.ready(s.lb2)}.within(t, "backup after the start", time.Second)
}
