package config

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestKernelSchedulers: modules, built-in ones and loaded ones count; without a
// list of modules nothing is known.
func TestKernelSchedulers(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("proc/sys/kernel/osrelease", "6.1.0-test\n")
	write("sys/module/ip_vs_nq/refcnt", "0")
	if got := kernelSchedulers(root); got != nil {
		t.Errorf("without a list of modules: %v", got)
	}
	write("lib/modules/6.1.0-test/modules.dep",
		"kernel/net/netfilter/ipvs/ip_vs_wlc.ko.xz: kernel/net/netfilter/ipvs/ip_vs.ko.xz\nkernel/net/netfilter/ipvs/ip_vs_ftp.ko:\nkernel/net/ipv4/ip_vs.ko:\n")
	write("lib/modules/6.1.0-test/modules.builtin", "kernel/net/netfilter/ipvs/ip_vs_rr.ko\n")
	if got := kernelSchedulers(root); !slices.Equal(got, []string{"nq", "rr", "wlc"}) {
		t.Errorf("got %v", got)
	}
}
