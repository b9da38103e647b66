package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hald-project/hald/ipvsctl"
)

const oneService = `
virtual_server "http" {
  addresses  = ["10.99.0.100:80"]
  protocol   = "tcp"
  forwarding = "dr"

  check "tcp" {}
  real_server "web1" {
    address = "10.99.0.21"
  }
}
`

// A director that cannot forward must not be master: with services to forward
// it does not start on a kernel without IPVS, and says how to get it.
func TestNoIPVSInTheKernel(t *testing.T) {
	s := newSite(t, validConfig+oneService)
	if table, err := ipvsctl.Open(); err == nil {
		table.Close()
		t.Skip("this kernel has IPVS")
	}
	before := s.ip("-4", "addr") + s.ip("-4", "maddr")
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if code := s.run(log).exitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	out, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	if text := string(out); strings.Count(text, "\n") != 1 || !strings.Contains(text, "virtual servers are configured") || !strings.Contains(text, "modprobe ip_vs") {
		t.Errorf("said %q, want one line that says how to get it", text)
	}
	if after := s.ip("-4", "addr") + s.ip("-4", "maddr"); after != before {
		t.Errorf("it left traces:\n%s\nbefore:\n%s", after, before)
	}
	if left, _ := os.ReadDir(s.folder); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}
