package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// vocabulary is every name of the language: by block path, the attributes, the
// nested blocks and, for check, the kinds. It is written down a second time
// here so that no name can vanish from the grammar unnoticed.
var vocabulary = map[string][]string{
	"":                 {"cluster", "locals", "vrrp_instance", "vrrp_defaults", "vrrp_sync_group", "virtual_server", "virtual_server_defaults", "ipvs", "notify", "log", "admin"},
	"cluster":          {"director"},
	"cluster/director": {"address"},
	"vrrp_instance": {"interface", "virtual_router_id", "version", "priority", "advertisement_interval", "virtual_addresses", "preempt", "preempt_delay", "accept",
		"unicast", "source_address", "checksum", "virtual_mac", "start_delay", "address_lease", "on_conflict", "on_split",
		"gratuitous_arp", "authentication", "virtual_address", "virtual_route", "virtual_rule", "track"},
	"vrrp_instance/gratuitous_arp": {"count", "delay", "refresh", "interval"},
	"vrrp_instance/authentication": {"type", "key", "id", "required"},
	"virtual_server": {"addresses", "fwmark", "family", "protocol", "scheduler", "scheduler_flags", "forwarding", "tunnel", "persistence", "persistence_netmask",
		"persistence_engine", "one_packet", "quorum", "hysteresis", "on_fail", "drain", "slow_start", "max_failed", "initial", "check", "real_server", "sorry_server"},
	"virtual_server/real_server":  {"address", "dns", "srv", "file", "weight", "upper_threshold", "lower_threshold", "forwarding", "tunnel", "check", "disabled"},
	"virtual_server/sorry_server": {"address", "weight", "upper_threshold", "lower_threshold", "forwarding", "tunnel", "check", "disabled"},
	"virtual_server/tunnel":       {"type", "port", "checksum"},
	"virtual_server/check":        {"none", "tcp", "http", "https", "tls", "dns", "grpc", "smtp", "udp", "ping", "exec", "file"},
	"virtual_server/check/tcp":    {"interval", "timeout", "fall", "rise", "fast_interval", "port", "address", "source", "mark", "send", "expect"},
	"virtual_server/check/http": {"interval", "timeout", "fall", "rise", "fast_interval", "port", "address", "source", "mark",
		"url", "path", "method", "host", "headers", "body", "status", "expect", "sha256", "follow_redirects", "weight_header", "weight_body"},
	"virtual_server/check/udp":           {"interval", "timeout", "fall", "rise", "fast_interval", "port", "address", "source", "mark", "send", "expect"},
	"vrrp_instance/track/udp":            {"weight", "interval", "timeout", "fall", "rise", "fast_interval", "port", "address", "source", "mark", "send", "expect"},
	"virtual_server/check/dns":           {"interval", "timeout", "fall", "rise", "fast_interval", "port", "address", "source", "mark", "name", "type", "rcode", "expect", "transport"},
	"vrrp_instance/track/dns":            {"weight", "interval", "timeout", "fall", "rise", "fast_interval", "port", "address", "source", "mark", "name", "type", "rcode", "expect", "transport"},
	"virtual_server/check/smtp":          {"interval", "timeout", "fall", "rise", "fast_interval", "port", "address", "source", "mark", "helo", "starttls"},
	"vrrp_instance/track/smtp":           {"weight", "interval", "timeout", "fall", "rise", "fast_interval", "port", "address", "source", "mark", "helo", "starttls"},
	"virtual_server/check/ping":          {"interval", "timeout", "fall", "rise", "fast_interval", "address", "source", "mark", "size"},
	"vrrp_instance/track/ping":           {"weight", "interval", "timeout", "fall", "rise", "fast_interval", "address", "source", "mark", "size"},
	"virtual_server/check/file":          {"interval", "timeout", "fall", "rise", "fast_interval", "path"},
	"vrrp_instance/track/exec":           {"weight", "interval", "timeout", "fall", "rise", "fast_interval", "command", "user"},
	"virtual_server/check/exec":          {"command", "user", "dynamic_weight", "interval", "timeout", "fall", "rise", "fast_interval"},
	"vrrp_instance/track":                {"interface", "script", "file", "process", "virtual_server", "tcp", "http", "https", "tls", "dns", "grpc", "smtp", "udp", "ping", "exec"},
	"vrrp_instance/track/interface":      {"weight"},
	"vrrp_instance/track/script":         {"weight", "command", "user", "interval", "timeout", "rise", "fall", "fast_interval"},
	"vrrp_instance/track/file":           {"path", "interval"},
	"vrrp_instance/track/process":        {"weight", "interval", "rise", "fall"},
	"vrrp_instance/track/virtual_server": {"weight"},
	"vrrp_instance/track/tcp":            {"weight", "interval", "timeout", "fall", "rise", "fast_interval", "port", "address", "source", "mark", "send", "expect"},
	"vrrp_instance/track/http": {"weight", "interval", "timeout", "fall", "rise", "fast_interval", "port", "address", "source", "mark",
		"url", "path", "method", "host", "headers", "body", "status", "expect", "sha256", "follow_redirects"},
	"ipvs":                 {"timeouts", "connection_sync", "expire_nodest_conn", "expire_quiescent_template", "clear_on_stop"},
	"ipvs/connection_sync": {"vrrp_instance", "interface", "id", "refresh"},
	"ipvs/timeouts":        {"tcp", "tcp_fin", "udp"},
	"notify":               {"events", "give_up", "webhook", "exec", "smtp"},
	"notify/webhook":       {"url", "headers", "secret", "ca", "timeout"},
	"notify/exec":          {"command", "timeout", "user", "stage"},
	"notify/smtp":          {"server", "from", "to", "username", "password", "starttls", "ca", "timeout", "collect"},
	"log":                  {"level", "format"},
	"admin":                {"socket", "socket_group", "socket_mode", "http", "http_names", "peer"},
}

