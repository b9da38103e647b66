package integration

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// sixConfig is a pair with IPv6 services by direct routing and NAT, the latter on another
// port, and one of IPv4 servers behind a tunnel; what is inside has a virtual address as its gateway.
const sixConfig = `
cluster "lab" {
  director "lb1" { address = "192.0.2.11" }
  director "lb2" { address = "192.0.2.12" }
}
vrrp_instance "six" {
  interface              = "eth0"
  virtual_router_id      = 61
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "300ms"
  virtual_addresses      = ["fe80::100/64", "2001:db8::100/64", "2001:db8:1::1/64"]
}
virtual_server_defaults {
  protocol = "tcp"
  check "tcp" {
    interval = "500ms"
    timeout  = "400ms"
    rise     = 1
  }
}
virtual_server "dr" {
  addresses  = ["[2001:db8::100]:8081"]
  forwarding = "dr"
  real_server "web1" { address = "2001:db8::21" }
}
virtual_server "nat" {
  addresses  = ["[2001:db8::100]:8082"]
  forwarding = "nat"
  real_server "web2" { address = "[2001:db8:1::22]:9082" }
}
virtual_server "tun" {
  addresses  = ["[2001:db8::100]:8083"]
  forwarding = "tun"
  real_server "web3" {
    address = "192.0.2.23:9083" # where nobody listens: a tunnel leads to the service's port
    check "tcp" { port = 8083 }
  }
}
`

// TestEachForwardingMethodOverIPv6: clients that speak IPv6 reach servers by direct routing, by NAT to another
// port, and by a tunnel over IPv4, which leaves the port alone, through either director; a server that does not answer leaves.
func TestEachForwardingMethodOverIPv6(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	for node, addresses := range map[string][]string{
		"client": {"2001:db8::5"}, "lb1": {"2001:db8::11", "2001:db8:1::11"}, "lb2": {"2001:db8::12", "2001:db8:1::12"},
		"web1": {"2001:db8::21"}, "web2": {"2001:db8:1::22"}, "web3": nil,
	} {
		for _, a := range addresses {
			l.Run(node, "ip", "address", "add", a+"/64", "dev", lab.Interface, "nodad")
		}
		if strings.HasPrefix(node, "lb") {
			l.Run(node, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
		}
	}
	l.Run("web3", "ip", "address", "add", "2001:db8::23/64", "dev", lab.Interface, "nodad") // its way to the client
	// All share one link: to the client there is a shorter way, without NAT.
	l.Run("web2", "sysctl", "-qw", "net.ipv6.conf.eth0.accept_redirects=0")
	l.Run("web2", "ip", "route", "add", "default", "via", "2001:db8:1::1")
	config := l.WriteFile("six.hcl", sixConfig)
	for _, node := range []string{"web1", "web3"} {
		l.Run(node, lab.HaldBinary(), "realserver", "up", "--config", config, "--runtime-dir", t.TempDir())
	}
	l.Listen("web1", 8081)
	l.Listen("web2", 9082)
	l.Listen("web3", 8083)
	vip := netip.MustParseAddr("2001:db8::100")
	carries := func(through string) {
		t.Helper()
		for port, server := range map[int]string{8081: "web1", 8082: "web2", 8083: "web3"} {
			l.Eventually(settle, fmt.Sprintf("%s answers on port %d through %s", server, port, through), func() bool { return l.Answers(vip, port) == server })
		}
	}
	held := netip.MustParsePrefix("2001:db8::100/64")
	lb1, lb2 := l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	lb1.Start()
	lb2.Start()
	l.Eventually(settle, "lb1 alone is master", func() bool { return l.Holds("lb1", held) && !l.Holds("lb2", held) })
	carries("lb1")
	if status := lb1.Stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	l.Eventually(settle, "lb2 is master", func() bool { return l.Holds("lb2", held) && !l.Holds("lb1", held) })
	carries("lb2")

	l.Run("web2", "ip", "address", "delete", "2001:db8:1::22/64", "dev", lab.Interface)
	lb2.AwaitEvent(settle, "web2 is down", func(e lab.Event) bool { return e.Name == "real_server.down" && e.Server == "web2" })
	l.Eventually(time.Second, "web2 is out", func() bool { return !strings.Contains(l.IPVS("lb2"), "[2001:db8:1::22]:9082") })
}
