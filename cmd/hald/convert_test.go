package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const keepalivedConf = `vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    @lb1 priority 150
    @lb2 priority 100
    virtual_ipaddress { 192.0.2.10/24 }
}
`

func TestConvert(t *testing.T) {
	dir := t.TempDir()
	one, losing := filepath.Join(dir, "one.conf"), filepath.Join(dir, "losing.conf")
	for path, text := range map[string]string{one: keepalivedConf, losing: keepalivedConf + "bfd_instance x { }\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	table := filepath.Join(dir, "table")
	if err := os.WriteFile(table, []byte("-A -t 192.0.2.10:80 -s rr\n-a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, report := filepath.Join(dir, "cluster.hcl"), filepath.Join(dir, "report")
	for _, test := range []struct {
		args []string
		code int
		out  string
		err  string
	}{
		{[]string{one, "--as", "lb1,lb2"}, 0, "priority          = { lb1 = 150, lb2 = 100 }", "Everything has a counterpart."},
		{[]string{one, one}, 0, `director "lb2"`, "Everything"},
		{[]string{losing}, 1, `cluster "cluster"`, losing + ":8: bfd_instance x: hald speaks no BFD"},
		{[]string{losing, "--cluster", "shop", "-o", out, "--report", report}, 1, "", ""},
		{[]string{one, "-o", out}, 1, "", "file exists"},
		{[]string{filepath.Join(dir, "none.conf")}, 1, "", "none.conf"},
		{[]string{table}, 0, `virtual_server "tcp-192.0.2.10-80"`, "nothing checks the servers"},
		{[]string{table, "--from", "keepalived"}, 1, `cluster "cluster"`, "is not known"},
		{[]string{one, "--from", "ipvsadm"}, 1, `cluster "cluster"`, "is nothing that ipvsadm saves"},
		{[]string{table, table}, 2, "", "one file"},
		{[]string{"-"}, 1, "", "standard input"},
		{[]string{one, "--from", "haproxy"}, 2, "", "use auto, keepalived, ipvsadm"},
		{nil, 2, "", "lacks a FILE"},
		{[]string{one, one, "--as", "a,b,c"}, 2, "", "2 files and 3 names"},
		{[]string{one, "--as", "a,a"}, 2, "", "is there twice"},
	} {
		code, got, errOut := hald(t, append([]string{"convert"}, test.args...)...)
		if code != test.code || !strings.Contains(got, test.out) || !strings.Contains(errOut, test.err) {
			t.Errorf("%q: exit code %d, want %d\n%s\n%s", test.args, code, test.code, got, errOut)
		}
	}
	text, _ := os.ReadFile(report)
	if !strings.Contains(string(text), "BFD") {
		t.Errorf("the report is\n%s", text)
	}
	if code, got, errOut := hald(t, "check", "--all", "-c", out); code != 0 || !strings.Contains(got, "valid for lb1") {
		t.Errorf("hald check of the result: exit code %d\n%s%s", code, got, errOut)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the result, which may have passwords, has mode %v", info.Mode())
	}
}
