package config

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// evaluated is what a string expression yields: it travels as the path of a
// check.
func evaluated(t *testing.T, expr string) (string, Diagnostics) {
	t.Helper()
	c, d := loadText(t, twoDirectors+fmt.Sprintf(`vrrp_instance "x" {
  interface         = "eth0"
  virtual_router_id = 1
  virtual_addresses = ["192.0.2.1"]
}
virtual_server "x" {
  addresses  = ["192.0.2.1:80"]
  protocol   = "tcp"
  forwarding = "dr"
  check "http" {
    path = "/${%s}"
  }
  real_server "x" {
    address = "192.0.2.2"
  }
}
`, expr))
	if d.HasErrors() {
		return "", d
	}
	return strings.TrimPrefix(c.Services[0].Servers[0].Checks[0].HTTP.Path, "/"), d
}

func TestFunctions(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for expr, want := range map[string]string{
		`cidrhost("10.1.2.3/24", 5)`:          "10.1.2.5",
		`cidrhost("10.1.2.0/24", -1)`:         "10.1.2.255",
		`cidrhost("10.1.2.0/31", 1)`:          "10.1.2.1",
		`cidrhost("2001:db8::/64", 258)`:      "2001:db8::102",
		`cidrnetmask("10.0.0.0/20")`:          "255.255.240.0",
		`cidrsubnet("10.0.0.0/8", 8, 3)`:      "10.3.0.0/16",
		`cidrsubnet("10.0.0.0/8", 0, 0)`:      "10.0.0.0/8",
		`cidrsubnet("2001:db8::/32", 32, 16)`: "2001:db8:0:10::/64",
		`hostname()`:                          host,
		`format("%03d", 7)`:                   "007",
		`join("-", concat(["a"], ["b"]))`:     "a-b",
		`merge({ a = 1 }, { a = 2 }).a`:       "2",
		`try(env("HALD_TEST_NOT_SET"), "no")`: "no",
		`can(tonumber("x")) ? "yes" : "no"`:   "no",
		`length([1, 2, 3])`:                   "3",
		`tonumber("12") + 1`:                  "13",
	} {
		got, d := evaluated(t, expr)
		if d.HasErrors() || got != want {
			t.Errorf("%s = %q, want %q\n%s", expr, got, want, rendered(t, d))
		}
	}
}

func TestFunctionsRefuse(t *testing.T) {
	for expr, want := range map[string]string{
		`cidrhost("10.1.2.0/24", 256)`:         "the prefix 10.1.2.0/24 has only 256 addresses",
		`cidrhost("10.1.2.0/24", -257)`:        "has only 256 addresses",
		`cidrhost("10.1.2.0", 1)`:              "is not a network",
		`cidrhost("10.1.2.0/24", 1.5)`:         "a whole number is needed",
		`cidrnetmask("2001:db8::/64")`:         "only IPv4 networks have a netmask",
		`cidrsubnet("10.0.0.0/8", 25, 0)`:      "can be extended by 0 to 24 bits",
		`cidrsubnet("10.0.0.0/8", 8, 256)`:     "8 more bits make 256 networks",
		`cidrsubnet("10.0.0.0/8", 1e30, 0)`:    "can be extended by 0 to 24 bits",
		`cidrhost("10.0.0.0/8", 1 / 0)`:        "",
		`env("HALD_TEST_NOT_SET")`:             "the environment variable HALD_TEST_NOT_SET is not set",
		`file(".")`:                            "is not a regular file",
		`file("/dev/null")`:                    "is not a regular file",
		`file("missing")`:                      "no such file or directory",
		`"${upper(env("HALD_TEST_NOT_SET"))}"`: "the environment variable HALD_TEST_NOT_SET is not set",
	} {
		_, d := evaluated(t, expr)
		if m := d.Messages(); !d.HasErrors() || !strings.Contains(m[0].Detail, want) {
			t.Errorf("%s:\n%s", expr, rendered(t, d))
		}
	}
}

// TestFileReadsText: without the last line break, relative to the
// configuration, text only, bounded.
func TestFileReadsText(t *testing.T) {
	s := &source{folder: t.TempDir()}
	for name, c := range map[string]struct{ content, want, err string }{
		"unix":   {"secret\n", "secret", ""},
		"dos":    {"secret\r\n", "secret", ""},
		"none":   {"secret", "secret", ""},
		"two":    {"secret\n\n", "secret\n", ""},
		"binary": {"\xff\xfe", "", "is not UTF-8 text"},
		"large":  {strings.Repeat("x", maxSecretSize+1), "", "more than"},
	} {
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := s.readSecret(name)
		if got != c.want || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestLastOf(t *testing.T) {
	for network, want := range map[string]string{
		"192.0.2.1/24": "192.0.2.255", "192.0.2.1/32": "192.0.2.1", "10.0.0.0/9": "10.127.255.255", "0.0.0.0/0": "255.255.255.255",
	} {
		if got := lastOf(netip.MustParsePrefix(network)); got.String() != want {
			t.Errorf("%s: %s, want %s", network, got, want)
		}
	}
}
