package lab_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/hald-project/hald/integration/lab"
)

// wrappings are ways to web3 through a tunnel: what clients speak, and in what it is
// wrapped.
var wrappings = []struct {
	port         int
	name         string
	virtual, own string
	tunnel       string
}{
	{91, "ipip", "192.0.2.100", "192.0.2.23", `type = "ipip"`},
	{92, "gre", "192.0.2.100", "192.0.2.23", "type = \"gre\"\n    checksum = true"},
	{93, "gue", "192.0.2.100", "192.0.2.23", "type = \"gue\"\n    port = 6080"},
	{94, "sit", "2001:db8::100", "192.0.2.23", `type = "ipip"`},
	{95, "ip6tnl", "192.0.2.100", "2001:db8::23", `type = "ipip"`},
	{96, "ip6gre", "2001:db8::100", "2001:db8::23", `type = "gre"`},
}

func wrappedCluster() string {
	var b strings.Builder
	b.WriteString(`cluster "lab" {
  director "lb1" { address = "192.0.2.11" }
}
vrrp_instance "lab" {
  interface              = "eth0"
  virtual_router_id      = 51
  advertisement_interval = "100ms"
  virtual_addresses      = ["192.0.2.100/24", "2001:db8::100/64"]
}
`)
	for _, w := range wrappings {
		fmt.Fprintf(&b, `virtual_server %q {
  addresses  = [%q]
  protocol   = "tcp"
  forwarding = "tun"
  tunnel {
    %s
  }
  check "none" {}
  real_server "web3" { address = %q }
}
`, w.name, netip.AddrPortFrom(netip.MustParseAddr(w.virtual), uint16(w.port)), w.tunnel, w.own)
	}
	return b.String()
}

// TestRealServer is `hald realserver` on the machine that it is for: through every
// tunnel a request comes to the server and its answer to the client; of all who
// have the address the master alone says so; and down leaves nothing.
func TestRealServer(t *testing.T) {
	l := lab.New(t)
	for node, last := range map[string]string{"client": "5", "lb1": "11", "web3": "23"} {
		l.Run(node, "ip", "address", "add", "2001:db8::"+last+"/64", "dev", lab.Interface, "nodad")
	}
	before := l.Run("web3", "ip", "-o", "address") + l.Run("web3", "ip", "link")
	config := l.WriteFile("wrapped.hcl", wrappedCluster())
	folder := t.TempDir()
	realserver := func(node, command string) string {
		return l.Run(node, lab.HaldBinary(), "realserver", command, "--config", config, "--runtime-dir", folder)
	}
	realserver("web3", "up")
	realserver("web3", "status") // fails unless all is as it must be

	lb1 := l.HaldWith("lb1", config)
	lb1.Start()
	l.AwaitMaster("lb1", settle)
	for _, w := range wrappings {
		l.Listen("web3", w.port)
		l.Eventually(settle, "an answer through "+w.name, func() bool { return l.Answers(netip.MustParseAddr(w.virtual), w.port) == "web3" })
	}

	asked := l.Run("client", "arping", "-b", "-c", "2", "-w", "5", "-I", lab.Interface, lab.VIP.Addr().String())
	mac := macOf(l, "lb1")
	if answers := strings.Count(asked, "reply from"); answers == 0 || strings.Count(asked, mac) != answers {
		t.Errorf("the master is %s, and for the address answer\n%s", mac, asked)
	}

	realserver("web3", "down")
	after := l.Run("web3", "ip", "-o", "address") + l.Run("web3", "ip", "link")
	if leftovers := newLines(before, after); len(leftovers) > 0 {
		t.Errorf("down left\n%s", strings.Join(leftovers, "\n"))
	}
}

// macOf is the MAC of a node's interface, as arping writes it.
func macOf(l *lab.Lab, node string) string {
	_, after, _ := strings.Cut(l.Run(node, "ip", "-o", "link", "show", lab.Interface), "link/ether ")
	return strings.ToUpper(strings.Fields(after)[0])
}

// newLines are those of the second text that the first one has not, but for the
// devices that the kernel makes with its modules.
func newLines(before, after string) (all []string) {
	for line := range strings.Lines(after) {
		known := strings.Contains(before, line)
		if !known && strings.Contains(line, "hald-") {
			all = append(all, line)
		}
	}
	return all
}
