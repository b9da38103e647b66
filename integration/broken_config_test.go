package integration

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// brokenConfigs are ways to break a configuration, and the place that the
// message must name: a piece of the broken text's line, or nothing if the file
// alone is to be named.
var brokenConfigs = []struct {
	name   string
	mangle func(valid string) string // nil: there is no file
	place  string
}{
	{"invalid VIP", replacing("192.0.2.100/24", "192.0.2.300/24"), "192.0.2.300"},
	{"unknown attribute", replacing("preempt  ", "preemt  "), "preemt"},
	{"garbage", func(string) string { return "\x00\x01\xff}{garbage\n" }, "garbage"},
	{"file cut in half", func(s string) string { return s[:strings.Index(s, "virtual_addresses")-20] }, ""},
	{"empty file", func(string) string { return "" }, ""},
	{"missing file", nil, ""},
	{"text for a number", replacing("= 51", `= "fifty-one"`), "fifty-one"},
	{"duplicate block", func(s string) string { return s + "\n# second\n" + s[strings.Index(s, "vrrp_instance"):] }, ""},
	{"missing brace", func(s string) string { return strings.TrimSuffix(strings.TrimSpace(s), "}") }, ""},
	{"locals in a circle", func(s string) string { return s + "\nlocals {\n  a = local.b\n  b = local.a\n}\n" }, "a = local.b"},
}

func replacing(old, with string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, with, 1) }
}

// TestR21BrokenConfiguration: a director that is given a broken configuration
// says where it is broken and touches nothing, while the other one serves.
func TestR21BrokenConfiguration(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Services: lab.EachMethod, Check: patient}
	valid := configuration(t, l, c)
	lb1 := l.Hald("lb1", c)
	lb1.Start()
	l.AwaitMaster("lb1", settle)
	client := servedOn(l, lab.PortDR)

	before := traces(l, "lb2")
	start := time.Now()
	for i, broken := range brokenConfigs {
		name := fmt.Sprintf("broken%02d.hcl", i)
		path, want := filepath.Join(l.Folder(), name), regexp.QuoteMeta(name)
		if broken.mangle != nil {
			text := broken.mangle(valid)
			if text == valid {
				t.Fatalf("%s: it is not broken", broken.name)
			}
			l.WriteFile(name, text)
			want += ":" + lineOf(text, broken.place)
		}
		lb2 := l.HaldWith("lb2", path)
		said, status := lb2.Command("check")
		if status != 1 || !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("%s: check: exit status %d, want 1, and %s in:\n%s", broken.name, status, want, said)
		}
		lb2.Start()
		if status := ended(l, lb2); status != 2 {
			t.Errorf("%s: run: exit status %d, want 2", broken.name, status)
		}
		l.Eventually(settle, broken.name+": run names "+want, func() bool { return regexp.MustCompile(want).MatchString(output(lb2)) })
	}
	if after := traces(l, "lb2"); after != before {
		t.Errorf("a broken configuration left traces:\n%s\nbefore:\n%s", after, before)
	}
	s := client.Stop().Since(start)
	t.Logf("%d broken configurations in %v; the client: %d requests, longest gap %v", len(brokenConfigs), time.Since(start), len(s), s.LongestGap())
	undisturbed(t, s)
	if !l.Holds("lb1", lab.VIP) {
		t.Error("the other director lost the address")
	}
}

// lineOf is the number of the line with a piece of text, as a pattern.
func lineOf(text, piece string) string {
	before, _, found := strings.Cut(text, piece)
	if piece == "" || !found {
		return `\d+:\d+`
	}
	return fmt.Sprintf(`%d:\d+`, strings.Count(before, "\n")+1)
}

// output is what a daemon has written so far. It may take a moment longer to be
// read than the daemon lives.
func output(h *lab.Hald) string { return strings.Join(h.Process().Lines(), "\n") }

// ended waits until a daemon has ended by itself and returns its exit status.
func ended(l *lab.Lab, h *lab.Hald) int {
	l.Eventually(settle, h.Name()+" ends", func() bool { return !h.Running() })
	return h.Process().Stop()
}

// traces is what a daemon could leave in the kernel of its node. IPv6 is left out:
// its own addresses come and settle by themselves.
func traces(l *lab.Lab, node string) string {
	return l.IPVS(node) + l.Run(node, "sh", "-c",
		"ip -4 -o addr; ip -4 -o maddr; ip -4 route show table all; cat /proc/net/raw /proc/net/packet | awk '{print $4}'")
}

