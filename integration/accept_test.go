package integration

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/hald-project/hald/integration/lab"
)

const (
	ownPort = 8080 // where a program of the directors' own listens
	vip6    = "2001:db8::100"
	gate6   = "fe80::100"
	hostSix = "2001:db8::11"
)

// deaf is the lab's configuration with accept = false, and a second instance with
// IPv6 addresses.
func deaf(t *testing.T, l *lab.Lab) string {
	text := configuration(t, l, lab.Cluster{Services: lab.EachMethod, Check: patient})
	return l.WriteFile("deaf.hcl", text+fmt.Sprintf(`
vrrp_defaults {
  accept = false
}

vrrp_instance "six" {
  interface         = "eth0"
  virtual_router_id = %d
  priority          = { lb1 = 150, lb2 = 100 }
  virtual_addresses = ["%s/64", "%s/64"]
}
`, lab.VRID, gate6, vip6))
}

// pings tells whether an address answers the client's echo request.
func pings(l *lab.Lab, address string) bool {
	if strings.HasPrefix(address, "fe80") {
		address += "%" + lab.Interface
	}
	return strings.HasPrefix(l.Run("client", "sh", "-c", "ping -c1 -W1 "+address+" >/dev/null && echo yes || echo no"), "yes")
}

// inService checks what a director that is master does for the client: it
// balances, and says where the addresses are; but nothing of its own is to be
// had on them.
func inService(t *testing.T, l *lab.Lab, director string) {
	t.Helper()
	own := lab.DirectorAddress[director].Addr()
	if !pings(l, own.String()) || l.Answers(own, ownPort) != director {
		t.Errorf("%s does not answer on its own address", director)
	}
	for port, server := range map[int]string{lab.PortDR: "web1", lab.PortNAT: "web2", lab.PortTUN: "web3"} {
		if got := l.Answers(lab.VIP.Addr(), port); got != server {
			t.Errorf("port %d of the VIP: %q answers, want %s", port, got, server)
		}
	}
	for _, address := range []string{lab.VIP.Addr().String(), vip6, gate6} {
		if pings(l, address) {
			t.Errorf("%s: %s answers an echo request", director, address)
		}
		if !strings.Contains(l.Run("client", "ip", "neigh", "get", address, "dev", lab.Interface), "lladdr") {
			t.Errorf("%s does not say where %s is", director, address)
		}
	}
	for _, address := range []netip.Addr{lab.VIP.Addr(), netip.MustParseAddr(vip6)} {
		if got := l.Answers(address, ownPort); got != "" {
			t.Errorf("%s answers on %s, port %d", got, address, ownPort)
		}
	}
}

// tables are the names of hald's nftables tables on a director.
func tables(l *lab.Lab, director string) string {
	return l.Run(director, "sh", "-c", "nft list tables | grep hald || true")
}

// filters tells whether the kernel has nftables for IPv4 and IPv6: Debian's
// user-mode-linux has it for bridges alone.
func filters(l *lab.Lab) bool {
	out := l.Run("lb1", "sh", "-c", "nft 'add table ip try; add table ip6 try' 2>&1 && nft 'delete table ip try; delete table ip6 try' || true")
	return out == ""
}

// TestIPVSTakesItsPacketsFirst is what accept = false rests on: at a hook of the
// input path behind IPVS's, there are the director's own packets and none of
// those that IPVS forwards. The witness is the nat table of iptables, whose hook
// is right behind them (100, NF_IP_PRI_NAT_SRC).
func TestIPVSTakesItsPacketsFirst(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Services: lab.EachMethod, Check: patient}
	inOffice(l, l.Hald("lb1", c), l.Hald("lb2", c))
	l.Listen("lb1", ownPort)
	// A rule that translates has the kernel track connections, without which the table is not asked.
	l.Run("lb1", "iptables-legacy", "-t", "nat", "-A", "POSTROUTING", "-s", "203.0.113.1", "-j", "MASQUERADE")
	balanced := []int{lab.PortDR, lab.PortNAT, lab.PortTUN}
	for _, port := range append(balanced, ownPort) {
		l.Run("lb1", "iptables-legacy", "-t", "nat", "-A", "INPUT", "-p", "tcp", "--dport", fmt.Sprint(port))
	}
	reached := func(port int) bool {
		counters := l.Run("lb1", "iptables-legacy", "-t", "nat", "-L", "INPUT", "-v", "-n", "-x")
		for line := range strings.Lines(counters) {
			if f := strings.Fields(line); strings.HasSuffix(strings.TrimSpace(line), fmt.Sprintf("dpt:%d", port)) {
				return f[0] != "0"
			}
		}
		t.Fatalf("no counter of port %d:\n%s", port, counters)
		return false
	}
	for _, port := range append(balanced, ownPort) {
		if got := l.Answers(lab.VIP.Addr(), port); got == "" {
			t.Errorf("nobody answers on port %d of the VIP", port)
		}
	}
	for _, port := range balanced {
		if reached(port) {
			t.Errorf("packets to port %d, which IPVS forwards, came as far as the hook", port)
		}
	}
	if !reached(ownPort) {
		t.Errorf("a packet to port %d, which is the director's own, did not come by: this test is blind", ownPort)
	}
}

// TestAcceptFalse: a master with accept = false balances and answers ARP and
// neighbour solicitations, but takes no packet for itself: at first, after a
// firewall was loaded, and after a failover. What a killed one left behind is
// cleaned up.
func TestAcceptFalse(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	l.Run("client", "ip", "address", "add", "2001:db8::5/64", "dev", lab.Interface, "nodad")
	for _, name := range lab.Directors {
		l.Listen(name, ownPort)
	}
	l.Run("lb1", "ip", "address", "add", hostSix+"/64", "dev", lab.Interface, "nodad")
	config := deaf(t, l)
	lb1, lb2 := l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	if !filters(l) {
		lb1.Start()
		for _, name := range []string{"lab", "six"} {
			lb1.AwaitEvent(settle, name+" is in fault", func(e lab.Event) bool {
				return e.Name == "vrrp.fault" && e.Instance == name && e.Reason == "accept_unsupported"
			})
		}
		lb1.Stop()
		return
	}
	client := inOffice(l, lb1, lb2)
	l.Eventually(settle, "lb1 has the IPv6 addresses", func() bool {
		return strings.Contains(l.Run("lb1", "ip", "-6", "address"), vip6)
	})
	if got := l.Answers(netip.MustParseAddr(hostSix), ownPort); got != "lb1" {
		t.Errorf("%q answers on lb1's own IPv6 address", got)
	}
	inService(t, l, "lb1")

	l.Run("lb1", "nft", "flush", "ruleset")
	lb1.AwaitEvent(settle, "the rules are back", func(e lab.Event) bool { return e.Name == "vrrp.error" && e.Reason == "upkeep" })
	inService(t, l, "lb1")

	lb1.Kill()
	l.AwaitMaster("lb2", settle)
	l.Eventually(settle, "lb2 alone has the IPv6 addresses", func() bool {
		return strings.Contains(l.Run("lb2", "ip", "-6", "address"), vip6) && !strings.Contains(l.Run("lb1", "ip", "-6", "address"), vip6)
	})
	served(l, client)
	inService(t, l, "lb2")

	if tables(l, "lb1") == "" {
		t.Error("a killed director left nothing: this test is blind")
	}
	if out, status := lb1.Command("cleanup"); status != 0 {
		t.Errorf("cleanup: %d, %s", status, out)
	}
	lb2.Stop()
	for _, name := range lab.Directors {
		if left := tables(l, name); left != "" {
			t.Errorf("%s has still:\n%s", name, left)
		}
	}
}
