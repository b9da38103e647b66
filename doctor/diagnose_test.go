package doctor

import (
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
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
  check "tcp" {}
}
virtual_server "web" {
  addresses  = ["192.0.2.100:80"]
  protocol   = "tcp"
  forwarding = "dr"
  real_server "web1" { address = "192.0.2.21" }
  real_server "web2" {
    address    = "198.51.100.22"
    forwarding = "nat"
  }
  real_server "web3" {
    address    = "203.0.113.23"
    forwarding = "tun"
  }
}
`

func load(t *testing.T, text string) *config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hald.hcl")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, diags := config.LoadElsewhere(path, "lb1")
	if diags.HasErrors() {
		t.Fatal(diags.Messages())
	}
	return c
}

var (
	ip    = netip.MustParseAddr
	macs  = map[string]garp.MAC{"lb2": {2, 0, 0, 0, 0, 12}, "web1": {2, 0, 0, 0, 0, 21}, "stranger": {2, 0, 0, 0, 0, 66}}
	group = vrrp.Group4
)

// healthy is lb1 without a daemon, beside lb2 as master.
func healthy() Facts {
	return Facts{
		Kernel:    Kernel{Release: "6.1", IPVS: true, Loaded: map[string]bool{"ip_vs": true}, Known: map[string]bool{"ip_vs_wlc": true}},
		Process:   Process{RealTime: true, Files: 65536},
		Clock:     Clock{Known: true, Synchronised: true},
		Multicast: map[string]bool{"eth0": true, "eth1": true},
		Links: netif.Links{
			"eth0": {Name: "eth0", Index: 2, MAC: net.HardwareAddr{2, 0, 0, 0, 0, 11}, Up: true, MTU: 1500, Addrs: []netif.Address{{Prefix: netip.MustParsePrefix("192.0.2.11/24"), Permanent: true}}},
			"eth1": {Name: "eth1", Index: 3, MAC: net.HardwareAddr{2, 0, 0, 0, 1, 11}, Up: true, MTU: 9000, Addrs: []netif.Address{{Prefix: netip.MustParsePrefix("198.51.100.11/24"), Permanent: true}}},
		},
		Sysctls:  map[string]string{"net.ipv4.ip_forward": "1", "net.ipv4.vs.expire_nodest_conn": "1", "net.ipv4.vs.conn_reuse_mode": "1"},
		Defaults: []string{"eth0"},
		Routes: map[netip.Addr]Route{
			ip("192.0.2.12"): {Interface: "eth0", MTU: 1500}, ip("192.0.2.21"): {Interface: "eth0", MTU: 1500},
			ip("198.51.100.22"): {Interface: "eth1", MTU: 9000}, ip("203.0.113.23"): {Interface: "eth1", MTU: 9000, Gateway: ip("198.51.100.1")},
		},
		Wire: map[string]Wire{"eth0": {
			Heard:  []vrrp.Sighting{sighting("192.0.2.12", 51, 100, "192.0.2.100")},
			Asked:  []netip.Addr{ip("192.0.2.100"), ip("192.0.2.12"), ip("192.0.2.21")},
			Claims: []garp.Claim{{Addr: ip("192.0.2.12"), MAC: macs["lb2"]}, {Addr: ip("192.0.2.21"), MAC: macs["web1"]}, {Addr: ip("192.0.2.100"), MAC: macs["lb2"]}},
		}},
		Listened: time.Second,
	}
}

func sighting(source string, vrid, priority uint8, addresses ...string) vrrp.Sighting {
	s := vrrp.Sighting{Version: 3}
	s.VRID, s.Priority, s.Interval, s.Source, s.Destination = vrid, priority, time.Second, ip(source), group
	for _, a := range addresses {
		s.Addresses = append(s.Addresses, ip(a))
	}
	return s
}

func TestHealthyIsReady(t *testing.T) {
	for _, f := range Diagnose(load(t, cluster), healthy()) {
		if f.Level != OK || f.Cure != "" {
			t.Errorf("%+v", f)
		}
	}
}

// wire has what a link says changed.
func wire(change func(w *Wire)) func(f *Facts) {
	return func(f *Facts) {
		w := f.Wire["eth0"]
		change(&w)
		f.Wire["eth0"] = w
	}
}

func hears(all ...vrrp.Sighting) func(f *Facts) { return wire(func(w *Wire) { w.Heard = all }) }

func claims(addr, who string) func(f *Facts) {
	return wire(func(w *Wire) { w.Claims = append(w.Claims, garp.Claim{Addr: ip(addr), MAC: macs[who]}) })
}

func link(change func(l *netif.Link)) func(f *Facts) {
	return func(f *Facts) {
		l := f.Links["eth0"]
		change(&l)
		f.Links["eth0"] = l
	}
}

func set(name, value string) func(f *Facts) {
	return func(f *Facts) { f.Sysctls[name] = value }
}

func master(f *Facts) { f.Daemon = Daemon{Running: true, Masters: map[string]bool{"front": true}} }

func several(all ...func(f *Facts)) func(f *Facts) {
	return func(f *Facts) {
		for _, change := range all {
			change(f)
		}
	}
}

// Every problem by itself: what is said of it, how bad it is, and the cure. Nothing else
// is found to be wrong.
func TestEachProblem(t *testing.T) {
	other := sighting("192.0.2.12", 51, 100, "192.0.2.100")
	other.Version = 2
	slow := sighting("192.0.2.12", 51, 100, "192.0.2.100")
	slow.Interval = 2 * time.Second
	for _, c := range []struct {
		name   string
		change func(f *Facts)
		check  string
		level  Level
		text   string
		cure   string
	}{
		{"no IPVS", func(f *Facts) { f.Kernel = Kernel{Release: "6.1", Known: map[string]bool{}} }, "ip_vs", Fail, "the kernel 6.1 has no IPVS", "apt-get install"},
		{"IPVS not loaded", func(f *Facts) {
			f.Kernel = Kernel{Known: map[string]bool{"ip_vs": true, "ip_vs_wlc": true}}
		}, "ip_vs", Warn, "not loaded", "modprobe ip_vs"},
		{"no scheduler", func(f *Facts) { f.Kernel.Known = map[string]bool{"ip_vs_rr": true} }, "scheduler", Fail, "no module ip_vs_wlc; it has ip_vs_rr", "apt-get"},
		{"capabilities", func(f *Facts) { f.Process.Lacks = []string{"CAP_NET_RAW"} }, "capabilities", Fail, "missing: CAP_NET_RAW", "AmbientCapabilities=CAP_NET_RAW"},
		{"real time", func(f *Facts) { f.Process.RealTime = false }, "real_time", Warn, "late", "prlimit --pid $$ --rtprio=10"},
		{"files", func(f *Facts) { f.Process.Files = 16 }, "open_files", Fail, "16 files", "--nofile=259"},
		{"clock", func(f *Facts) { f.Clock.Synchronised = false }, "clock", Warn, "not synchronised", "timedatectl set-ntp true"},
		{"keepalived", func(f *Facts) {
			f.Others = []Program{{PID: 7, Name: "keepalived", Unit: "keepalived.service", VRRP: true}}
		}, "other_daemon", Fail, "speaks VRRP", "systemctl disable --now keepalived.service"},
		{"a rival of no unit", func(f *Facts) { f.Others = []Program{{PID: 7, Name: "vrrpd"}} }, "other_daemon", Fail, "vrrpd (process 7)", "kill 7"},
		{"no interface", func(f *Facts) { delete(f.Links, "eth0"); f.Wire = nil }, "interface", Fail, "no interface eth0; there is eth1", "interface = { lb1 = \"eth1\" }"},
		{"interface down", link(func(l *netif.Link) { l.Up = false }), "interface", Fail, "is down", "ip link set eth0 up"},
		{"no multicast", func(f *Facts) { f.Multicast["eth0"] = false }, "interface", Fail, "no multicast", "ip link set eth0 multicast on"},
		{"no source", link(func(l *netif.Link) { l.Addrs = nil }), "source_address", Fail, "no IPv4 address", "ip address add 192.0.2.11/24 dev eth0"},
		{"held by itself", link(func(l *netif.Link) {
			l.Addrs = append(l.Addrs, netif.Address{Prefix: netip.MustParsePrefix("192.0.2.100/24"), Permanent: true})
		}), "virtual_address", Fail, "by itself", "ip address delete 192.0.2.100/24 dev eth0"},
		{"left behind", link(func(l *netif.Link) {
			l.Addrs = append(l.Addrs, netif.Address{Prefix: netip.MustParsePrefix("192.0.2.100/24"), Protocol: netif.Protocol})
		}), "virtual_address", Fail, "gone", "hald cleanup"},
		{"short MTU", link(func(l *netif.Link) { l.MTU = 30 }), "mtu", Fail, "32 bytes long", "ip link set eth0 mtu 32"},
		{"no room for the tunnel", func(f *Facts) {
			f.Routes[ip("203.0.113.23")] = Route{Interface: "eth1", MTU: 1500}
		}, "mtu", Warn, "1520 when it is wrapped", "ip link set eth1 mtu 1520"},
		{"no room on one link", func(f *Facts) {
			f.Routes[ip("203.0.113.23")] = Route{Interface: "eth0", MTU: 1500}
		}, "mtu", Warn, "takes 1500", "advmss 1440"},
		{"no forwarding", set("net.ipv4.ip_forward", "0"), "forwarding", Fail, "does not forward", "sysctl -w net.ipv4.ip_forward=1"},
		{"stateful firewall", func(f *Facts) { f.States = []Wall{{Chain: "inet filter forward"}} }, "conntrack", Warn, "ct state", "sysctl -w net.ipv4.vs.conntrack=1"},
		{"clients hang", set("net.ipv4.vs.expire_nodest_conn", "0"), "expire_nodest_conn", Warn, "dropped silently", "sysctl -w net.ipv4.vs.expire_nodest_conn=1"},
		{"clients hang, before IPVS is loaded", func(f *Facts) { delete(f.Sysctls, "net.ipv4.vs.expire_nodest_conn") }, "expire_nodest_conn", Warn, "dropped silently", "ipvs { expire_nodest_conn = true }"},
		{"ports keep their server", set("net.ipv4.vs.conn_reuse_mode", "0"), "conn_reuse_mode", Warn, "a port again", "sysctl -w net.ipv4.vs.conn_reuse_mode=1"},
		{"deaf", set("net.ipv4.conf.all.arp_ignore", "8"), "arp_ignore", Fail, "nobody who asks for 192.0.2.100 is answered", "sysctl -w net.ipv4.conf.all.arp_ignore=1"},
		{"strict", several(set("net.ipv4.conf.eth0.rp_filter", "1"), func(f *Facts) { f.Defaults = []string{"eth1"} }), "rp_filter", Fail, "default route is by eth1", "sysctl -w net.ipv4.conf.eth0.rp_filter=2"},
		{"no IPv6", set("net.ipv6.conf.eth0.disable_ipv6", "1"), "ipv6", Fail, "switched off", "sysctl -w net.ipv6.conf.eth0.disable_ipv6=0"},
		{"no route", func(f *Facts) { delete(f.Routes, ip("198.51.100.22")) }, "real_server", Fail, "no route to 198.51.100.22", "ip route add 198.51.100.22/32 via"},
		{"DR behind a router", func(f *Facts) {
			f.Routes[ip("192.0.2.21")] = Route{Interface: "eth0", MTU: 1500, Gateway: ip("192.0.2.1")}
		}, "real_server", Fail, "behind the router 192.0.2.1", "\"tun\""},
		{"server silent", wire(func(w *Wire) { w.Claims = w.Claims[:1] }), "real_server", Warn, "192.0.2.21 does not answer", "ping -c 1 -I eth0 192.0.2.21"},
		{"firewall", func(f *Facts) { f.Walls = []Wall{{Interface: "eth0", Chain: "inet filter input", Sure: true}} }, "firewall", Fail, "come in by eth0 are dropped", "nft insert rule inet filter input ip protocol 112 accept"},
		{"firewall, maybe", func(f *Facts) {
			f.Walls = []Wall{{Interface: "eth0", Out: true, Chain: "inet filter output", IPv6: true}}
		}, "firewall", Warn, "go out by eth0 may be", "ip6 nexthdr 112 accept"},
		{"VRID of a stranger", hears(sighting("192.0.2.12", 51, 100, "192.0.2.100"), sighting("192.0.2.66", 51, 200, "192.0.2.200"), sighting("192.0.2.67", 52, 1)),
			"vrid", Fail, "by 192.0.2.66, which is none of the directors: priority 200, addresses 192.0.2.200", "virtual_router_id = 53"},
		{"a stranger with our addresses", hears(sighting("192.0.2.12", 51, 100, "192.0.2.100"), sighting("192.0.2.66", 51, 200, "192.0.2.100")),
			"vrid", Fail, "by 192.0.2.66, which is none of the directors", "virtual_router_id = 52"},
		{"our address under another VRID", hears(sighting("192.0.2.12", 51, 100, "192.0.2.100"), sighting("192.0.2.66", 9, 200, "192.0.2.100")),
			"vrid", Fail, "as virtual router 9", "192.0.2.66"},
		{"a stranger answers", claims("192.0.2.100", "stranger"), "virtual_address", Fail, "a stranger, 02:00:00:00:00:42, answers for it on eth0", "ip address delete 192.0.2.100 dev"},
		{"a real server answers", claims("192.0.2.100", "web1"), "virtual_address", Fail, "the real server web1 (02:00:00:00:00:15)", "on web1: hald realserver up"},
		{"a server has what is not for it", several(claims("192.0.2.21", "stranger"), claims("2001:db8::100", "stranger"), wire(func(w *Wire) { w.Asked = append(w.Asked, ip("2001:db8::100")) })),
			"virtual_address", Fail, "not forwarded to it", "on web1: ip address delete 2001:db8::100 dev"},
		{"silent peer", several(hears(), wire(func(w *Wire) { w.Claims = w.Claims[:2] })), "peer", Warn, "in 1s (though on the link: lb2): no one is master, or packets to 224.0.0.18", "unicast = true"},
		{"silent peer of no known address", several(hears(), wire(func(w *Wire) { w.Claims, w.Asked = nil, nil })), "peer", Warn, "in 1s: no one is master", "unicast = true"},
		{"absent peer", several(hears(), wire(func(w *Wire) { w.Claims = w.Claims[1:2] })), "peer", Warn, "lb2 (192.0.2.12) does not answer", "ping -c 1 -I eth0 192.0.2.12"},
		{"other version", hears(other), "peer", Fail, "speaks version 2", "version = 2"},
		{"other interval", hears(slow), "peer", Warn, "every 2s", "advertisement_interval = \"2s\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := healthy()
			f.Sysctls = maps.Clone(f.Sysctls)
			c.change(&f)
			var bad []Finding
			for _, finding := range Diagnose(load(t, cluster), f) {
				if finding.Level != OK {
					bad = append(bad, finding)
				}
			}
			if len(bad) != 1 {
				t.Fatalf("found %+v", bad)
			}
			b := bad[0]
			if b.Check != c.check || b.Level != c.level || !strings.Contains(b.Text, c.text) || !strings.Contains(b.Cure, c.cure) {
				t.Errorf("found %+v", b)
			}
			if Ready(bad) != (c.level == Warn) {
				t.Errorf("ready: %t", Ready(bad))
			}
		})
	}
}

// Beside a daemon that is master its own address is no stranger's, and the silence of the
// others is as it should be. Another master is not.
func TestBesideTheMaster(t *testing.T) {
	f := healthy()
	master(&f)
	hears()(&f)
	wire(func(w *Wire) { w.Claims = w.Claims[:2] })(&f)
	link(func(l *netif.Link) {
		l.Addrs = append(l.Addrs, netif.Address{Prefix: netip.MustParsePrefix("192.0.2.100/24"), Protocol: netif.Protocol})
	})(&f)
	for _, finding := range Diagnose(load(t, cluster), f) {
		if finding.Level != OK {
			t.Errorf("%+v", finding)
		}
	}
	f = healthy()
	master(&f)
	said := ""
	for _, finding := range Diagnose(load(t, cluster), f) {
		if finding.Level == Fail {
			said += finding.Check + ": " + finding.Text + "\n"
		}
	}
	if !strings.Contains(said, "peer: lb2 (192.0.2.12) is master, too") || !strings.Contains(said, "virtual_address: lb2 answers for it") || strings.Count(said, "\n") != 2 {
		t.Errorf("two masters:\n%s", said)
	}
}

// Where the directors' addresses are on another link than the adverts, who has the same
// virtual addresses is one of them, and who has others is not.
func TestDirectorsOfAnotherLink(t *testing.T) {
	for source, stranger := range map[string]bool{"192.0.2.99": false, "192.0.2.66": true} {
		f := healthy()
		f.Routes[ip("192.0.2.12")] = Route{Interface: "eth1", MTU: 9000}
		virtual := map[bool]string{false: "192.0.2.100", true: "192.0.2.200"}[stranger]
		hears(sighting(source, 51, 100, virtual))(&f)
		wire(func(w *Wire) { w.Claims = []garp.Claim{{Addr: ip("192.0.2.21"), MAC: macs["web1"]}} })(&f)
		found := false
		for _, finding := range Diagnose(load(t, cluster), f) {
			found = found || finding.Check == "vrid" && finding.Level == Fail
		}
		if found != stranger {
			t.Errorf("%s a stranger: %t", source, found)
		}
	}
}

// What is set for all links is in the way of a virtual MAC, and of nothing else.
func TestVirtualMACNeedsItsSettings(t *testing.T) {
	virtual := strings.Replace(cluster, "virtual_router_id", "virtual_mac = true\n  virtual_router_id", 1)
	for _, name := range []string{"net.ipv4.conf.all.arp_filter", "net.ipv4.conf.all.proxy_arp"} {
		f := healthy()
		f.Sysctls[name] = "1"
		if !Ready(Diagnose(load(t, cluster), f)) {
			t.Errorf("%s disturbs one without a virtual MAC", name)
		}
		cure := ""
		for _, finding := range Diagnose(load(t, virtual), f) {
			if finding.Level == Fail {
				cure += finding.Cure
			}
		}
		if cure != "sysctl -w "+name+"=0" || !slices.Contains(Settings(load(t, virtual)), name) {
			t.Errorf("%s: cure %q", name, cure)
		}
	}
}

// Adverts every 10 ms without real time are not ready.
func TestFastNeedsRealTime(t *testing.T) {
	fast := strings.Replace(cluster, "virtual_router_id", "advertisement_interval = \"10ms\"\n  virtual_router_id", 1)
	f := healthy()
	f.Process.RealTime = false
	if all := Diagnose(load(t, fast), f); Ready(all) {
		t.Error("ready")
	}
}
