package convert

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hald-project/hald/config"
)

// FuzzKeepalived: whatever a file says, the result is HCL that is laid out, within
// bounds, and what hald would refuse in it is a matter of meaning.
func FuzzKeepalived(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.conf")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("$A=$A\n$A\n")
	f.Add("$A= \\\n$B \\\n$B\n$B= \\\n$A \\\n$A\n$A\n")
	f.Add("~SEQ(A, 1, 99999999) ~SEQ(B, 1, 99999) x $A\n")
	f.Add(strings.Repeat("a {\n", 100) + strings.Repeat("}\n", 100))
	f.Add("virtual_server_group G { 0.0.0.0/0 80\n::/0 80\n}\nvirtual_server group G { real_server 1.2.3.4 80 {} }")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "include") {
			t.Skip() // it would read files
		}
		report := &Report{}
		s := &source{most: 500, id: "lb1", report: report, names: map[string]string{}, folder: "/nowhere"}
		s.text("fuzz.conf", text, 0)
		d := director{name: "lb1"}
		d.top, d.rest = tree(s.lines, report)
		written := write("fuzz", []director{d, {name: "lb2", top: clone(d.top)}}, report)
		if len(s.lines) > s.most {
			t.Errorf("%d lines", len(s.lines))
		}
		layout, diags := config.FormatText("result.hcl", written)
		if diags.HasErrors() {
			t.Fatalf("the result does not parse: %v\n%s", diags.Err(), written)
		}
		if layout.Changed() {
			t.Errorf("the result is not laid out:\n%s", written)
		}
		_ = report.String()
	})
}
