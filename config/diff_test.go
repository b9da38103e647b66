package config

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// planned is a configuration with one of everything that a plan tells of.
func planned() *Config {
	prefix, port := netip.MustParsePrefix, netip.MustParseAddrPort
	return &Config{
		Cluster: "shop", Director: Director{Name: "lb1"}, Hash: "1", Log: Log{Level: "info"},
		Directors: []Director{{Name: "lb1"}, {Name: "lb2"}},
		Instances: []Instance{
			{Name: "front", Interface: "eth0", Version: 3, VRID: 51, Priority: 150, Interval: time.Second, Keys: []Key{{1, "top-secret-1"}},
				Addresses: []Address{{Prefix: prefix("192.0.2.100/24")}, {Prefix: prefix("192.0.2.101/24")}},
				Routes:    []Route{{Destination: prefix("0.0.0.0/0"), Table: 254}},
				Rules:     []Rule{{Priority: 500, Table: 100}},
				Trackers:  []Tracker{{Kind: "script", Name: "proxy", Weight: -20, Check: Check{Probe: &Probe{Kind: "script"}}}}},
			{Name: "back", Interface: "eth1", Version: 3, VRID: 52, Priority: 150, Interval: time.Second,
				Addresses: []Address{{Prefix: prefix("198.51.100.100/24")}}},
		},
		Notifiers: []Notifier{{Name: "pager", Events: []string{"quorum.*"}, Webhook: NotifyWebhook{URL: "https://top-secret-0"}}},
		Services: []Service{{Name: "web", Addresses: []netip.AddrPort{port("192.0.2.100:80")}, Protocol: "tcp", Scheduler: "rr", Servers: []Server{
			{Name: "web1", Weight: 1, Checks: []Check{{Probe: &Probe{Kind: "http", HTTP: HTTPCheck{Path: "/", Headers: map[string]string{"Authorization": "top-secret-2"}}}}}},
			{Name: "web2", Weight: 1},
		}}},
	}
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(c *Config)
		want   string // all masters; a line a change, "!" where it interrupts, "!!" where it does on a backup too
	}{
		{"nothing", func(*Config) {}, ""},
		{"an empty list for none", func(c *Config) { c.Groups = []SyncGroup{} }, ""},
		{"other text, same meaning", func(c *Config) { c.Hash = "2" }, ""},
		{"priority", func(c *Config) { c.Instances[0].Priority = 120 }, "~ vrrp_instance front: priority 150 -> 120"},
		{"address owner", func(c *Config) { c.Instances[0].Priority = 255 }, "!~ vrrp_instance front: priority 150 -> 255 (begins anew)"},
		{"interface", func(c *Config) { c.Instances[0].Interface = "eth2" }, `!~ vrrp_instance front: interface "eth0" -> "eth2" (begins anew)`},
		{"VRID", func(c *Config) { c.Instances[1].VRID = 9 }, "!~ vrrp_instance back: virtual_router_id 52 -> 9 (begins anew)"},
		{"another key", func(c *Config) { c.Instances[0].Keys = []Key{{1, "top-secret-3"}} }, "!!~ vrrp_instance front: authentication (id 1) -> (id 1)"},
		{"a second key", func(c *Config) { c.Instances[0].Keys = []Key{{1, "top-secret-1"}, {2, "top-secret-3"}} }, "~ vrrp_instance front: authentication (id 1) -> (id 1, id 2)"},
		{"a second key that signs", func(c *Config) { c.Instances[0].Keys = []Key{{2, "top-secret-3"}, {1, "top-secret-1"}} }, "!!~ vrrp_instance front: authentication (id 1) -> (id 2, id 1)"},
		{"no key", func(c *Config) { c.Instances[0].Keys = nil }, "!!~ vrrp_instance front: authentication (id 1) -> (hidden)"},
		{"signatures that need not be", func(c *Config) { c.Instances[0].Lenient = true }, "~ vrrp_instance front: authentication lenient false -> true"},
		{"the first key", func(c *Config) { c.Instances[1].Keys = []Key{{1, "top-secret-1"}} }, "!!~ vrrp_instance back: authentication (hidden) -> (id 1)"},
		{"the first key, lenient", func(c *Config) { c.Instances[1].Keys, c.Instances[1].Lenient = []Key{{1, "top-secret-1"}}, true },
			"~ vrrp_instance back: authentication (hidden) -> (id 1), authentication lenient false -> true"},
		{"password", func(c *Config) { c.Instances[1].Password = "top-secret-3" }, "!!~ vrrp_instance back: authentication (hidden) -> (hidden)"},
		{"lease", func(c *Config) { c.Instances[0].Lease = time.Minute }, "~ vrrp_instance front: address_lease 0s -> 1m0s"},
		{"announcements", func(c *Config) { c.Instances[0].Announce.Refresh = time.Minute }, "~ vrrp_instance front: gratuitous_arp refresh 0s -> 1m0s"},
		{"instance added", func(c *Config) { c.Instances = append(c.Instances, Instance{Name: "third", Interface: "eth2"}) }, "+ vrrp_instance third (on eth2)"},
		{"service of a mark added", func(c *Config) {
			many := Service{Name: "mail", Mark: 7}
			for i := range 10 {
				many.Servers = append(many.Servers, Server{Name: fmt.Sprint("m", i)})
			}
			c.Services = append(c.Services, many)
		}, "+ virtual_server mail (fwmark 7 to m0, m1, m2, m3, m4, m5, m6, m7, 2 more)"},
		{"instance removed", func(c *Config) { c.Instances = c.Instances[:1] }, "!- vrrp_instance back (198.51.100.100/24 on eth1)"},
		{"address added", func(c *Config) {
			c.Instances[0].Addresses = append(slices.Clone(c.Instances[0].Addresses), Address{Prefix: netip.MustParsePrefix("192.0.2.102/24")})
		}, "+ virtual_address front/192.0.2.102/24"},
		{"address removed", func(c *Config) { c.Instances[0].Addresses = c.Instances[0].Addresses[:1] }, "!- virtual_address front/192.0.2.101/24"},
		{"address added to what packets are kept from", func(c *Config) {
			c.Instances[0].NoAccept = true
			c.Instances[0].Addresses = c.Instances[0].Addresses[:1]
		}, "!~ vrrp_instance front: accept = false false -> true (begins anew)\n!- virtual_address front/192.0.2.101/24"},
		{"another family", func(c *Config) {
			c.Instances[1].Addresses = []Address{{Prefix: netip.MustParsePrefix("2001:db8::1/64")}}
		},
			"!- virtual_address back/198.51.100.100/24\n+ virtual_address back/2001:db8::1/64\n!~ vrrp_instance back (begins anew)"},
		{"route", func(c *Config) { c.Instances[0].Routes[0].Via = netip.MustParseAddr("192.0.2.1") }, "~ virtual_route front/0.0.0.0/0 table 254 metric 0: via  -> 192.0.2.1"},
		{"rule", func(c *Config) { c.Instances[0].Rules[0].Table = 101 }, "~ virtual_rule front/IPv4 priority 500: table 100 -> 101"},
		{"rule added", func(c *Config) { c.Instances[0].Rules = append(c.Instances[0].Rules, Rule{IPv6: true, Priority: 500}) }, "+ virtual_rule front/IPv6 priority 500"},
		{"rule of what packets are kept from", func(c *Config) { c.Instances[0].NoAccept, c.Instances[0].Rules = true, nil },
			"!~ vrrp_instance front: accept = false false -> true (begins anew)\n- virtual_rule front/IPv4 priority 500"},
		{"tracker", func(c *Config) { c.Instances[0].Trackers[0].Weight = -30 }, "~ track front/script:proxy: weight -20 -> -30"},
		{"tracker's probe", func(c *Config) { c.Instances[0].Trackers[0].Check.Fall = 3 }, "~ track front/script:proxy: check fall 0 -> 3"},
		{"group", func(c *Config) { c.Groups = []SyncGroup{{"site", []string{"front", "back"}}} },
			"+ vrrp_sync_group site\n!~ vrrp_instance front (begins anew)\n!~ vrrp_instance back (begins anew)"},
		{"scheduler", func(c *Config) { c.Services[0].Scheduler = "wlc" }, `~ virtual_server web: scheduler "rr" -> "wlc"`},
		{"service's address added", func(c *Config) {
			c.Services[0].Addresses = append(slices.Clone(c.Services[0].Addresses), netip.MustParseAddrPort("192.0.2.101:80"))
		}, "~ virtual_server web: addresses [192.0.2.100:80] -> [192.0.2.100:80, 192.0.2.101:80]"},
		{"service's address removed", func(c *Config) { c.Services[0].Addresses = nil }, "!~ virtual_server web: addresses [192.0.2.100:80] -> []"},
		{"service removed", func(c *Config) { c.Services = nil }, "!- virtual_server web (192.0.2.100:80 to web1, web2)"},
		{"server removed", func(c *Config) { c.Services[0].Servers = c.Services[0].Servers[:1] }, "- real_server web/web2"},
		{"weight", func(c *Config) { c.Services[0].Servers[1].Weight = 5 }, "~ real_server web/web2: weight 1 -> 5"},
		{"sorry server", func(c *Config) { c.Services[0].Sorry = &Server{Name: "sorry"} }, "+ sorry_server web/sorry"},
		{"check that talks", func(c *Config) {
			check := &c.Services[0].Servers[0].Checks[0]
			check.Send, check.Expect, check.Mark, check.Size, check.User = "top-secret-4", "x", 7, 56, "nobody"
			check.DNS = DNSCheck{RCode: "REFUSED", TCP: true}
			check.SMTP = SMTPCheck{Helo: "lb1", StartTLS: true}
		}, `~ check web/web1/http: mark 0 -> 7, send (hidden) -> (hidden), expect "" -> "x", dns rcode "" -> "REFUSED", dns transport = "tcp" false -> true, ` +
			`smtp helo "" -> "lb1", smtp starttls false -> true, size 0 -> 56, user "" -> "nobody"`},
		{"check over TLS", func(c *Config) {
			check := &c.Services[0].Servers[0].Checks[0]
			check.TLS, check.HTTP.HTTP2, check.HTTP.SHA256, check.HTTP.Follow = TLSCheck{Insecure: true, CA: "/ca.pem", ExpiresIn: time.Hour}, true, "ab", true
			check.GRPC.Service = "x"
		}, `~ check web/web1/http: http sha256 "" -> "ab", http follow_redirects false -> true, http http2 false -> true, ` +
			`tls verify = false false -> true, tls ca "" -> "/ca.pem", tls expires_in 0s -> 1h0m0s, grpc service "" -> "x"`},
		{"check", func(c *Config) { c.Services[0].Servers[0].Checks[0].HTTP.Path = "/ok" }, `~ check web/web1/http: http path "/" -> "/ok"`},
		{"header", func(c *Config) {
			c.Services[0].Servers[0].Checks[0].HTTP.Headers = map[string]string{"Authorization": "top-secret-4"}
		},
			"~ check web/web1/http: http headers (hidden) -> (hidden)"},
		{"notifier", func(c *Config) {
			c.Notifiers[0].Events = []string{"*"}
			c.Notifiers[0].Webhook = NotifyWebhook{URL: "https://top-secret-5", Headers: map[string]string{"A": "top-secret-6"}, Secret: "top-secret-7", CA: "/ca.pem", Timeout: time.Second}
			c.Notifiers[0].Exec = NotifyExec{Command: []string{"/a", "top-secret-8"}, User: "nobody", Before: true}
			c.Notifiers[0].SMTP = NotifySMTP{Server: "mail:587", From: "a@b", To: []string{"c@d"}, Username: "top-secret-9", Password: "top-secret-10", StartTLS: true}
		}, `~ notify pager: events ["quorum.*"] -> ["*"], webhook url (hidden) -> (hidden), webhook headers (hidden) -> (hidden), webhook secret (hidden) -> (hidden), ` +
			`webhook ca "" -> "/ca.pem", webhook timeout 0s -> 1s, exec command (hidden) -> (hidden), exec user "" -> "nobody", exec stage = "before" false -> true, ` +
			`smtp server "" -> "mail:587", smtp from "" -> "a@b", smtp to [] -> ["c@d"], smtp username (hidden) -> (hidden), smtp password (hidden) -> (hidden), smtp starttls false -> true`},
		{"notifier added", func(c *Config) { c.Notifiers = append(c.Notifiers, Notifier{Name: "mail"}) }, "+ notify mail"},
		{"notifier removed", func(c *Config) { c.Notifiers = nil }, "- notify pager"},
		{"log level", func(c *Config) { c.Log.Level = "debug" }, `~ log: level "info" -> "debug"`},
		{"page", func(c *Config) { c.Admin.HTTP = netip.MustParseAddrPort("127.0.0.1:7112") }, `~ admin: http  -> 127.0.0.1:7112`},
		{"socket", func(c *Config) { c.Admin.Socket = "/run/x" }, `~ admin: socket "" -> "/run/x" (when the daemon is started again)`},
		{"timeout", func(c *Config) { c.IPVS.TCPTimeout = time.Minute }, "~ ipvs: timeouts tcp 0s -> 1m0s"},
		{"kernel's settings", func(c *Config) { c.IPVS.ExpireNodestConn = new(true) }, "~ ipvs: expire_nodest_conn (none) -> true"},
		{"connection sync", func(c *Config) { c.IPVS.Sync = &Sync{Instance: "front", Interface: "eth1", Refresh: time.Minute} },
			"+ connection_sync"},
		{"cluster", func(c *Config) { c.Cluster = "mall" }, `~ cluster: cluster "shop" -> "mall"`},
		{"director", func(c *Config) { c.Directors = append(c.Directors, Director{Name: "lb3"}) }, "+ director lb3"},
	} {
		is := planned()
		tt.change(is)
		var lines []string
		p, idle := Diff(planned(), is, []string{"front", "back"}), Diff(planned(), is, nil)
		for _, c := range p.Changes {
			line := c.String()
			if c.Interrupts != "" {
				line = "!" + line
			}
			if slices.ContainsFunc(idle.Interruptions(), func(i Change) bool { return i.String() == c.String() }) {
				line = "!" + line
			}
			lines = append(lines, line)
		}
		if diff := cmp.Diff(tt.want, strings.Join(lines, "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		told, err := json.Marshal(p)
		if err != nil || strings.Contains(string(told)+p.String(), "top-secret") {
			t.Errorf("%s: a secret is told: %s, %v", tt.name, told, err)
		}
	}
}

// TestDiffOfSync: connection_sync is told of as other blocks are, by its attributes.
func TestDiffOfSync(t *testing.T) {
	with := func(s *Sync) *Config { return &Config{IPVS: IPVS{Sync: s}} }
	was := with(&Sync{Instance: "front", Interface: "eth1", ID: 51})
	for want, is := range map[string]*Sync{
		"": was.IPVS.Sync, "- connection_sync": nil,
		`~ connection_sync: vrrp_instance "front" -> "back", interface "eth1" -> "eth2", id 51 -> 52, refresh 0s -> 10s`: {Instance: "back", Interface: "eth2", ID: 52, Refresh: 10 * time.Second},
	} {
		var got []string
		for _, c := range Diff(was, with(is), nil).Changes {
			got = append(got, c.String())
		}
		if text := strings.Join(got, "\n"); text != want {
			t.Errorf("%q, want %q", text, want)
		}
	}
}

// TestNothingChangesBehindPointers: a file that is read twice says the same twice.
func TestNothingChangesBehindPointers(t *testing.T) {
	read := func() *Config {
		c := planned()
		c.IPVS = IPVS{ExpireNodestConn: new(true), ExpireQuiescentTemplate: new(false), Sync: &Sync{Instance: "front"}}
		return c
	}
	if p := Diff(read(), read(), nil); len(p.Changes) > 0 {
		t.Errorf("%v", p)
	}
}

// TestEveryFieldHasAnEffect fails when a field is new, or gone, and nobody said
// what its change needs.
func TestEveryFieldHasAnEffect(t *testing.T) {
	known := map[string]bool{}
	for _, e := range exact {
		for i := range e.NumField() {
			name := e.Name() + "." + e.Field(i).Name
			known[name] = true
			if effects[name] == "" {
				t.Errorf("say in effects what a change of %s needs", name)
			}
		}
	}
	for name := range effects {
		if !known[name] {
			t.Errorf("effects has %s, which is no field", name)
		}
	}
}

// TestDiffSeesEveryField changes every field there is, one after the other, and
// expects it in the plan.
func TestDiffSeesEveryField(t *testing.T) {
	seen := map[string]bool{}
	var visit func(v reflect.Value, path string)
	visit = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.Pointer:
			visit(v.Elem(), path)
		case reflect.Slice:
			if v.Len() > 0 {
				visit(v.Index(0), path)
			}
		case reflect.Struct:
			if v.Type().PkgPath() != reflect.TypeFor[Config]().PkgPath() {
				return
			}
			for i := range v.NumField() {
				name := v.Type().Name() + "." + v.Type().Field(i).Name
				if f := v.Field(i); f.CanInt() || f.CanUint() || f.Kind() == reflect.String || f.Kind() == reflect.Bool || f.CanFloat() {
					seen[name] = true
				}
				visit(v.Field(i), path)
			}
		}
	}
	full := func() *Config {
		c := planned()
		c.Groups = []SyncGroup{{"site", []string{"front", "back"}}}
		c.Services[0].Sorry = &Server{Name: "sorry"}
		c.Services[0].Servers[0].Checks[0].HTTP.Status = []StatusRange{{200, 299}}
		return c
	}
	visit(reflect.ValueOf(full()), "")
	delete(seen, "Config.Hash")
	if len(seen) < 50 {
		t.Fatalf("only %d fields were found", len(seen))
	}
	for name := range seen {
		c := full()
		if !alter(reflect.ValueOf(c).Elem(), name) {
			t.Errorf("%s could not be altered", name)
		}
		if len(Diff(full(), c, nil).Changes) == 0 {
			t.Errorf("a change of %s is in no plan", name)
		}
	}
}

