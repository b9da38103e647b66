package realserver

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hald-project/hald/config"
)

const cluster = `
cluster "shop" {
  director "lb1" { address = "192.0.2.11" }
  director "lb2" { address = "192.0.2.12" }
}
vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  priority          = { lb1 = 150, lb2 = 100 }
  virtual_addresses = ["192.0.2.100/24", "2001:db8::100/64"]
}
virtual_server_defaults {
  check "none" {}
}
virtual_server "web" {
  addresses  = ["192.0.2.100:80", "192.0.2.100:443"]
  protocol   = "tcp"
  forwarding = "dr"
  real_server "web1" { address = "192.0.2.21" }
  real_server "web2" {
    address    = "192.0.2.22"
    forwarding = "tun"
  }
}
virtual_server "six" {
  addresses  = ["[2001:db8::100]:80"]
  protocol   = "tcp"
  forwarding = "tun"
  tunnel { type = "gre" }
  real_server "web2" { address = "192.0.2.22" }
}
virtual_server "wrapped" {
  addresses  = ["192.0.2.101:80"]
  protocol   = "udp"
  forwarding = "tun"
  tunnel {
    type = "gue"
    port = 6080
  }
  real_server "web2" { address = "192.0.2.22" }
}
virtual_server "marked" {
  fwmark     = 7
  family     = "ipv4"
  forwarding = "dr"
  real_server "web1" { address = "192.0.2.21" }
}
virtual_server "inside" {
  addresses  = ["192.0.2.100:81"]
  protocol   = "tcp"
  forwarding = "nat"
  real_server "app" { address = "10.0.0.9" }
  sorry_server {
    address    = "192.0.2.29"
    forwarding = "dr"
  }
}
`

func views(t *testing.T, text string) []*config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hald.hcl")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	all, diags := config.LoadAll(path)
	if diags.HasErrors() {
		t.Fatal(diags.Messages())
	}
	return all
}

func addrs(texts ...string) (all []netip.Addr) {
	for _, a := range texts {
		all = append(all, netip.MustParseAddr(a))
	}
	return all
}

func lines(things []Thing) (all []string) {
	for _, t := range things {
		all = append(all, string(t.Kind)+" "+t.Name+" = "+t.Value+" for "+strings.Join(t.For, " "))
	}
	return all
}

func TestWhatEachServerNeeds(t *testing.T) {
	for _, c := range []struct {
		name, address, note string
		want                []string
	}{
		{"direct routing", "192.0.2.21", "firewall mark", []string{
			"setting net.ipv4.conf.all.arp_ignore = 1 for web",
			"setting net.ipv4.conf.all.arp_announce = 2 for web",
			"address 192.0.2.100/32 dev lo = held for web",
		}},
		{"tunnels", "192.0.2.22", "", []string{
			"setting net.ipv4.conf.all.arp_ignore = 1 for web wrapped",
			"setting net.ipv4.conf.all.arp_announce = 2 for web wrapped",
			"port udp 6080 = gue for wrapped",
			"device hald-ipip0 = ipip to 192.0.2.22 for web wrapped",
			"device hald-gre1 = gre to 192.0.2.22 for six",
			"setting net.ipv4.conf.hald-ipip0.rp_filter = 2 for web wrapped",
			"setting net.ipv4.conf.hald-gre1.rp_filter = 2 for six",
			"address 192.0.2.100/32 dev hald-ipip0 = held for web",
			"address 2001:db8::100/128 dev hald-gre1 = held for six",
			"address 192.0.2.101/32 dev hald-ipip0 = held for wrapped",
		}},
		{"NAT", "10.0.0.9", "by NAT", nil},
		{"the sorry server", "192.0.2.29", "", []string{
			"setting net.ipv4.conf.all.arp_ignore = 1 for inside",
			"setting net.ipv4.conf.all.arp_announce = 2 for inside",
			"address 192.0.2.100/32 dev lo = held for inside",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			role, err := Find(views(t, cluster), addrs("10.9.9.9", c.address), "host", "")
			if err != nil {
				t.Fatal(err)
			}
			if got := lines(role.Want(nil)); !slices.Equal(got, c.want) {
				t.Errorf("wants\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if notes := strings.Join(role.Notes, "\n"); (notes != "") != (c.note != "") || !strings.Contains(notes, c.note) {
				t.Errorf("notes %q, want one with %q", notes, c.note)
			}
			if err := role.Conflict(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhoIsNoRealServer(t *testing.T) {
	for _, c := range []struct{ own, only, want string }{
		{"203.0.113.5", "", "no real server of the cluster: it has 203.0.113.5, and the real servers are app (10.0.0.9)"},
		{"192.0.2.21", "six", `no real server of virtual_server "six"`},
		{"192.0.2.21", "seven", `no virtual_server "seven"; there is inside, marked`},
	} {
		if _, err := Find(views(t, cluster), addrs(c.own), "host", c.only); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %q: %v, want %q", c.own, c.only, err, c.want)
		}
	}
}

// A director that is a real server, too, by its address or its name.
func TestDirectorIsRefused(t *testing.T) {
	both := strings.Replace(cluster, `"192.0.2.21"`, `"192.0.2.12"`, 1)
	for _, c := range []struct {
		own, host string
		director  bool
	}{{"192.0.2.12", "host", true}, {"192.0.2.29", "LB1.example.net", true}, {"192.0.2.29", "lb3", false}} {
		role, err := Find(views(t, both), addrs(c.own), c.host, "")
		if err != nil {
			t.Fatal(err)
		}
		if (role.Conflict() != nil) != c.director {
			t.Errorf("%s, %s: %v", c.own, c.host, role.Conflict())
		}
	}
	// One that holds none of the addresses may be a real server.
	elsewhere := strings.Replace(both, `"192.0.2.100/24", "2001:db8::100/64"`, `"192.0.2.200/24"`, 1)
	if role, err := Find(views(t, elsewhere), addrs("192.0.2.12"), "host", ""); err != nil || role.Conflict() != nil {
		t.Error(err, role.Conflict())
	}
}
