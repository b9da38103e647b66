package healthcheck

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// inside names what a copy of the test, in a container, looks for.
const inside = "HALD_TEST_PROCESS"

// contained runs the named test once more in pid and mount namespaces of its own,
// as a container does, with a /proc of their own mounted with these options. Process 1
// is the shell that starts it.
func contained(t *testing.T, look, options string) string {
	t.Helper()
	script := "mount -t proc -o " + options + " proc /proc && \"$0\" -test.v -test.run '^" + t.Name() + "$'; exit $?"
	command := exec.Command("unshare", "--pid", "--fork", "--mount", "sh", "-c", script, os.Args[0])
	command.Env = append(os.Environ(), inside+"="+look)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("in a container: %v\n%s", err, out)
	}
	return string(out)
}

// TestProcessInAContainer: a container's processes count inside of it, and the
// host's do not.
func TestProcessInAContainer(t *testing.T) {
	if theirs := os.Getenv(inside); theirs != "" {
		if (&Process{Name: theirs}).Check(t.Context()) == nil {
			t.Errorf("%s runs on the host, not here", theirs)
		}
		name := "within"
		startAs(t, name)
		if err := (&Process{Name: name}).Check(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	needsRoot(t)
	name := fmt.Sprintf("h%d", os.Getpid())
	startAs(t, name)
	if out := contained(t, name, "nosuid"); !strings.Contains(out, "--- PASS") {
		t.Errorf("in the container:\n%s", out)
	}
}

// TestProcessHidden: where /proc hides the processes of others from hald, the error
// says so instead of calling what runs not running.
func TestProcessHidden(t *testing.T) {
	if name := os.Getenv(inside); name != "" {
		// Group 0 may see all (gid= of proc(5)).
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(65534), syscall.Setuid(65534)); err != nil {
			t.Fatal(err)
		}
		err := (&Process{Name: name}).Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), "hidepid") {
			t.Errorf("error: %v", err)
		}
		return
	}
	needsRoot(t)
	for _, options := range []string{"hidepid=1", "hidepid=2"} {
		if out := contained(t, "sh", options); !strings.Contains(out, "--- PASS") {
			t.Errorf("%s:\n%s", options, out)
		}
	}
	if err := (&Process{Name: "nothing-of-this-name"}).Check(t.Context()); err == nil || strings.Contains(err.Error(), "hidepid") {
		t.Errorf("where nothing is hidden: %v", err)
	}
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root for namespaces of its own")
	}
}