// inside builds a configuration with some text in the block at a path.
func inside(path, text string) string {
	if path == "" {
		return text
	}
	out := text
	steps := strings.Split(path, "/")
	for i := len(steps) - 1; i >= 0; i-- {
		step := steps[i]
		switch {
		case i > 0 && at(strings.Join(steps[:i], "/")).kinds != nil:
			continue
		case i+1 < len(steps) && at(strings.Join(steps[:i+1], "/")).kinds != nil:
			names := strings.Repeat(` "x"`, len(at(strings.Join(steps[:i+1], "/")).labels)-1)
			out = fmt.Sprintf("%s %q%s {\n%s\n}", step, steps[i+1], names, out)
		case step == "cluster", step == "director", step == "vrrp_instance", step == "virtual_server", step == "real_server", step == "notify":
			out = fmt.Sprintf("%s \"x\" {\n%s\n}", step, out)
		default:
			out = fmt.Sprintf("%s {\n%s\n}", step, out)
		}
	}
	return out
}

// loadText loads a text as a file of its own.
func loadText(t testing.TB, text string) (*Config, Diagnostics) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, "lb1")
}

// TestVocabulary: every name of the language is read at its place; none is unknown, none
// is ignored.
func TestVocabulary(t *testing.T) {
	for _, path := range sortedKeys(vocabulary) {
		for _, name := range vocabulary[path] {
			t.Run(path+"/"+name, func(t *testing.T) {
				g, where := at(path), path
				use := name + " = [0]" // [] is refused where a value must name something
				if g.kinds != nil {
					block := path[strings.LastIndex(path, "/")+1:]
					where = strings.TrimSuffix(path, "/"+block)
					use = fmt.Sprintf("%s %q%s {}", block, name, strings.Repeat(` "x"`, len(g.labels)-1))
				} else if g.blocks[name] != nil && name == "track" {
					use = `track "interface" "eth1" {}`
				} else if g.blocks[name] != nil {
					use = name + strings.Repeat(` "none"`, len(g.blocks[name].labels)) + " {}"
				}
				_, diags := loadText(t, inside(where, use))
				for _, m := range diags.Messages() {
					if strings.HasPrefix(m.Summary, "Unknown") && m.Summary != "Unknown virtual_server" {
						t.Errorf("%s: %s", m.Summary, m.Detail)
					}
				}
				if !built(g, name) {
					t.Errorf("it is not in the grammar:\n%s", rendered(t, diags))
				}
			})
		}
	}
}

// TestVocabularyIsWhole: the grammar has no name that the list lacks.
func TestVocabularyIsWhole(t *testing.T) {
	for _, path := range sortedKeys(vocabulary) {
		g := at(path)
		known := slices.Concat(g.attributes, sortedKeys(g.blocks), sortedKeys(g.kinds))
		for _, name := range known {
			if !slices.Contains(vocabulary[path], name) {
				t.Errorf("%s/%s is in the grammar, not in the list", path, name)
			}
		}
		if len(known) != len(vocabulary[path]) {
			t.Errorf("%q has %d names in the grammar, %d in the list", path, len(known), len(vocabulary[path]))
		}
	}
}

// at is the grammar of the block at a path.
func at(path string) *grammar {
	g := language
	for step := range strings.SplitSeq(path, "/") {
		switch {
		case path == "":
		case g.kinds != nil:
			g = g.kinds[step]
		default:
			g = g.blocks[step]
		}
	}
	return g
}

func built(g *grammar, name string) bool {
	return slices.Contains(g.attributes, name) || g.blocks[name] != nil || g.kinds[name] != nil
}
