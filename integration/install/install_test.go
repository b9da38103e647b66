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

// TestPackage: the life of the packages under systemd, step by step. It says which one was not true.
func TestPackage(t *testing.T) {
	made := t.TempDir()
	files := append(packaged(t, made, "1.0"), packaged(t, made, "1.1")...)
	arguments := []string{"bash", "/package/life.sh"}
	for _, i := range []int{0, 2, 1, 3} { // .deb and .deb, .rpm and .rpm
		arguments = append(arguments, "/package/"+filepath.Base(files[i]))
	}
	for _, script := range []string{"machine.sh", "life.sh"} {
		path, err := filepath.Abs(script)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	command := exec.Command("unshare", append([]string{"--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child", "--propagation", "private",
		files[4], t.TempDir(), strings.Join(files, ",")}, arguments...)...)
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

// packaged are the .deb and the .rpm of a version, for this machine.
func packaged(t *testing.T, folder, version string) []string {
	t.Helper()
	command := exec.Command("make", "package", "ARCHES="+runtime.GOARCH, "BUILD="+folder, "PACKAGE_VERSION="+version)
	command.Dir = filepath.Join("..", "..")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("make package: %v\n%s", err, out)
	}
	var files []string
	for _, pattern := range []string{"hald_" + version + "_*.deb", "hald-" + version + "-1.*.rpm"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil || len(found) != 1 {
			t.Fatalf("packages of version %s: %q, %v", version, found, err)
		}
		files = append(files, found[0])
	}
	return files
}
