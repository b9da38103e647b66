package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/doctor"
	"github.com/hald-project/hald/vrrp"
)

// sick is a cluster whose director has every trouble that a network namespace can have.
const sick = `
cluster "shop" {
  director "lb1" { address = "10.99.0.11" }
  director "lb2" { address = "10.99.0.12" }
}
vrrp_defaults {
  advertisement_interval = "100ms"
}
vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["10.99.0.100/24", "10.99.0.101/24", "10.99.0.102/24", "2001:db8::100/64"]
}
vrrp_instance "back" {
  interface         = "eth1"
  virtual_router_id = 61
  virtual_addresses = ["10.98.0.100/24"]
  source_address    = "10.98.0.11"
}
vrrp_instance "side" {
  interface         = "eth2"
  virtual_router_id = 71
  virtual_addresses = ["10.97.0.100/24"]
}
virtual_server_defaults {
  check "none" {}
}
virtual_server "web" {
  addresses  = ["10.99.0.100:80"]
  protocol   = "tcp"
  forwarding = "dr"
  real_server "web1" { address = "10.99.0.21" }
  real_server "app" {
    address    = "10.98.0.22"
    forwarding = "nat"
  }
}
virtual_server "wrapped" {
  addresses  = ["10.99.0.101:80"]
  protocol   = "tcp"
  forwarding = "tun"
  real_server "far" { address = "10.98.0.23" }
}
`

// clinic is a director and, at the other ends of its cables, everybody else.
func clinic(t *testing.T) (s, far *site) {
	if _, err := binary(); err != nil { // it may take a while
		t.Fatal(err)
	}
	s = newSite(t, sick)
	far = &site{t: t, name: s.name + "-far", folder: t.TempDir(), config: s.config}
	if out, err := exec.Command("ip", "netns", "add", far.name).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("ip", "netns", "del", far.name).Run() })
	s.ip("link", "set", "peer0", "netns", far.name)
	for _, n := range []string{"1", "2"} {
		s.ip("link", "add", "eth"+n, "type", "veth", "peer", "name", "peer"+n, "netns", far.name)
		far.ip("link", "set", "peer"+n, "up")
		s.ip("link", "set", "eth"+n, "up")
	}
	far.ip("link", "set", "lo", "up")
	far.ip("address", "add", "10.99.0.21/24", "dev", "peer0") // web1
	far.ip("link", "set", "peer0", "up")
	for _, n := range []string{"peer0", "peer1", "peer2"} {
		far.until(n+" is up", func() bool { return strings.Contains(far.ip("link", "show", n), "state UP") })
	}
	return s, far
}

// rival is a program of another name that runs beside the daemon.
func (s *site) rival(name, program string, args ...string) {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name)
	if out, err := exec.Command("cp", program, path).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command("ip", append([]string{"netns", "exec", s.name, path}, args...)...)
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		cmd.Wait()
	}()
	s.t.Cleanup(func() { cmd.Process.Kill(); <-gone })
	s.until(name+" runs", func() bool {
		comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", cmd.Process.Pid))
		return strings.TrimSpace(string(comm)) == name
	})
}

// examine runs the doctor and returns what is not in order, by check and subject.
func (s *site) examine() map[string]doctor.Finding {
	s.t.Helper()
	cmd := s.command("doctor", "-o", "json", "--for", "300ms")
	out, _ := cmd.Output()
	var said struct {
		Ready    bool
		Findings []doctor.Finding
	}
	if err := json.Unmarshal(out, &said); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	if said.Ready != (cmd.ProcessState.ExitCode() == 0) {
		s.t.Errorf("ready: %t, exit code %d", said.Ready, cmd.ProcessState.ExitCode())
	}
	bad := map[string]doctor.Finding{}
	for _, f := range said.Findings {
		if f.Level != doctor.OK {
			bad[f.Check+" "+f.Subject] = f
		}
	}
	return bad
}

// cure does what a finding says, in its words.
func (s *site) cure(f doctor.Finding) {
	s.t.Helper()
	command := f.Cure
	if name, with, ok := strings.Cut(command, "virtual_router_id = "); ok && name == "" {
		id, _, _ := strings.Cut(with, " ")
		s.rewrite("virtual_router_id = 51", "virtual_router_id = "+id)
		return
	}
	if _, on, ok := strings.Cut(command, "hald realserver "); ok {
		command = fmt.Sprintf("%s realserver %s -c %s --runtime-dir %s", s.command().Args[4], on, s.config, s.folder)
	}
	s.inside("sh", "-c", command)
}

