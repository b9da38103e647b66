//go:build linux && !race

package kerneltest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/guest"
	"github.com/hald-project/hald/ipvsctl"
)

// TestModuleIsLoadedAndLoadedAgain unloads ip_vs, which only a guest may: the
// table of a real machine would go with it. It is in the last file because
// moby/ipvs, which other tests read with, does not survive it: it remembers the
// number of a family that is no more.
func TestModuleIsLoadedAndLoadedAgain(t *testing.T) {
	if !guest.Simulated() {
		t.Skip("this is no guest")
	}
	old := open(t)
	unload(t)
	if _, err := old.Read(); err == nil {
		t.Error("the table was read without the module")
	}
	k, err := ipvsctl.Open()
	if err != nil {
		t.Fatalf("open without the module: %v", err)
	}
	defer k.Close()
	if failed, err := k.Apply([]ipvsctl.Op{{Kind: ipvsctl.AddService, Service: web}}); err != nil || failed != nil {
		t.Fatal(failed, err)
	}
	if s := read(t, k); len(s.Services) != 1 {
		t.Errorf("the new table is %v", s.Services)
	}
	k.Apply([]ipvsctl.Op{{Kind: ipvsctl.DeleteService, Service: web}})
}

// unload removes ip_vs and what stands on it. Deleted destinations keep it for
// a moment.
func unload(t *testing.T) {
	t.Helper()
	var out []byte
	for range 100 {
		loaded, err := os.ReadFile("/proc/modules")
		if err != nil {
			t.Fatal(err)
		}
		var modules []string
		for line := range strings.Lines(string(loaded)) {
			if name, _, _ := strings.Cut(line, " "); strings.HasPrefix(name, "ip_vs_") {
				modules = append(modules, name)
			}
		}
		out, err = exec.Command("rmmod", append(modules, "ip_vs")...).CombinedOutput()
		if err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("ip_vs cannot be unloaded: %s", out)
}
