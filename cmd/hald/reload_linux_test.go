package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// neighbour is who else is on the network of the site's eth0.
func (s *site) neighbour() *site {
	s.t.Helper()
	far := &site{t: s.t, name: s.name + "-far"}
	if out, err := exec.Command("ip", "netns", "add", far.name).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	s.t.Cleanup(func() { exec.Command("ip", "netns", "del", far.name).Run() })
	s.ip("link", "set", "peer0", "netns", far.name)
	far.ip("address", "add", "10.99.0.21/24", "dev", "peer0")
	far.ip("link", "set", "peer0", "up")
	s.until("eth0 is up", func() bool { return strings.Contains(s.ip("link", "show", "eth0"), "state UP") })
	return far
}

// client pings an address a hundred times a second.
type client struct {
	site *site
	ping *exec.Cmd
	out  bytes.Buffer
}

func (s *site) client(address string) *client {
	s.t.Helper()
	c := &client{site: s, ping: exec.Command("ip", "netns", "exec", s.name, "ping", "-i", "0.01", "-q", address)}
	c.ping.Stdout, c.ping.Stderr = &c.out, &c.out
	if err := c.ping.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.ping.Process.Kill() })
	return c
}

// unbothered wants every ping answered, but for the one that is under way at the end.
func (c *client) unbothered() {
	c.site.t.Helper()
	time.Sleep(200 * time.Millisecond) // some pings after the last change
	c.ping.Process.Signal(syscall.SIGINT)
	c.ping.Wait()
	counts := regexp.MustCompile(`(\d+) packets transmitted, (\d+) received`).FindStringSubmatch(c.out.String())
	var sent, received int
	if counts != nil {
		fmt.Sscan(counts[1]+" "+counts[2], &sent, &received)
	}
	if sent < 5 || sent-received > 1 {
		c.site.t.Errorf("%d pings, %d answered:\n%s", sent, received, c.out.String())
	}
}

// logged are the events of the log whose names begin so, each with its addresses.
func (s *site) logged(prefix string) (list []string) {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		event := regexp.MustCompile(`"event":"([^"]*)"`).FindSubmatch(line)
		address := regexp.MustCompile(`"address":"([^"]*)"`).FindSubmatch(line)
		if event == nil || !strings.HasPrefix(string(event[1]), prefix) {
			continue
		}
		if address == nil {
			address = [][]byte{nil, nil}
		}
		list = append(list, strings.TrimSpace(string(event[1])+" "+string(address[1])))
	}
	return list
}

// TestReloadOfAddresses: on a master addresses come and go while a client of another one is
// answered all the time; its election goes on, and nothing is announced twice. What goes
// is an interruption, which is refused first (keepalived's users, row 4).
func TestReloadOfAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig)
	s.ip("link", "add", "eth1", "type", "veth", "peer", "name", "peer1")
	s.ip("link", "set", "eth1", "up")
	s.ip("link", "set", "peer1", "up")
	far := s.neighbour()
	d := s.run(s.logFile())
	s.until("master", s.isMaster)
	began := s.status().VRRPInstances[0].Since
	c := far.client("10.99.0.100")
	held := func(want ...string) {
		t.Helper()
		table := s.ip("-o", "addr", "show")
		for _, a := range []string{"10.99.0.100/24", "10.99.0.101/24", "192.0.2.1/32", "2001:db8::1/64"} {
			if slices.Contains(want, a) != strings.Contains(table, " "+a+" ") {
				t.Errorf("%s: want %v, the kernel has\n%s", a, want, table)
			}
		}
	}
	reload := func(want int, says string, flags ...string) {
		t.Helper()
		if out, code := s.order(append([]string{"reload"}, flags...)...); code != want || !strings.Contains(out, says) {
			t.Errorf("reload: exit code %d, want %d and %q:\n%s", code, want, says, out)
		}
	}
	s.until("a ping is answered", func() bool { return strings.Contains(s.ip("neigh"), "10.99.0.21") })

	s.rewrite(`["10.99.0.100/24"]`, `["10.99.0.101/24", "10.99.0.100/24", "2001:db8::1/64"]`)
	s.rewrite("  virtual_addresses", "  virtual_address \"192.0.2.1/32\" { interface = \"eth1\" }\n  virtual_addresses")
	reload(0, "+ virtual_address web/10.99.0.101/24\n")
	held("10.99.0.100/24", "10.99.0.101/24", "192.0.2.1/32", "2001:db8::1/64")

	s.rewrite("  virtual_addresses", "  gratuitous_arp {\n    refresh = \"30s\"\n  }\n  virtual_addresses")
	reload(0, "gratuitous_arp refresh")

	s.rewrite(`["10.99.0.101/24", "10.99.0.100/24", "2001:db8::1/64"]`, `["10.99.0.100/24"]`)
	reload(1, "it is held here, and goes")
	held("10.99.0.100/24", "10.99.0.101/24", "192.0.2.1/32", "2001:db8::1/64")
	reload(0, "- virtual_address web/10.99.0.101/24\n", "--allow-interruption")
	held("10.99.0.100/24", "192.0.2.1/32")

	// The kernel does not take one of the host's: the old configuration is in force again.
	s.ip("addr", "add", "10.99.0.102/24", "dev", "eth0")
	s.rewrite(`["10.99.0.100/24"]`, `["10.99.0.100/24", "10.99.0.102/24", "10.99.0.101/24"]`)
	reload(1, "the old configuration goes on: the election cannot: claim on eth0")
	held("10.99.0.100/24", "192.0.2.1/32")
	c.unbothered()
	if in := s.status().VRRPInstances[0]; in.State != "master" || !in.Since.Equal(began) || in.Transitions != 2 {
		t.Errorf("the election began anew: %+v", in)
	}
	if got := s.logged("config.rejected"); len(got) != 2 {
		t.Errorf("events %v", got)
	}
	d.stop()
	if got := s.logged("address.restored"); len(got) > 0 {
		t.Errorf("events %v", got)
	}
	held()
}
