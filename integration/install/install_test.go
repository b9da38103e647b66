//go:build linux

package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestPackage: the life of the .deb under systemd, step by step. It says which one was not true.
func TestPackage(t *testing.T) {
	made := t.TempDir()
	one := packaged(t, made, "1.0")
	two := packaged(t, made, "1.1")
	files := []string{one, two}
	for _, script := range []string{"machine.sh", "life.sh"} {
		path, err := filepath.Abs(script)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	command := exec.Command("unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child", "--propagation", "private",
		files[2], t.TempDir(), strings.Join(files, ","), "bash", "/package/life.sh", "/package/"+filepath.Base(one), "/package/"+filepath.Base(two))
	group, err := os.Open(controlGroup(t))
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	command.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())}
	// The machine's end is a signal to its first process, whatever the life was like.
	if out, err := command.CombinedOutput(); !strings.HasSuffix(strings.TrimSuffix(string(out), "Powering off.\n"), ": that is all\n") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// controlGroup is a new one of version 2 below the test's own, which systemd may divide.
func controlGroup(t *testing.T) string {
	t.Helper()
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(`(?m)^0::(.*)$`).FindSubmatch(own)
	mount := regexp.MustCompile(`(?m)^\S+ (\S+) cgroup2 `).FindSubmatch(mounts)
	if place == nil || mount == nil {
		t.Fatal("there are no control groups of version 2 (cgroup2), which systemd needs")
	}
	group, err := os.MkdirTemp(filepath.Join(string(mount[1]), string(place[1])), "hald-install-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";").CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return group
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
