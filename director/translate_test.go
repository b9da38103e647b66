package director

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
)

var byValue = cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{}, netip.Prefix{})

func TestElectionConfig(t *testing.T) {
	lb1 := config.Director{Name: "lb1", Address: netip.MustParseAddr("192.0.2.11")}
	others := []config.Director{lb1, {Name: "lb2", Address: netip.MustParseAddr("192.0.2.12")}, {Name: "lb3"}}
	got := ElectionConfig(&config.Config{Director: lb1, Directors: others, Instances: []config.Instance{{
		Name: "web", Interface: "eth0", VirtualMAC: true, Version: 2, VRID: 51, Priority: 150, Interval: time.Second,
		Routes:    []config.Route{{Destination: netip.MustParsePrefix("203.0.113.0/24"), Via: netip.MustParseAddr("192.0.2.2"), Interface: "eth1", Table: 254, Metric: 50, Source: netip.MustParseAddr("192.0.2.1")}},
		Addresses: []config.Address{{Prefix: netip.MustParsePrefix("192.0.2.1/24"), Interface: "eth1", Label: "eth1:vip", Scope: 253, Quiet: true}}, NoPreempt: true, NoAccept: true,
		PreemptDelay: 5, StartDelay: 6, Peers: []netip.Addr{netip.MustParseAddr("192.0.2.12")}, Password: "key",
		Keys: []config.Key{{ID: 7, Secret: "secret"}}, Lenient: true,
		SourceAddress: netip.MustParseAddr("192.0.2.11"), Checksum: "auto", Lease: 5 * time.Second,
		Announce: config.Announce{Count: 1, Delay: 2, Refresh: 3, Interval: 4}, OnConflict: "hold", OnSplit: "yield",
		Trackers: []config.Tracker{{Kind: "script", Name: "nginx", Weight: -30, Command: []string{"/bin/true"}}},
	}}, Groups: []config.SyncGroup{{Name: "edge", Members: []string{"web", "mail"}}}})
	want := election.Config{Instances: []election.Instance{{
		Name: "web", Interface: "eth0", VirtualMAC: true, Version: 2, VRID: 51, Priority: 150, Interval: time.Second,
		Routes:    []election.Route{{Destination: netip.MustParsePrefix("203.0.113.0/24"), Via: netip.MustParseAddr("192.0.2.2"), Interface: "eth1", Table: 254, Metric: 50, Source: netip.MustParseAddr("192.0.2.1")}},
		Addresses: []election.Address{{Prefix: netip.MustParsePrefix("192.0.2.1/24"), Interface: "eth1", Label: "eth1:vip", Scope: 253, Quiet: true}}, NoPreempt: true, NoAccept: true,
		PreemptDelay: 5, StartDelay: 6, Peers: []netip.Addr{netip.MustParseAddr("192.0.2.12")}, Password: "key",
		Keys: []election.Key{{ID: 7, Secret: []byte("secret")}}, Lenient: true,
		Source: netip.MustParseAddr("192.0.2.11"), Checksum: "auto", Lease: 5 * time.Second,
		Announce: election.Announce{Count: 1, Delay: 2, Refresh: 3, Interval: 4}, Hold: true, Concede: true, Routers: []netip.Addr{netip.MustParseAddr("192.0.2.12")},
		Trackers: []election.Tracker{{Kind: "script", Name: "nginx", Weight: -30}},
	}}, Groups: []election.Group{{Name: "edge", Members: []string{"web", "mail"}}}}
	if diff := cmp.Diff(want, got, byValue); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBalancerConfig(t *testing.T) {
	address := netip.MustParseAddrPort("192.0.2.21:8080")
	sorry := config.Server{Name: "sorry", Address: address, Forwarding: "nat", Weight: 1}
	got := BalancerConfig(&config.Config{
		IPVS: config.IPVS{TCPTimeout: 1, TCPFinTimeout: 2, UDPTimeout: 3, ClearOnStop: true, ExpireNodestConn: new(bool),
			Sync: &config.Sync{Instance: "front", Interface: "eth1", ID: 52, Refresh: 10 * time.Second}},
		Services: []config.Service{{
			Name: "http", Addresses: []netip.AddrPort{address}, Protocol: "tcp", Scheduler: "wlc",
			Mark: 7, IPv6: true, SchedulerFlags: []string{"sh-port"}, OnePacket: true, PersistenceNetmask: 24, PersistenceEngine: "sip",
			Persistence: 4, Quorum: 2, Hysteresis: 1, MaxFailed: 0.5, SlowStart: 6, OnFail: "remove", Drain: 5, Initial: "kernel",
			Servers: []config.Server{{
				Name: "web1", Address: address, Forwarding: "dr", Weight: 2, Tunnel: config.Tunnel{Type: "gue", Port: 6080, Checksum: true},
				UpperThreshold: 7, LowerThreshold: 6, Disabled: true,
				Checks: []config.Check{{Target: address, Probe: &config.Probe{
					Kind: "http", Interval: 8, Timeout: 9, FastInterval: 10, Fall: 11, Rise: 12,
					HTTP: config.HTTPCheck{Method: "GET", Path: "/", Host: "h", Headers: map[string]string{"A": "b"},
						Body: "body", Status: []config.StatusRange{{From: 200, To: 299}}, Expect: "x"},
				}}, {Target: address, Probe: &config.Probe{Kind: "exec", Command: []string{"/bin/true", "x"}}}},
			}},
			Sorry: &sorry,
		}},
	}, "/run/record", "/lib/found")
	want := balancer.Config{
		TCPTimeout: 1, TCPFinTimeout: 2, UDPTimeout: 3, ClearOnStop: true, Record: "/run/record", Found: "/lib/found",
		Sysctls: map[string]string{"expire_nodest_conn": "0", "sync_refresh_period": "10", "sync_threshold": "3 0"},
		Sync:    &balancer.Sync{Instance: "front", Interface: "eth1", ID: 52},
		Services: []balancer.Service{{
			Name: "http", Addresses: []netip.AddrPort{address}, Protocol: "tcp", Scheduler: "wlc",
			Mark: 7, IPv6: true, SchedulerFlags: []string{"sh-port"}, OnePacket: true, PersistenceNetmask: 24, PersistenceEngine: "sip",
			Persistence: 4, Quorum: 2, Hysteresis: 1, MaxFailed: 0.5, SlowStart: 6, OnFail: "remove", Drain: 5, Initial: "kernel",
			Servers: []balancer.Server{{
				Name: "web1", Address: address, Forwarding: "dr", Weight: 2, Tunnel: balancer.Tunnel{Type: "gue", Port: 6080, Checksum: true}, Upper: 7, Lower: 6, Disabled: true,
				Checks: []balancer.Check{{
					Kind: "http", Target: netip.MustParseAddrPort("0.0.0.0:0"), Interval: 8, Timeout: 9, FastInterval: 10, Fall: 11, Rise: 12,
					Method: "GET", Path: "/", Host: "h", Headers: map[string]string{"A": "b"}, Body: "body",
					Status: [][2]int{{200, 299}}, Expect: "x",
				}, {Kind: "exec", Target: netip.MustParseAddrPort("0.0.0.0:0"), Command: []string{"/bin/true", "x"}}},
			}},
			Sorry: &balancer.Server{Name: "sorry", Address: address, Forwarding: "nat", Weight: 1},
		}},
	}
	if diff := cmp.Diff(want, got, byValue); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Every kind of tracker reaches the balancer but that of interfaces, which the
// election judges by itself.
func TestTrackersOfTheBalancer(t *testing.T) {
	target := netip.MustParseAddrPort("127.0.0.1:8080")
	rhythm := func(kind string) config.Check {
		return config.Check{Probe: &config.Probe{Kind: kind, Interval: 2, Timeout: 1, FastInterval: 1, Fall: 3, Rise: 2}}
	}
	http := rhythm("http")
	http.Target, http.HTTP.Path, http.HTTP.Status = target, "/healthz", []config.StatusRange{{From: 200, To: 399}}
	dns, exec := rhythm("dns"), rhythm("exec")
	dns.DNS, dns.Source, dns.Mark = config.DNSCheck{Name: "shop", Type: "A", RCode: "NOERROR", Expect: "192.0.2.1", TCP: true}, target.Addr(), 7
	exec.User = "nobody"
	https, grpc := rhythm("https"), rhythm("grpc")
	https.HTTP.SHA256, https.HTTP.Follow, https.HTTP.HTTP2 = "ab", true, true
	https.TLS = config.TLSCheck{Insecure: true, CA: "/ca", Certificate: "/own", Key: "/key", ServerName: "name", ExpiresIn: 9}
	grpc.GRPC, grpc.TLS = config.GRPCCheck{Service: "shop", TLS: true}, config.TLSCheck{ServerName: "api"}
	got := BalancerConfig(&config.Config{Instances: []config.Instance{{Name: "web", Trackers: []config.Tracker{
		{Kind: "interface", Name: "eth1"},
		{Kind: "script", Name: "s", Check: rhythm("script"), Command: []string{"/bin/true", "x"}},
		{Kind: "process", Name: "nginx", Check: rhythm("process")},
		{Kind: "file", Name: "f", Check: rhythm("file"), Path: "/run/f"},
		{Kind: "virtual_server", Name: "http"},
		{Kind: "http", Name: "h", Check: http},
		{Kind: "dns", Name: "resolver", Check: dns},
		{Kind: "exec", Name: "disk", Check: exec, Command: []string{"/bin/true"}},
		{Kind: "https", Name: "site", Check: https},
		{Kind: "tls", Name: "mail", Check: rhythm("tls")},
		{Kind: "grpc", Name: "api", Check: grpc},
		{Kind: "grpc", Name: "plain", Check: rhythm("grpc")},
	}}}}, "", "").Trackers
	check := func(kind string) *balancer.Check {
		return &balancer.Check{Kind: kind, Interval: 2, Timeout: 1, FastInterval: 1, Fall: 3, Rise: 2}
	}
	script, process, file, web := check("script"), check("process"), check("file"), check("http")
	script.Command, process.Process, file.File = []string{"/bin/true", "x"}, "nginx", "/run/f"
	web.Target, web.Path, web.Status = target, "/healthz", [][2]int{{200, 399}}
	resolver, disk := check("dns"), check("exec")
	resolver.DNS, resolver.Expect = &balancer.DNS{Name: "shop", Type: "A", RCode: "NOERROR", TCP: true}, "192.0.2.1"
	resolver.Source, resolver.Mark = target.Addr(), 7
	disk.Command, disk.User = []string{"/bin/true"}, "nobody"
	site, mail, api := check("https"), check("tls"), check("grpc")
	site.SHA256, site.Follow, site.HTTP2 = "ab", true, true
	site.TLS = &balancer.TLS{Insecure: true, CA: "/ca", Certificate: "/own", Key: "/key", ServerName: "name", ExpiresIn: 9}
	mail.TLS = &balancer.TLS{}
	api.Service, api.TLS = "shop", &balancer.TLS{ServerName: "api"}
	want := []balancer.Tracker{
		{Instance: "web", Kind: "script", Name: "s", Check: script},
		{Instance: "web", Kind: "process", Name: "nginx", Check: process},
		{Instance: "web", Kind: "file", Name: "f", Check: file},
		{Instance: "web", Kind: "virtual_server", Name: "http"},
		{Instance: "web", Kind: "http", Name: "h", Check: web},
		{Instance: "web", Kind: "dns", Name: "resolver", Check: resolver},
		{Instance: "web", Kind: "exec", Name: "disk", Check: disk},
		{Instance: "web", Kind: "https", Name: "site", Check: site},
		{Instance: "web", Kind: "tls", Name: "mail", Check: mail},
		{Instance: "web", Kind: "grpc", Name: "api", Check: api},
		{Instance: "web", Kind: "grpc", Name: "plain", Check: check("grpc")},
	}
	if diff := cmp.Diff(want, got, byValue); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
