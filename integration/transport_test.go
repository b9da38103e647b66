package integration

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/hald-project/hald/integration/lab"
)

// TestTransports: services of UDP and SCTP, and one of marked packets on several ports, carry what
// clients say, by direct routing and by NAT, and the kernel counts it behind each.
func TestTransports(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	vip := func(port uint16) netip.AddrPort { return netip.AddrPortFrom(lab.VIP.Addr(), port) }
	inside := func(port uint16) netip.AddrPort {
		return netip.AddrPortFrom(netip.MustParseAddr("198.51.100.22"), port)
	}
	l.Echo("web1", lab.UDP, vip(5300))
	l.Echo("web2", lab.UDP, inside(5301))
	l.Echo("web1", lab.SCTP, vip(5302))
	l.Echo("web2", lab.SCTP, inside(5303))
	for port := uint16(5304); port <= 5305; port++ {
		l.Echo("web1", lab.TCP, vip(port))
		l.Echo("web1", lab.UDP, vip(port))
	}
	config := configuration(t, l, lab.Cluster{}) + `
virtual_server_defaults {
  scheduler = "rr"
  check "none" {}
}
virtual_server "udp-dr" {
  addresses  = ["192.0.2.100:5300"]
  protocol   = "udp"
  forwarding = "dr"
  one_packet = true
  real_server "web1" { address = "192.0.2.21" }
}
virtual_server "udp-nat" {
  addresses  = ["192.0.2.100:5301"]
  protocol   = "udp"
  forwarding = "nat"
  real_server "web2" { address = "198.51.100.22" }
}
virtual_server "sctp-dr" {
  addresses  = ["192.0.2.100:5302"]
  protocol   = "sctp"
  forwarding = "dr"
  real_server "web1" { address = "192.0.2.21" }
}
virtual_server "sctp-nat" {
  addresses  = ["192.0.2.100:5303"]
  protocol   = "sctp"
  forwarding = "nat"
  real_server "web2" { address = "198.51.100.22" }
}
virtual_server "marked" {
  fwmark      = 7
  family      = "ipv4"
  forwarding  = "dr"
  persistence = "60s"
  real_server "web1" { address = "192.0.2.21" }
}
`
	for _, transport := range []string{"tcp", "udp"} {
		l.Run("lb1", "iptables-legacy", "-t", "mangle", "-A", "PREROUTING", "-d", "192.0.2.100", "-p", transport, "--dport", "5304:5305", "-j", "MARK", "--set-mark", "7")
	}
	lb1 := l.HaldWith("lb1", l.WriteFile("transports.hcl", config))
	lb1.Start()
	l.Eventually(settle, "lb1 is master", func() bool { return l.Holds("lb1", lab.VIP) })

	for _, c := range []struct {
		transport lab.Transport
		port      uint16
		server    string
		service   string // as ipvsadm names it
		target    string
	}{
		{lab.UDP, 5300, "web1", "UDP  192.0.2.100:5300", "192.0.2.21:5300"},
		{lab.UDP, 5301, "web2", "UDP  192.0.2.100:5301", "198.51.100.22:5301"},
		{lab.SCTP, 5302, "web1", "SCTP 192.0.2.100:5302", "192.0.2.21:5302"},
		{lab.SCTP, 5303, "web2", "SCTP 192.0.2.100:5303", "198.51.100.22:5303"},
		{lab.TCP, 5304, "web1", "FWM  7", "192.0.2.21:0"},
		{lab.TCP, 5305, "web1", "FWM  7", "192.0.2.21:0"},
		{lab.UDP, 5305, "web1", "FWM  7", "192.0.2.21:0"},
	} {
		l.Eventually(settle, c.service+" answers", func() bool { return l.Greets(c.transport, vip(c.port)) == c.server })
		counted := regexp.MustCompile(`(?s)` + regexp.QuoteMeta(c.service) + `[^>]*-> ` + regexp.QuoteMeta(c.target) + ` +[1-9]`)
		l.Eventually(settle, c.service+" counts it", func() bool { return counted.MatchString(l.Run("lb1", "ipvsadm", "-Ln", "--stats")) })
	}
	if out, _ := lb1.Command("status"); !strings.Contains(out, "fwmark 7") {
		t.Errorf("the mark is not shown:\n%s", out)
	}
}
