//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// in runs a command in a director's namespace.
func (p *pair) in(director string, command ...string) (string, error) {
	out, err := exec.Command("ip", append([]string{"netns", "exec", p.link.namespaces[director]}, command...)...).CombinedOutput()
	return string(out), err
}

// TestAcceptFalseLive: on a kernel with nftables for IPv4 and IPv6, which the lab's
// is not, a master with accept = false says where its addresses are and takes no
// packet for them; its own address, and those of an instance that accepts, answer.
// The successor does the same, and the first one leaves no table.
func TestAcceptFalseLive(t *testing.T) {
	t.Parallel()
	const closed6, open = "2001:db8::3", 2
	config := haldDaemon{}.config("", open, beat)
	config = strings.Replace(config, "virtual_addresses ", "accept = false\n  virtual_addresses ", 1)
	config += fmt.Sprintf("vrrp_instance \"six\" {\n interface = \"eth0\"\n virtual_router_id = %d\n priority = { lb1 = 150, lb2 = 100 }\n advertisement_interval = %q\n accept = false\n virtual_addresses = [\"fe80::3/128\", %q]\n}\n",
		six, beat, closed6+"/128")
	p := newPair(t)
	run := func(director string, command ...string) string {
		t.Helper()
		out, err := p.in(director, command...)
		if err != nil {
			t.Fatalf("%s: %v: %v: %s", director, command, err, out)
		}
		return out
	}
	for _, director := range directors {
		run(director, "ip", "route", "add", "198.51.100.0/24", "dev", "eth0")
		run(director, "ip", "address", "add", fmt.Sprintf("2001:db8::%s/64", strings.TrimPrefix(own(director, 0), "192.0.2.")), "dev", "eth0", "nodad")
	}
	for _, director := range directors {
		p.run(t, haldDaemon{p.hald}, director, config)
	}
	masters := []string{`"event":"vrrp.transition"`, `"to":"master"`}
	p.await(t, "lb1", 3, masters...)

	shut := func(master, client string) {
		t.Helper()
		pings := func(address string) bool {
			_, err := p.in(client, "ping", "-c", "2", "-i", "0.2", "-W", "1", address)
			return err == nil
		}
		if !pings(own(master, 0)) || !pings(virtual(open)) {
			t.Errorf("%s does not answer where it should: this test is blind", master)
		}
		for _, address := range []string{virtual(young), closed6} {
			if pings(address) {
				t.Errorf("%s answers for %s", master, address)
			}
			if said := run(client, "ip", "neigh", "get", address, "dev", "eth0"); !strings.Contains(said, "lladdr") {
				t.Errorf("%s does not say where %s is: %s", master, address, said)
			}
		}
	}
	shut("lb1", "lb2")
	if err := stop([]*exec.Cmd{p.daemons["lb1"]}); err != nil {
		t.Fatal(err)
	}
	p.await(t, "lb2", 3, masters...)
	shut("lb2", "lb1")
	if left := run("lb1", "nft", "list", "tables"); left != "" {
		t.Errorf("lb1 left %s", left)
	}
}
