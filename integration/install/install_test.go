//go:build linux

package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestPackage: the life of the .deb, step by step. It says which one was not true.
func TestPackage(t *testing.T) {
	made := t.TempDir()
	one := packaged(t, made, "1.0")
	two := packaged(t, made, "1.1")
	script, err := filepath.Abs("life.sh")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", script, t.TempDir(), one, two).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), ": that is all\n") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// packaged is the package of a version, for this machine.
func packaged(t *testing.T, folder, version string) (deb string) {
	t.Helper()
	command := exec.Command("make", "package", "ARCHES="+runtime.GOARCH, "BUILD="+folder, "PACKAGE_VERSION="+version)
	command.Dir = filepath.Join("..", "..")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("make package: %v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(folder, "hald_"+version+"_*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("packages of version %s: %q, %v", version, found, err)
	}
	if rpms, err := filepath.Glob(filepath.Join(folder, "hald-"+version+"-1.*.rpm")); err != nil || len(rpms) != 1 {
		t.Errorf("no .rpm beside it: %q, %v", rpms, err)
	}
	if err := os.Chmod(found[0], 0o644); err != nil {
		t.Fatal(err)
	}
	return found[0]
}
