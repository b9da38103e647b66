package guest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hald-project/hald/integration/guest"
)

func TestMain(m *testing.M) {
	guest.Guest{
		Modules: []string{"dummy"},
		Prepare: func(out string) error { return os.WriteFile(filepath.Join(out, "prepared"), nil, 0o644) },
	}.Main(m)
}

func TestIPVSAcceptsAService(t *testing.T) {
	run(t, "ipvsadm", "-A", "-t", "192.0.2.1:80", "-s", "wlc")
	t.Cleanup(func() { run(t, "ipvsadm", "-D", "-t", "192.0.2.1:80") })
	if table := run(t, "ipvsadm", "-Ln"); !strings.Contains(table, "192.0.2.1:80 wlc") {
		t.Errorf("the service is not in the table:\n%s", table)
	}
}

func TestModulesLoadOnDemand(t *testing.T) {
	run(t, "ip", "link", "add", "guestdummy0", "type", "dummy")
	run(t, "ip", "link", "del", "guestdummy0")
}

func TestPreparedFilesAreVisible(t *testing.T) {
	if _, err := os.Stat(filepath.Join(guest.Out(), "prepared")); err != nil {
		t.Error(err)
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
