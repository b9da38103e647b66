package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	ugly   = "cluster \"shop\" {\ndirector   \"lb1\" { }\n}\nlog {\n  level=\"info\"\n}"
	pretty = "cluster \"shop\" {\n  director \"lb1\" {}\n}\nlog {\n  level = \"info\"\n}"
)

// folder has a file of each kind.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a.hcl": ugly, "b.hcl": pretty, "c.hcl": "log {\n", "d.hcl.json": "{ }", "e.txt": ugly} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFormat(t *testing.T) {
	const hunks = "@@ -2,1 +2,1 @@\n-director   \"lb1\" { }\n+  director \"lb1\" {}\n@@ -5,1 +5,1 @@\n-  level=\"info\"\n+  level = \"info\"\n"
	dir := folder(t)
	a, b, c := filepath.Join(dir, "a.hcl"), filepath.Join(dir, "b.hcl"), filepath.Join(dir, "c.hcl")
	for _, test := range []struct {
		args []string
		code int
		out  string
		err  string
	}{
		{[]string{a}, 0, "--- " + a + "\n+++ " + a + "\n" + hunks, ""},
		{[]string{b}, 0, "", ""},
		{[]string{c}, 1, "", c + ":1:5"},
		{[]string{"--check", a}, 1, a + "\n", ""},
		{[]string{"--check", b}, 0, "", ""},
		{[]string{"--check", b, c, a}, 1, a + "\n", c + ":1:5"},
		{[]string{"--check", b, b}, 0, "", ""},
		{[]string{"--check", "--diff", b, a}, 1, a + "\n--- " + a + "\n+++ " + a + "\n" + hunks, ""},
		{[]string{a, "-"}, 2, "", "alone"},
		{[]string{"--check", dir}, 1, a + "\n", c + ":1:5"},
		{[]string{filepath.Join(dir, "d.hcl.json")}, 1, "", "is JSON"},
		{[]string{filepath.Join(dir, "none.hcl")}, 1, "", "none.hcl"},
		{[]string{"-w", "--check", a}, 2, "", "exclude"},
		{[]string{"-w", "-"}, 2, "", "leave -w out"},
		{[]string{"-w", "-d", dir}, 1, a + "\n--- " + a + "\n+++ " + a + "\n" + hunks, c + ":1:5"},
		{[]string{"--check", a}, 0, "", ""},
	} {
		code, out, errOut := hald(t, append([]string{"fmt"}, test.args...)...)
		if code != test.code || out != test.out || !strings.Contains(errOut, test.err) || test.err == "" && errOut != "" {
			t.Errorf("hald fmt %s: exit code %d, want %d\n%s\nwant\n%s\n%s", test.args, code, test.code, out, test.out, errOut)
		}
	}
	if text, _ := os.ReadFile(a); string(text) != pretty {
		t.Errorf("-w wrote\n%s", text)
	}
	for name, want := range map[string]string{c: "log {\n", filepath.Join(dir, "e.txt"): ugly, filepath.Join(dir, "d.hcl.json"): "{ }"} {
		if text, _ := os.ReadFile(name); string(text) != want {
			t.Errorf("-w changed %s to\n%s", name, text)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 5 {
		t.Errorf("-w left %d files behind", len(left)-5)
	}
}

// TestFormatKeepsTheFile: mode, and a link that leads to it.
func TestFormatKeepsTheFile(t *testing.T) {
	a := filepath.Join(folder(t), "a.hcl")
	link := filepath.Join(t.TempDir(), "link.hcl")
	if err := os.Symlink(a, link); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := hald(t, "fmt", "-w", link); code != 0 || out != link+"\n" {
		t.Fatal(out, errOut)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	info, err := os.Stat(a)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file is %v, %v", info, err)
	}
	if text, _ := os.ReadFile(a); string(text) != pretty {
		t.Errorf("-w wrote\n%s", text)
	}
}

func TestFormatStandardInput(t *testing.T) {
	for _, test := range []struct {
		args []string
		in   string
		code int
		out  string
		err  string
	}{
		{[]string{"fmt", "-"}, ugly, 0, pretty, ""},
		{[]string{"fmt", "-"}, pretty, 0, pretty, ""},
		{[]string{"fmt", "-"}, "log {\n", 1, "", "-:1:5"},
		{[]string{"fmt", "--check", "-"}, ugly, 1, "-\n", ""},
		{[]string{"fmt", "--check", "-"}, pretty, 0, "", ""},
		{[]string{"fmt", "--diff", "-"}, "a=1\n", 0, "--- -\n+++ -\n@@ -1,1 +1,1 @@\n-a=1\n+a = 1\n", ""},
		{[]string{"fmt", "--diff", "-"}, pretty, 0, "", ""},
	} {
		var out, errOut bytes.Buffer
		root := newRoot(&app{out: &out, err: &errOut})
		root.SetArgs(test.args)
		root.SetIn(strings.NewReader(test.in))
		code := codeOf(root.ExecuteContext(context.Background()))
		if code != test.code || out.String() != test.out || !strings.Contains(errOut.String(), test.err) {
			t.Errorf("%s: exit code %d\n%s\n%s", test.args, code, out.String(), errOut.String())
		}
	}
}

func codeOf(err error) int {
	if e, ok := err.(*exit); ok {
		return e.code
	}
	return map[bool]int{false: 0, true: codeUsage}[err != nil]
}
