package doctor

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/netif"
)

// inNamespace runs f in a network namespace of its own.
func inNamespace(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root for a network namespace")
	}
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("needs nft")
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Skipf("no network namespaces here: %v", err)
	}
}

// TestWalls plays an advert through rules that nft makes in a kernel.
func TestWalls(t *testing.T) {
	const input, dropping = "type filter hook input priority 0;", "type filter hook input priority 0; policy drop;"
	unicast := strings.Replace(cluster, "virtual_router_id", "unicast = true\n  virtual_router_id", 1)
	const none, sure, doubtful = "", "sure", "doubtful"
	for _, c := range []struct {
		name, rules string
		want        string
	}{
		{"no rules", "", none},
		{"policy alone", "chain input { " + dropping + " }", sure},
		{"the protocol", "chain input { " + dropping + " ip protocol 112 accept; }", none},
		{"a set of protocols", "chain input { " + dropping + " meta l4proto { tcp, 112 } accept; }", none},
		{"another set", "chain input { " + dropping + " meta l4proto { tcp, icmp } accept; }", sure},
		{"all but some", "chain input { " + dropping + " meta l4proto != { tcp, icmp } accept; }", none},
		{"the group", "chain input { " + dropping + " ip daddr 224.0.0.18 accept; }", none},
		{"a network of groups", "chain input { " + dropping + " ip daddr 224.0.0.0/24 accept; }", none},
		{"multicast", "chain input { " + dropping + " meta pkttype multicast counter accept; }", none},
		{"another interface", "chain input { " + dropping + " iifname eth1 ip protocol 112 accept; }", sure},
		{"its interface", "chain input { " + dropping + " iifname eth0 accept; }", none},
		{"interfaces that begin so", "chain input { " + dropping + " iifname \"eth*\" accept; }", none},
		{"lo by its number", "chain input { " + dropping + " iif lo accept; }", sure},
		{"its source, perhaps", "chain input { " + dropping + " ip saddr 192.0.2.12 accept; }", doubtful},
		{"unicast, its source", "chain input { " + dropping + " ip saddr 192.0.2.12 accept; }", none},
		{"unicast, another source", "chain input { " + dropping + " ip saddr 192.0.2.13 accept; }", sure},
		{"unicast, on its way out", "chain output { type filter hook output priority 0; ip daddr 192.0.2.12 drop; }", sure},
		{"a drop before", "chain input { " + input + " ip protocol 112 drop; }", sure},
		{"reject", "chain input { " + input + " meta l4proto 112 reject; }", sure},
		{"other families", "chain input { " + input + " meta nfproto ipv6 drop; }", none},
		{"state", "chain input { " + input + " ct state invalid drop; }", none},
		{"new ones", "chain input { " + input + " ct state new drop; }", sure},
		{"known ones only", "chain input { " + dropping + " ct state established,related accept; }", sure},
		{"a chain that accepts", "chain vrrp { ip protocol 112 accept; }; chain input { " + dropping + " jump vrrp; }", none},
		{"a chain that returns", "chain vrrp { ip protocol 112 return; }; chain input { " + input + " jump vrrp; drop; }", sure},
		{"a chain that drops", "chain vrrp { drop; }; chain input { " + input + " ip protocol 112 goto vrrp; }", sure},
		{"a chain that drops first", "chain vrrp { drop; }; chain input { " + input + " ip protocol 112 jump vrrp; accept; }", sure},
		{"on its way out", "chain output { type filter hook output priority 0; oifname eth0 ip protocol 112 drop; }", sure},
		{"early", "chain early { type filter hook prerouting priority raw; policy accept; meta l4proto 112 drop; }", sure},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := cluster
			if strings.HasPrefix(c.name, "unicast") {
				text = unicast
			}
			inNamespace(t, func() {
				nft := exec.Command("nft", "-f", "-")
				nft.Stdin = strings.NewReader("table inet filter {\n" + strings.NewReplacer("; }", "\n}\n", "vrrp { ", "vrrp {\n", "{ type", "{\ntype", ";", "\n").Replace(c.rules) + "\n}\n")
				if out, err := nft.CombinedOutput(); err != nil {
					t.Errorf("nft: %v: %s", err, out)
					return
				}
				found, _, err := walls(load(t, text), netif.Links{"eth0": {Name: "eth0", Index: 7}})
				if err != nil {
					t.Error(err)
					return
				}
				got := none
				switch {
				case len(found) == 1 && found[0].Sure:
					got = sure
				case len(found) == 1:
					got = doubtful
				case len(found) > 1:
					t.Errorf("found %+v", found)
				}
				if got != c.want {
					t.Errorf("found %+v, want %q", found, c.want)
				}
			})
		})
	}
}