// TestMissingInterface: an instance whose interface is not there is in fault and
// says so; the balancer and the other instance work, and it joins them when the
// interface appears.
func TestMissingInterface(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	lb1 := l.HaldWith("lb1", l.WriteFile("two.hcl", configuration(t, l, lab.Cluster{Services: lab.EachMethod, Check: patient})+`
vrrp_instance "second" {
  interface              = "eth1"
  virtual_router_id      = 52
  advertisement_interval = "200ms"
  virtual_addresses      = ["203.0.113.100/24"]
}
`))
	lb1.Start()
	fault := func(reason string) {
		t.Helper()
		lb1.AwaitEvent(settle, "the second instance has fault "+reason, func(e lab.Event) bool {
			return e.Name == "vrrp.fault" && e.Instance == "second" && e.Reason == reason
		})
	}
	fault("interface_missing")
	l.AwaitMaster("lb1", settle)
	client := servedOn(l, lab.PortDR)
	if i := documentOf(t, lb1).Instances[1]; i.State != "fault" || strings.Join(i.Faults, " ") != "interface_missing" {
		t.Errorf("status of the second instance: %+v", i)
	}

	start := time.Now()
	l.Run("lb1", "ip", "link", "add", "eth1", "type", "veth", "peer", "name", "far")
	fault("link_down")
	l.Run("lb1", "ip", "link", "set", "far", "up")
	l.Run("lb1", "ip", "link", "set", "eth1", "up")
	fault("no_address")
	l.Run("lb1", "ip", "addr", "add", "203.0.113.11/24", "dev", "eth1")
	whole := time.Now()
	lb1.AwaitEvent(settle, "the second instance is master", func(e lab.Event) bool {
		return e.Name == "vrrp.transition" && e.Instance == "second" && e.To == "master"
	})
	t.Logf("master %v after the interface was whole", time.Since(whole))
	if shown := l.Run("lb1", "ip", "addr", "show", "dev", "eth1"); !strings.Contains(shown, "203.0.113.100/24") {
		t.Errorf("the second instance is master without its address:\n%s", shown)
	}
	l.Run("lb1", "ip", "link", "del", "eth1")
	fault("interface_missing")

	undisturbed(t, client.Stop().Since(start))
	if i := documentOf(t, lb1).Instances[0]; i.State != "master" || i.Transitions != 2 {
		t.Errorf("status of the first instance: %+v, want it master after two transitions", i)
	}
	if status := lb1.Stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestMissingCapabilities: a daemon that may not do its work says what it lacks
// and touches nothing.
func TestMissingCapabilities(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	lb1 := l.Hald("lb1", lab.Cluster{Services: lab.EachMethod, Check: patient})
	before := traces(l, "lb1")
	for _, test := range []struct {
		name   string
		drop   []string
		lacks  []string
		enough []string
	}{
		{"root without CAP_NET_ADMIN", []string{"--bounding-set=-net_admin"}, []string{"CAP_NET_ADMIN"}, []string{"CAP_NET_RAW"}},
		{"root without CAP_NET_RAW", []string{"--bounding-set=-net_raw"}, []string{"CAP_NET_RAW"}, []string{"CAP_NET_ADMIN"}},
		// The one capability is what it needs to find its files here.
		{"not root", []string{"--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"},
			[]string{"CAP_NET_ADMIN", "CAP_NET_RAW"}, nil},
	} {
		lb1.Through(append([]string{"setpriv"}, test.drop...)...).Start()
		if status := ended(l, lb1); status != 1 {
			t.Errorf("%s: exit status %d, want 1", test.name, status)
		}
		for _, name := range test.lacks {
			l.Eventually(settle, test.name+": it says "+name, func() bool { return strings.Contains(output(lb1), name) })
		}
		for _, name := range test.enough {
			if strings.Contains(output(lb1), name) {
				t.Errorf("%s: it does not lack %s: %s", test.name, name, output(lb1))
			}
		}
	}
	if after := traces(l, "lb1"); after != before {
		t.Errorf("a daemon that was refused left traces:\n%s\nbefore:\n%s", after, before)
	}
}