// alter changes the first field of this name.
func alter(v reflect.Value, name string) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && alter(v.Elem(), name)
	case reflect.Slice:
		return v.Len() > 0 && alter(v.Index(0), name)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Field(i)
			if v.Type().Name()+"."+v.Type().Field(i).Name != name {
				if v.Type().PkgPath() == reflect.TypeFor[Config]().PkgPath() && alter(f, name) {
					return true
				}
				continue
			}
			switch {
			case f.CanInt():
				f.SetInt(f.Int() + 1)
			case f.CanUint():
				f.SetUint(f.Uint() + 1)
			case f.CanFloat():
				f.SetFloat(f.Float() + 1)
			case f.Kind() == reflect.Bool:
				f.SetBool(!f.Bool())
			default:
				f.SetString(f.String() + "x")
			}
			return true
		}
	}
	return false
}

// TestSealed: what is sealed has no secret in it, survives JSON, and tells a change
// of a secret from none.
func TestSealed(t *testing.T) {
	key := []byte("key of the daemon's")
	told, err := json.Marshal(planned().Sealed(key))
	if err != nil || strings.Contains(string(told), "top-secret") {
		t.Fatalf("sealed: %s, %v", told, err)
	}
	var was Config
	if err := json.Unmarshal(told, &was); err != nil {
		t.Fatal(err)
	}
	if p := Diff(&was, planned().Sealed(key), nil); len(p.Changes) > 0 {
		t.Errorf("the same configuration: %v", p)
	}
	is := planned()
	is.Instances[0].Keys[0].Secret = "top-secret-5"
	if p := Diff(&was, is.Sealed(key), nil); len(p.Changes) != 1 {
		t.Errorf("another key: %v", p)
	}
}
