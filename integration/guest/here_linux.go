package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// usable says why the running kernel will not do, or nil: it must have the
// modules, loaded or loadable, and let this process make network namespaces.
func usable(modules []string) error {
	if os.Geteuid() != 0 {
		return errors.New("not root")
	}
	if err := canMakeNamespaces(); err != nil {
		return fmt.Errorf("make a network namespace: %w", err)
	}
	// A failure does not decide: the module may be there and modprobe not.
	out, loading := exec.Command("modprobe", append([]string{"-a"}, modules...)...).CombinedOutput()
	if _, err := netlink.GenlFamilyGet("IPVS"); err != nil {
		return fmt.Errorf("it has no ip_vs: %w", err)
	}
	if loading != nil && len(modules) > 1 {
		return fmt.Errorf("it has ip_vs, but: %s", strings.TrimSpace(string(out)))
	}
	return nil
}

// canMakeNamespaces makes a network namespace on a thread that ends with it.
func canMakeNamespaces() error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is thrown away
		result <- unix.Unshare(unix.CLONE_NEWNET)
	}()
	return <-result
}
