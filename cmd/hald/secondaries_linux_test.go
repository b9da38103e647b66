package main

import (
	"bufio"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hald-project/hald/event"
)

const promoteFile = "/proc/sys/net/ipv4/conf/eth0/promote_secondaries"

// promotion is promote_secondaries of eth0.
func (s *site) promotion() string {
	s.t.Helper()
	out, err := exec.Command("ip", "netns", "exec", s.name, "cat", promoteFile).Output()
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func (s *site) setPromotion(value string) {
	s.t.Helper()
	if out, err := exec.Command("ip", "netns", "exec", s.name, "sh", "-c", "echo "+value+" >"+promoteFile).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
}

// monitored is what `ip monitor address` says of eth0 while do runs. An address of no
// matter comes and goes before and after, so that nothing between is missed.
func (s *site) monitored(do func()) (lines []string) {
	s.t.Helper()
	monitor := exec.Command("ip", "-n", s.name, "-o", "monitor", "address", "dev", "eth0")
	out, err := monitor.StdoutPipe()
	if err == nil {
		err = monitor.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { monitor.Process.Kill(); monitor.Wait() }()
	said := make(chan string, 1000)
	go func() {
		for in := bufio.NewScanner(out); in.Scan(); {
			said <- in.Text()
		}
	}()
	heard := func(address string) func() bool {
		return func() bool {
			for {
				select {
				case line := <-said:
					lines = append(lines, line)
					if strings.Contains(line, address) {
						return true
					}
				default:
					return false
				}
			}
		}
	}
	s.until("the monitor listens", func() bool {
		s.ip("addr", "replace", "203.0.113.1/32", "dev", "eth0")
		return heard("203.0.113.1/32")()
	})
	do()
	s.ip("addr", "add", "203.0.113.2/32", "dev", "eth0")
	s.until("the monitor has told all", heard("203.0.113.2/32"))
	return lines
}

// TestTheHostsPrimaryGoes: our address is its secondary, and stays. The setting that
// keeps it is what it was when the daemon has stopped. Where somebody undoes the
// setting ours goes too, is put back, and the event tells why.
func TestTheHostsPrimaryGoes(t *testing.T) {
	s := newSite(t, validConfig)
	s.setPromotion("0")
	s.ip("addr", "add", "10.99.1.11/24", "dev", "eth0") // adverts go on from here
	log := s.logFile()
	d := s.run(log)
	s.until("master", s.isMaster)
	s.until("the setting", func() bool { return s.promotion() != "0" })
	told := s.monitored(func() { s.ip("addr", "del", "10.99.0.11/24", "dev", "eth0") })
	gone := false
	for _, line := range told {
		gone = gone || strings.HasPrefix(line, "Deleted") && strings.Contains(line, "10.99.0.11/24")
		if strings.HasPrefix(line, "Deleted") && strings.Contains(line, "10.99.0.100/24") {
			t.Errorf("the virtual address was away: %s", line)
		}
	}
	if !gone || !s.holdsAddress() {
		t.Errorf("the monitor told\n%s", strings.Join(told, "\n"))
	}
	s.ip("addr", "add", "10.99.0.11/24", "dev", "eth0")
	s.until("the setting, with the host's address back", func() bool { return s.promotion() != "0" })

	restored := func(reason string) {
		t.Helper()
		s.until(reason, func() bool {
			return slices.ContainsFunc(events(t, log, "address.restored"), func(e event.Event) bool {
				return e.Reason == reason && strings.HasPrefix(e.By, "netlink port ")
			})
		})
	}
	s.ip("addr", "del", "10.99.0.100/24", "dev", "eth0")
	restored("deleted")
	d.stop()
	if got := s.promotion(); got != "0" {
		t.Errorf("promote_secondaries is %s after the stop", got)
	}

	d = s.run(log)
	s.until("master again", s.isMaster)
	s.until("the setting again", func() bool { return s.promotion() != "0" })
	s.setPromotion("0") // somebody does not want it
	s.ip("addr", "del", "10.99.0.11/24", "dev", "eth0")
	restored("primary_removed")
	d.stop()
}

// TestPromotionAfterAKill: nobody is left to restore the setting but the clean-up;
// what somebody else wrote since is theirs.
func TestPromotionAfterAKill(t *testing.T) {
	s := newSite(t, validConfig)
	s.setPromotion("0")
	for _, written := range []string{"", "1"} {
		d := s.run(s.logFile())
		s.until("master", s.isMaster)
		s.until("the setting", func() bool { return s.promotion() != "0" })
		all := append(d.workers(), d.cmd.Process.Pid)
		for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} { // none sees another die
			for _, pid := range all {
				syscall.Kill(pid, sig)
			}
		}
		d.exitCode()
		want := "0"
		if written != "" {
			s.setPromotion(written)
			want = written
		}
		if out, err := s.command("cleanup").CombinedOutput(); err != nil {
			t.Errorf("clean-up: %v: %s", err, out)
		}
		if got := s.promotion(); got != want || s.holdsAddress() {
			t.Errorf("promote_secondaries is %s after the clean-up, want %s; the address is there: %t", got, want, s.holdsAddress())
		}
	}
}