// TestDoctorCuresWhatItFinds makes all troubles at once, does what the doctor says, word
// by word, and finds that they are gone.
func TestDoctorCuresWhatItFinds(t *testing.T) {
	t.Parallel()
	s, far := clinic(t)
	for _, command := range []string{
		"sysctl -w net.ipv4.ip_forward=0 net.ipv4.conf.all.arp_ignore=8 net.ipv4.conf.eth1.rp_filter=1 net.ipv6.conf.eth0.disable_ipv6=1",
		"ip address add 10.99.0.102/24 dev eth1", // ours to move, but held here
		"ip address add 10.98.0.1/24 dev eth1",
		"ip route add default via 10.99.0.12",
		"ip link set eth1 multicast off", "ip link set eth2 down",
		"nft add table inet filter",
		"nft 'add chain inet filter input { type filter hook input priority 0; policy drop; }'",
		"nft add rule inet filter input ct state established,related accept",
		"nft 'add rule inet filter input ip protocol { tcp, icmp } accept'",
		"nft 'add chain inet filter forward { type filter hook forward priority 0; policy drop; }'",
		"nft add rule inet filter forward ct state established,related accept",
	} {
		s.inside("sh", "-c", command)
	}
	s.rival("keepalived", "/bin/sleep", "60")
	s.rival("vrrp-speaker", "/usr/bin/perl", "-e", "use Socket; socket(S, AF_INET, SOCK_RAW, 112); sleep 60")
	s.until("it speaks VRRP", func() bool { return strings.Contains(s.inside("cat", "/proc/net/raw"), ":0070 ") })
	far.ip("address", "add", "10.99.0.100/32", "dev", "lo") // web1 is not silent
	// Another cluster has the virtual router. Behind the firewall that is not heard at first.
	w := far.wire()
	quit := make(chan struct{})
	t.Cleanup(func() { close(quit) })
	go func() {
		for {
			select {
			case <-quit:
				return
			case <-time.After(50 * time.Millisecond):
				w.says(vrrp.Format{Version: 3}, "10.99.0.66", 200, 100*time.Millisecond, "10.99.0.200")
			}
		}
	}()

	troubles := map[string]*site{ // and where the cure belongs
		"forwarding net.ipv4.ip_forward": s, "arp_ignore eth0": s, "rp_filter eth1": s, "ipv6 eth0": s,
		"other_daemon keepalived": s, "other_daemon vrrp-speaker": s,
		"virtual_address 10.99.0.102": s, "interface eth1": s, "interface eth2": s,
		"firewall eth0": s, "firewall eth1": s, "firewall eth2": s, "conntrack inet filter forward": nil,
		"source_address back": s, "virtual_address 10.99.0.100": far, "mtu far": s,
	}
	before := s.examine()
	for trouble, where := range troubles {
		f, found := before[trouble]
		if !found {
			t.Errorf("%s was not found", trouble)
		} else if where != nil {
			where.cure(f)
		}
	}
	if t.Failed() {
		t.Fatalf("found %+v", before)
	}
	stranger, found := s.examine()["vrid front"]
	if !found {
		t.Fatal("another cluster was not found")
	}
	s.cure(stranger)
	after := s.examine()
	if f, still := after["vrid front"]; still {
		t.Errorf("its own cure did not help: %+v", f)
	}
	for trouble, where := range troubles {
		if f, still := after[trouble]; still && where != nil {
			t.Errorf("its own cure did not help: %+v", f)
		}
	}
}

// TestDoctorSaysWhatMayNotBeDone has too few rights first, and then all of them.
func TestDoctorSaysWhatMayNotBeDone(t *testing.T) {
	t.Parallel()
	s := newSite(t, sick)
	doctor := strings.Join(s.command("doctor", "--for", "10ms").Args[4:], " ")
	said := func(script string) string {
		out, _ := exec.Command("ip", "netns", "exec", s.name, "sh", "-c", script).CombinedOutput()
		return string(out)
	}
	few, all := said("ulimit -n 100; exec setpriv --bounding-set=-sys_nice,-net_raw "+doctor), said(doctor)
	for _, text := range []string{"missing: CAP_NET_RAW", "may not run in real time", "100 files may be open"} {
		mayNever := strings.Contains(text, "real time") // not even root, in some containers
		if !strings.Contains(few, text) || strings.Contains(all, text) && !mayNever {
			t.Errorf("%q is not said where it is so alone:\n%s\n%s", text, few, all)
		}
	}
}
