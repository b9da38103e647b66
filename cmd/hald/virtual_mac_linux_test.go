package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const virtualLink = "vr4-51-eth0"

// link is what is known of a link; empty when it is not there.
func (s *site) link(name string) string {
	out, _ := exec.Command("ip", "-n", s.name, "-d", "addr", "show", "dev", name).Output()
	return string(out)
}

// arp is what a link does about ARP: arp_ignore and arp_announce.
func (s *site) arp(link string) string {
	folder := "/proc/sys/net/ipv4/conf/" + link + "/"
	out, err := exec.Command("ip", "netns", "exec", s.name, "cat", folder+"arp_ignore", folder+"arp_announce").CombinedOutput()
	if err != nil {
		s.t.Fatalf("read settings of %s: %v: %s", link, err, out)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func (s *site) holdsVirtually() bool { return strings.Contains(s.link(virtualLink), "10.99.0.100/24") }

// TestVirtualMAC: whatever happens to the links, the address is where it must
// be, other people's links are left alone, and nothing stays behind.
func TestVirtualMAC(t *testing.T) {
	t.Parallel()
	s := newSite(t, strings.Replace(validConfig, "interface ", "virtual_mac = true\n  interface ", 1))
	log := s.logFile()
	d := s.run(log)
	says := func(event string) bool {
		text, _ := os.ReadFile(log.Name())
		return strings.Contains(string(text), `"event":"`+event+`"`)
	}
	s.until("master", s.isMaster)
	s.until("the self-test has passed", func() bool { return says("virtual_mac.ready") })
	if !s.holdsVirtually() || s.holdsAddress() || !strings.Contains(s.link(virtualLink), "00:00:5e:00:01:33") || s.arp("eth0") != "1 2" {
		t.Errorf("the virtual link:\n%s\narp of eth0: %s", s.link(virtualLink), s.arp("eth0"))
	}
	if in := s.status().VRRPInstances[0]; in.VirtualMAC != "00:00:5e:00:01:33" || in.VirtualInterface != virtualLink {
		t.Errorf("status %+v", in)
	}
	if out, err := s.command("status").Output(); err != nil || !strings.Contains(string(out), "eth0 ("+virtualLink+")") {
		t.Errorf("status for people: %v\n%s", err, out)
	}

	s.ip("link", "set", virtualLink, "down")
	s.until("up again, after somebody set it down", func() bool { return strings.Contains(s.link(virtualLink), ",UP") })
	s.ip("link", "del", virtualLink)
	s.until("made again, after somebody deleted it", s.holdsVirtually)

	// The interface gets another name: not the one that is meant any more.
	s.ip("link", "set", "eth0", "down")
	s.ip("link", "set", "eth0", "name", "lan0")
	s.until("in fault", func() bool {
		in := s.status().VRRPInstances
		return len(in) == 1 && slices.Equal(in[0].Faults, []string{"interface_missing"})
	})
	s.until("the virtual link is gone", func() bool { return s.link(virtualLink) == "" })
	s.until("its parent is as it was", func() bool { return s.arp("lan0") == "0 0" })

	// Somebody else takes the name of the link.
	s.ip("link", "add", virtualLink, "link", "lan0", "address", "00:00:5e:00:01:33", "type", "macvlan", "mode", "private")
	before := s.link(virtualLink)
	s.ip("link", "set", "lan0", "name", "eth0")
	s.ip("link", "set", "eth0", "up")
	s.until("in fault for the name", func() bool {
		in := s.status().VRRPInstances
		return len(in) == 1 && slices.Equal(in[0].Faults, []string{"virtual_mac_name_taken"})
	})
	if !says("virtual_mac.failed") {
		t.Error("nothing was said of the name")
	}
	if after := s.link(virtualLink); !strings.Contains(after, "mode private") || strings.Contains(after, "10.99.0.100") {
		t.Errorf("it was touched: %s, was %s", after, before)
	}
	s.ip("link", "del", virtualLink)
	s.until("master again", s.holdsVirtually)

	// The interface is deleted and made again.
	s.ip("link", "del", "eth0")
	s.until("gone", func() bool { return s.link(virtualLink) == "" })
	s.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
	s.ip("addr", "add", "10.99.0.11/24", "dev", "eth0")
	s.ip("link", "set", "eth0", "up")
	s.ip("link", "set", "peer0", "up")
	s.until("master on the new one", s.holdsVirtually)

	workers := d.workers()
	d.cmd.Process.Kill()
	for _, pid := range workers {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	s.until("all workers gone", func() bool { return !slices.ContainsFunc(workers, alive) })
	s.until("the address has left by itself", func() bool { return !s.holdsVirtually() })
	if s.link(virtualLink) == "" || s.arp("eth0") != "1 2" {
		t.Error("a killed daemon left nothing: this test is blind")
	}
	if out, err := s.command("cleanup").CombinedOutput(); err != nil {
		t.Errorf("cleanup: %v: %s", err, out)
	}
	if left := s.link(virtualLink); left != "" || s.arp("eth0") != "0 0" {
		t.Errorf("after cleanup: %s, arp of eth0: %s", left, s.arp("eth0"))
	}
}

// TestVirtualMACsSideBySide: one virtual_router_id over both families, and on two
// interfaces, makes three links with a MAC each. The self-test proves that each
// sends with its own.
func TestVirtualMACsSideBySide(t *testing.T) {
	t.Parallel()
	s := newSite(t, `
cluster "site" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_defaults {
  virtual_router_id      = 51
  virtual_mac            = true
  advertisement_interval = "100ms"
}

vrrp_instance "four" {
  interface         = "eth0"
  virtual_addresses = ["10.99.0.100/24"]
}

vrrp_instance "six" {
  interface         = "eth0"
  virtual_addresses = ["fe80::100/64", "2001:db8::100/64"]
}

vrrp_instance "other" {
  interface         = "peer0"
  virtual_addresses = ["10.98.0.100/24"]
}
`)
	s.ip("addr", "add", "10.98.0.11/24", "dev", "peer0")
	log := s.logFile()
	d := s.run(log)
	s.until("all have passed the self-test", func() bool {
		text, _ := os.ReadFile(log.Name())
		return strings.Count(string(text), `"event":"virtual_mac.ready"`) == 3
	})
	for name, has := range map[string][]string{
		"vr4-51-eth0":  {"00:00:5e:00:01:33", "10.99.0.100/24"},
		"vr6-51-eth0":  {"00:00:5e:00:02:33", "fe80::100/64", "2001:db8::100/64"},
		"vr4-51-peer0": {"00:00:5e:00:01:33", "10.98.0.100/24"},
	} {
		link := s.link(name)
		if strings.Count(link, " inet") != len(has)-1 {
			t.Errorf("other addresses on %s:\n%s", name, link)
		}
		for _, word := range has {
			if !strings.Contains(link, word) {
				t.Errorf("no %s on %s:\n%s", word, name, link)
			}
		}
	}
	d.signal(syscall.SIGTERM)
	if code := d.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if left := s.ip("link"); strings.Contains(left, "vr4-") || strings.Contains(left, "vr6-") || s.arp("eth0") != "0 0" || s.arp("peer0") != "0 0" {
		t.Errorf("left behind:\n%s", left)
	}
}
