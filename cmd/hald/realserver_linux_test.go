package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hald-project/hald/realserver"
)

// realCluster has the site's machine as real server web1 of an IPv4 and an IPv6
// service.
const realCluster = `
cluster "shop" {
  director "lb1" { address = "10.99.0.1" }
}
vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["10.99.0.100/24", "2001:db8::100/64"]
}
virtual_server_defaults {
  check "none" {}
}
virtual_server "web" {
  addresses  = ["10.99.0.100:80"]
  protocol   = "tcp"
  forwarding = "dr"
  real_server "web1" { address = "10.99.0.11" }
}
virtual_server "six" {
  addresses  = ["[2001:db8::100]:80"]
  protocol   = "tcp"
  forwarding = "dr"
  real_server "web1" { address = "2001:db8::11" }
}
`

// inside runs a program in the namespace; it must succeed.
func (s *site) inside(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("ip", append([]string{"netns", "exec", s.name}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// hald runs a command and returns what it said, and its exit code.
func (s *site) hald(args ...string) (string, int) {
	s.t.Helper()
	cmd := s.command(args...)
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

func (s *site) arpSettings() string {
	s.t.Helper()
	return s.inside("sysctl", "-n", "net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.all.arp_announce")
}

func realSite(t *testing.T) *site {
	s := newSite(t, realCluster)
	s.ip("link", "set", "lo", "up")
	s.ip("addr", "add", "2001:db8::11/64", "dev", "eth0", "nodad")
	return s
}

// Up, twice, status, and down on a kernel: both families, and everything as before
// in the end.
func TestRealServerUpAndDown(t *testing.T) {
	t.Parallel()
	s := realSite(t)
	held, arp := s.ip("addr", "show", "dev", "lo"), s.arpSettings()
	if out, code := s.hald("realserver", "status"); code != 1 || !strings.Contains(out, "not there") {
		t.Errorf("before up: %d\n%s", code, out)
	}
	if out, code := s.hald("realserver", "up"); code != 0 || strings.Count(out, "\n") != 4 {
		t.Fatalf("up: %d\n%s", code, out)
	}
	if out, code := s.hald("realserver", "up"); code != 0 || out != "" {
		t.Errorf("a second up: %d\n%s", code, out)
	}
	lo := s.ip("addr", "show", "dev", "lo")
	if !strings.Contains(lo, "inet 10.99.0.100/32") || !strings.Contains(lo, "inet6 2001:db8::100/128") || strings.Contains(lo, "tentative") || s.arpSettings() != "1\n2" {
		t.Errorf("after up:\n%s\narp %q", lo, s.arpSettings())
	}
	out, code := s.hald("realserver", "status", "-o", "json")
	var status struct {
		Ready bool
		Items []realserver.Item
	}
	if err := json.Unmarshal([]byte(out), &status); err != nil || code != 0 || !status.Ready || len(status.Items) != 4 || !status.Items[0].Ours {
		t.Errorf("status: %d %v\n%s", code, err, out)
	}
	if out, code := s.hald("realserver", "down"); code != 0 {
		t.Errorf("down: %d\n%s", code, out)
	}
	if s.ip("addr", "show", "dev", "lo") != held || s.arpSettings() != arp {
		t.Errorf("down left\n%s\narp %q, want\n%s\n%q", s.ip("addr", "show", "dev", "lo"), s.arpSettings(), held, arp)
	}
}

// What was there before us, and what somebody changed after us, stays.
func TestRealServerLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	s := realSite(t)
	s.inside("sysctl", "-w", "net.ipv4.conf.all.arp_announce=2")
	s.ip("addr", "add", "10.99.0.100/32", "dev", "lo")
	if out, code := s.hald("realserver", "up"); code != 0 {
		t.Fatalf("up: %d\n%s", code, out)
	}
	s.inside("sysctl", "-w", "net.ipv4.conf.all.arp_ignore=8")
	if out, code := s.hald("realserver", "down"); code != 0 {
		t.Fatalf("down: %d\n%s", code, out)
	}
	if lo := s.ip("addr", "show", "dev", "lo"); !strings.Contains(lo, "10.99.0.100/32") || strings.Contains(lo, "2001:db8") || s.arpSettings() != "8\n2" {
		t.Errorf("after down:\n%s\narp %q", lo, s.arpSettings())
	}
}

// One service at a time, and down without a configuration that can be read.
func TestRealServerByService(t *testing.T) {
	t.Parallel()
	s := realSite(t)
	for _, step := range []struct{ command, service, lo4, lo6 string }{
		{"up", "six", "", "2001:db8::100"}, {"up", "web", "10.99.0.100", "2001:db8::100"}, {"down", "six", "10.99.0.100", ""},
	} {
		if out, code := s.hald("realserver", step.command, "--service", step.service); code != 0 {
			t.Fatalf("%v: %d\n%s", step, code, out)
		}
		lo := s.ip("addr", "show", "dev", "lo")
		if strings.Contains(lo, "10.99.0.100") != (step.lo4 != "") || strings.Contains(lo, "2001:db8::100") != (step.lo6 != "") {
			t.Errorf("after %v:\n%s", step, lo)
		}
	}
	s.rewrite("cluster", "nonsense")
	if out, code := s.hald("realserver", "down"); code != 0 || s.arpSettings() != "0\n0" {
		t.Errorf("down with a broken configuration: %d, arp %q\n%s", code, s.arpSettings(), out)
	}
}

func TestRealServerRefusals(t *testing.T) {
	t.Parallel()
	s := realSite(t)
	for _, c := range []struct{ old, new, want string }{
		{`lb1" { address = "10.99.0.1"`, `lb1" { address = "10.99.0.11"`, `this machine is director "lb1"`},
		{`address = "10.99.0.11" }
}
virtual_server "six"`, `address = "10.99.0.21" }
}
virtual_server "six"`, ""},
		{`"2001:db8::11"`, `"2001:db8::21"`, "this machine is no real server of the cluster: it has 10.99.0.11, 2001:db8::11"},
	} {
		s.rewrite(c.old, c.new)
		if c.want == "" {
			continue
		}
		if out, code := s.hald("realserver", "up"); code != 1 || !strings.Contains(out, c.want) {
			t.Errorf("up: %d\n%s\nwant %q", code, out, c.want)
		}
	}
	if lo := s.ip("addr", "show", "dev", "lo"); strings.Contains(lo, "99.0.100") {
		t.Errorf("it refused, and left\n%s", lo)
	}
}

// A record that cannot be read is not overwritten: nobody would know what to take back.
func TestRealServerKeepsABrokenRecord(t *testing.T) {
	t.Parallel()
	s := realSite(t)
	path := filepath.Join(s.folder, "realserver.json")
	if err := os.WriteFile(path, []byte("{"), 0o640); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"up", "down"} {
		if out, code := s.hald("realserver", command); code != 1 || !strings.Contains(out, path) {
			t.Errorf("%s: %d\n%s", command, code, out)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "{" || s.arpSettings() != "0\n0" {
		t.Errorf("%q %v, arp %q", text, err, s.arpSettings())
	}
}

// The unit of contrib/systemd leaves it CAP_NET_ADMIN alone, and that is enough.
func TestRealServerNeedsNetAdminAlone(t *testing.T) {
	t.Parallel()
	s := realSite(t)
	unit, err := os.ReadFile("../../contrib/systemd/hald-realserver.service")
	if err != nil || !strings.Contains(string(unit), "\nCapabilityBoundingSet=CAP_NET_ADMIN\n") {
		t.Fatalf("the unit: %v\n%s", err, unit)
	}
	before := s.ip("addr", "show", "dev", "lo") + s.arpSettings()
	bounded := func(set, command string) error {
		args := append([]string{"netns", "exec", s.name, "setpriv", "--bounding-set", set}, s.command("realserver", command).Args[4:]...)
		out, err := exec.Command("ip", args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	if err := bounded("-all", "up"); err == nil {
		t.Error("up without CAP_NET_ADMIN said nothing")
	}
	if err := bounded("-all,+net_admin", "up"); err != nil {
		t.Fatal(err)
	}
	if s.arpSettings() != "1\n2" {
		t.Errorf("arp %q", s.arpSettings())
	}
	if err := bounded("-all,+net_admin", "down"); err != nil {
		t.Fatal(err)
	}
	if after := s.ip("addr", "show", "dev", "lo") + s.arpSettings(); after != before {
		t.Errorf("down left\n%s\nof\n%s", after, before)
	}
}
