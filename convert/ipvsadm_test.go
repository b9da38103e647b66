package convert

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/config/golden"
)

// TestIpvsadm: the lab holds hald's table against one that was saved
// (TestConvertedTables); this is what hald is told in between.
func TestIpvsadm(t *testing.T) {
	saved, err := os.ReadFile("testdata/table.ipvsadm")
	if err != nil {
		t.Fatal(err)
	}
	if !IsIpvsadm(string(saved)) {
		t.Error("it is not recognised")
	}
	written, report := Ipvsadm("test", []string{"lb1", "lb2"}, "table.ipvsadm", string(saved))
	golden.Compare(t, filepath.Join("testdata", "table.golden"), string(written)+"\n"+report.String())
	path := filepath.Join(t.TempDir(), "cluster.hcl")
	if err := os.WriteFile(path, written, 0o600); err != nil {
		t.Fatal(err)
	}
	if views, diags := config.LoadAll(path); diags.HasErrors() || len(views) != 2 {
		t.Errorf("refused: %v", diags.Err())
	}
}

func TestIsIpvsadm(t *testing.T) {
	for text, want := range map[string]bool{
		"-A -t 192.0.2.1:80 -s rr\n": true, "# saved\n\n-A -f 1 -s rr": true, "": false, "! -A\nvrrp_instance A {": false, "virtual_server 1.2.3.4 80 {": false,
	} {
		if IsIpvsadm(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func FuzzIpvsadm(f *testing.F) {
	if saved, err := os.ReadFile("testdata/table.ipvsadm"); err == nil {
		f.Add(string(saved))
	}
	f.Add("-A -t [::1]:80 -p -M 0 -b x,,y\n-a -t [::1]:80 -r [::1]:80\n-a -A -t a -r")
	f.Fuzz(func(t *testing.T, text string) {
		written, _ := Ipvsadm("fuzz", []string{"lb1"}, "fuzz", text)
		if layout, diags := config.FormatText("result.hcl", written); diags.HasErrors() || layout.Changed() {
			t.Errorf("%v\n%s", diags.Err(), written)
		}
	})
}
