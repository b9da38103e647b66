package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkLoad reads 1000 virtual servers with 10 real servers each.
func BenchmarkLoad(b *testing.B) {
	var text strings.Builder
	text.WriteString("cluster \"big\" {\n  director \"lb1\" {}\n}\n")
	for i := range 4 {
		fmt.Fprintf(&text, "vrrp_instance \"big%d\" {\n  interface = \"eth0\"\n  virtual_router_id = %d\n"+
			"  virtual_addresses = [for i in range(0, 250) : cidrhost(\"10.1.0.0/16\", %d + i)]\n}\n", i, 51+i, 256+250*i)
	}
	for i := range 1000 {
		fmt.Fprintf(&text, "virtual_server \"s%d\" {\n  addresses  = [\"%s:80\"]\n  protocol   = \"tcp\"\n  forwarding = \"dr\"\n  check \"http\" {\n    path = \"/\"\n  }\n",
			i, fmt.Sprintf("10.1.%d.%d", (256+i)/256, (256+i)%256))
		for j := range 10 {
			fmt.Fprintf(&text, "  real_server \"r%d\" {\n    address = \"10.2.%d.%d\"\n    weight  = 2\n  }\n", j, i/20, i%20*10+j)
		}
		text.WriteString("}\n")
	}
	path := filepath.Join(b.TempDir(), "big.hcl")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, d := Load(path, "lb1"); len(d.Messages()) > 0 {
			b.Fatal(d.Messages()[0])
		}
	}
}
