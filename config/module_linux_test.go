package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

// put writes a file below a root folder.
func put(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestKernelModules: modules, built-in ones and loaded ones count; without a
// list of modules nothing is known.
func TestKernelModules(t *testing.T) {
	root := t.TempDir()
	put(t, root, "proc/sys/kernel/osrelease", "6.1.0-test\n")
	put(t, root, "sys/module/ip_vs_nq/refcnt", "0")
	if got := kernelModules(root); got != nil {
		t.Errorf("without a list of modules: %v", got)
	}
	put(t, root, "lib/modules/6.1.0-test/modules.dep",
		"kernel/net/netfilter/ipvs/ip_vs_wlc.ko.xz: kernel/net/netfilter/ipvs/ip_vs.ko.xz\nkernel/net/netfilter/ipvs/ip_vs_pe_sip.ko:\nkernel/net/ipv4/ip_vs.ko:\n")
	put(t, root, "lib/modules/6.1.0-test/modules.builtin", "kernel/net/netfilter/ipvs/ip_vs_rr.ko\n")
	if got := kernelModules(root); !slices.Equal(got, []string{"nq", "pe_sip", "rr", "wlc"}) {
		t.Errorf("got %v", got)
	}
}

// TestNotInThisKernel: a scheduler or an engine without a module is refused where
// it is named, or where a service has it by default, and nowhere else.
func TestNotInThisKernel(t *testing.T) {
	const lacksAll = "kernel/ip_vs_rr.ko:\nkernel/ip_vs_lc.ko:\nkernel/ip_vs_ftp.ko:\n"
	for _, test := range []struct {
		name, modules, defaults, service string
		refused                          []string
	}{
		{"of the kernel", lacksAll, "", `scheduler = "rr"`, nil},
		{"named", lacksAll, "", `scheduler = "twos"`,
			[]string{`11:15: Scheduler not in this kernel: This kernel has no module ip_vs_twos. It has "rr" and "lc".`}},
		{"by default", lacksAll, "", "",
			[]string{`8:1: Scheduler not in this kernel: This kernel has no module ip_vs_wlc, for the default wlc. It has "rr" and "lc".`}},
		{"defaults that name none", lacksAll, "", `scheduler = "rr"`, nil},
		{"defaults that name one", lacksAll, `scheduler = "sed"`, "",
			[]string{`5:15: Scheduler not in this kernel: This kernel has no module ip_vs_sed. It has "rr" and "lc".`}},
		{"engine", lacksAll, "", "scheduler = \"rr\"\n  persistence = \"60s\"\n  persistence_engine = \"sip\"",
			[]string{`13:24: Engine not in this kernel: This kernel has no module ip_vs_pe_sip.`}},
		{"engine of the kernel", lacksAll + "kernel/ip_vs_pe_sip.ko:\n", "", "scheduler = \"rr\"\n  persistence = \"60s\"\n  persistence_engine = \"sip\"", nil},
		{"no list of modules", "", "", `scheduler = "twos"`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			put(t, root, "proc/sys/kernel/osrelease", "6.1.0-test\n")
			if test.modules != "" {
				put(t, root, "lib/modules/6.1.0-test/modules.dep", test.modules)
			}
			put(t, root, "test.hcl", `cluster "shop" {
  director "lb1" {}
}
virtual_server_defaults {
  `+test.defaults+`
  forwarding = "dr"
}
virtual_server "phone" {
  addresses = ["192.0.2.1:5060"]
  protocol  = "udp"
  `+test.service+`
  check "none" {}
  real_server "a" {
    address = "192.0.2.2"
  }
}
`)
			source := open(filepath.Join(root, "test.hcl"))
			source.root = root
			_, diags := source.load("lb1")
			var got []string
			for _, d := range diags.list {
				if d.Severity == hcl.DiagWarning {
					continue // no vrrp_instance holds the address
				}
				got = append(got, strings.TrimPrefix(oneLine(d), filepath.Join(root, "test.hcl")+":"))
			}
			if !slices.Equal(got, test.refused) {
				t.Errorf("got %q, want %q", got, test.refused)
			}
			elsewhere := open(filepath.Join(root, "test.hcl"))
			elsewhere.root, elsewhere.elsewhere = root, true
			if _, diags := elsewhere.load("lb1"); diags.HasErrors() {
				t.Errorf("for a director elsewhere: %v", diags.Err())
			}
		})
	}
}
