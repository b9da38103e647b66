package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// What moves beside the VIP in TestEverythingMoves.
const (
	moved = `
  virtual_address "10.1.0.9/24" {
    interface = "eth1"
    label     = "eth1:vip"
    advertise = false
  }
  virtual_address "2001:db8:1::9/64" {}
  virtual_route "203.0.113.0/24" {
    via       = "10.1.0.254"
    interface = "eth1"
    source    = "10.1.0.9"
  }
  virtual_route "198.18.0.0/15" {
    via    = "192.0.2.5"
    table  = 100
    metric = 7
  }
`
	six = `
vrrp_instance "six" {
  interface              = "eth0"
  virtual_router_id      = 52
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "250ms"
  virtual_addresses      = ["fe80::100/64", "2001:db8:1::a/64", "192.0.2.101/24"]
}
`
	bound   = "203.0.113.0/24 via 10.1.0.254 dev eth1 src 10.1.0.9"
	unbound = "198.18.0.0/15 via 192.0.2.5 dev eth0 table 100 metric 7"
)

// TestEverythingMoves: an address on another interface, addresses of the other family
// and routes follow the
// master when it stops and when it is killed, and none stays where it must not.
func TestEverythingMoves(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	text := configuration(t, l, lab.Cluster{Interval: 250 * time.Millisecond})
	before, instance, _ := strings.Cut(text, "vrrp_instance")
	config := l.WriteFile("moving.hcl", before+"vrrp_instance"+strings.Replace(instance, "\n}\n", "\n"+moved+"}\n", 1)+six)
	wire := l.Capture()
	lb1, lb2 := l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	for _, name := range lab.Directors {
		l.Run(name, "ip", "link", "add", "eth1", "type", "veth", "peer", "name", "far1")
		l.Run(name, "ip", "link", "set", "far1", "up")
		l.Run(name, "ip", "link", "set", "eth1", "up")
	}
	all := func(name string) []string { return append(ours(l, name), labelled(l, name)...) }
	everything := []string{bound, unbound, "10.1.0.9/24 eth1:vip"}
	awaitAll := func(what, name string, want ...string) {
		t.Helper()
		l.Eventually(settle, fmt.Sprintf("%s: %s has %q", what, name, want), func() bool { return slices.Equal(all(name), want) })
	}
	l.Run("client", "ip", "address", "add", "2001:db8:1::5/64", "dev", lab.Interface, "nodad")
	// The riders of either family answer the client, who learns where they are.
	answered := func(what string) {
		t.Helper()
		for _, rider := range []string{"2001:db8:1::9", "2001:db8:1::a", "192.0.2.101"} {
			l.Eventually(settle, what+": "+rider+" answers", func() bool {
				return strings.Contains(l.Run("client", "sh", "-c", "ping -c1 -W1 "+rider+" || true"), " 0% packet loss")
			})
		}
	}
	lb1.Start()
	lb2.Start()
	l.AwaitMaster("lb1", settle)
	awaitAll("at first", "lb1", everything...)
	answered("at first")
	awaitAll("at first", "lb2")
	for _, f := range wire.Adverts("lb1", time.Time{}) {
		if len(f.Advert.Addresses) != 2 {
			t.Errorf("adverts name %v", f.Advert.Addresses)
		}
	}

	// Somebody takes something away.
	l.Run("lb1", "ip", "route", "delete", "198.18.0.0/15", "table", "100")
	lb1.AwaitEvent(settle, "the route is restored", func(e lab.Event) bool { return e.Name == "route.restored" })
	l.Run("lb1", "ip", "address", "delete", "10.1.0.9/24", "dev", "eth1") // and the route from it
	lb1.AwaitEvent(settle, "the address is restored", func(e lab.Event) bool { return e.Name == "address.restored" && e.Address == "10.1.0.9/24" })
	lb1.AwaitEvent(settle, "its route is restored", func(e lab.Event) bool { return e.Name == "route.restored" })
	awaitAll("after the repair", "lb1", everything...)
	if output, _ := lb1.Command("status", "--no-color"); !strings.Contains(output, "routes "+unbound) || !strings.Contains(output, "10.1.0.9/24") {
		t.Errorf("status does not tell what is where:\n%s", output)
	}

	// A clean stop.
	lb1.Stop()
	l.AwaitMaster("lb2", settle)
	awaitAll("after a stop", "lb1")
	awaitAll("after a stop", "lb2", everything...)
	lb1.Start()
	l.AwaitMaster("lb1", settle)
	awaitAll("after the return", "lb1", everything...)
	awaitAll("after the return", "lb2")

	// kill -9: the leases end the addresses, and with one of them the route that
	// comes from it. The other is for the clean-up, which disturbs nobody.
	lb1.Kill()
	l.AwaitMaster("lb2", settle)
	awaitAll("after kill -9", "lb2", everything...)
	answered("after kill -9")
	awaitAll("after the leases", "lb1", unbound)
	told := len(transitions(lb2))
	if output, status := lb1.Command("cleanup"); status != 0 {
		t.Errorf("cleanup: %s", output)
	}
	awaitAll("after the clean-up", "lb1")

	// kill -9 and another life: it finds what is left.
	lb1.Start()
	l.AwaitMaster("lb1", settle)
	awaitAll("after the second return", "lb1", everything...)
	if got := transitions(lb2)[told:]; len(got) != 2 { // one of each instance
		t.Errorf("the clean-up and the return meant for lb2 %q", got)
	}
	lb1.Kill()
	l.AwaitMaster("lb2", settle)
	awaitAll("after the leases", "lb1", unbound)
	lb1.Start()
	lb1.AwaitEvent(settle, "the route is recovered", func(e lab.Event) bool {
		return e.Name == "daemon.recovered" && strings.Contains(e.Line, "198.18.0.0/15")
	})
	l.AwaitMaster("lb1", settle)

	// The other interface fails: nobody can be master without it.
	l.Run("lb1", "ip", "link", "set", "far1", "down")
	lb1.AwaitEvent(settle, "the fault names the interface", func(e lab.Event) bool {
		return e.Name == "vrrp.fault" && e.Reason == "link_down:eth1"
	})
	l.AwaitMaster("lb2", settle)
	awaitAll("after eth1 failed", "lb1")
	awaitAll("after eth1 failed", "lb2", everything...)
}

// ours are the routes with hald's mark on a node, as ip shows them.
func ours(l *lab.Lab, node string) (routes []string) {
	for line := range strings.Lines(l.Run(node, "ip", "-4", "route", "show", "table", "all", "proto", "0x68")) {
		routes = append(routes, strings.Join(strings.Fields(line), " "))
	}
	slices.SortFunc(routes, func(a, b string) int { return strings.Compare(b, a) })
	return routes
}

// labelled are the addresses of eth1 with their labels.
func labelled(l *lab.Lab, node string) (addresses []string) {
	for line := range strings.Lines(l.Run(node, "ip", "-4", "-o", "address", "show", "dev", "eth1")) {
		words := strings.Fields(line)
		for i, w := range words {
			if w == "inet" {
				label := words[len(words)-1]
				for _, w := range words {
					if strings.HasPrefix(w, "eth1:") {
						label = strings.TrimSuffix(w, "\\")
					}
				}
				addresses = append(addresses, words[i+1]+" "+label)
			}
		}
	}
	return addresses
}
