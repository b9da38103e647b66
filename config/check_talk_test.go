package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A server that several services share is pinged once, whatever their ports, and a
// file is looked at once: the checks are equal.
func TestOneProbeForManyServices(t *testing.T) {
	const service = `
virtual_server "NAME" {
  addresses  = ["192.0.2.10:PORT"]
  protocol   = "tcp"
  forwarding = "nat"
  check "ping" {}
  check "file" { path = "/etc/passwd" }
  real_server "a" { address = "192.0.2.21:PORT" }
}
`
	text := `
cluster "shop" {
  director "lb1" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}
` + strings.NewReplacer("NAME", "web", "PORT", "80").Replace(service) + strings.NewReplacer("NAME", "tls", "PORT", "443").Replace(service)
	c, diags := loadText(t, text)
	if c == nil {
		t.Fatal(rendered(t, diags))
	}
	if diff := cmp.Diff(c.Services[0].Servers[0].Checks, c.Services[1].Servers[0].Checks, cmp.Comparer(func(a, b Check) bool {
		return a.Target == b.Target && a.Kind == b.Kind && a.Path == b.Path
	})); diff != "" {
		t.Error(diff)
	}
}
