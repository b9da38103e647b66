//go:build linux && !race

// Package kerneltest holds ipvsctl against a real kernel, with ipvsadm and
// moby/ipvs as witnesses. Each test has a network namespace, and so a table, of
// its own.
package kerneltest

import (
	"fmt"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/hald-project/hald/integration/guest"
	"github.com/hald-project/hald/ipvsctl"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { guest.Main(m) }

// namespace gives the test an empty table and empties it in the end. The thread
// is never unlocked, so no other test gets it. It returns the way for another
// goroutine to open the same table.
func namespace(t *testing.T) (open func() (ipvsctl.Kernel, error)) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("make a network namespace: %v", err)
	}
	t.Cleanup(func() { ipvsadm(t, "-C") })
	// Without a local routing table the kernel takes no address for a unicast one.
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("bring up lo: %v\n%s", err, out)
	}
	ns, err := unix.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(ns) })
	return func() (ipvsctl.Kernel, error) {
		runtime.LockOSThread()
		if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
			return nil, err
		}
		return ipvsctl.Open()
	}
}

func open(t *testing.T) ipvsctl.Kernel {
	t.Helper()
	k, err := ipvsctl.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

func read(t *testing.T, k ipvsctl.Kernel) ipvsctl.Snapshot {
	t.Helper()
	s, err := k.Read()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// apply makes the table equal to want and demands that the kernel agrees.
func apply(t *testing.T, k ipvsctl.Kernel, want []ipvsctl.Service) {
	t.Helper()
	have := read(t, k).Services
	failed, err := k.Apply(ipvsctl.Plan(have, want, ipvsctl.KeysOf(have)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range failed {
		t.Errorf("refused: %v", f)
	}
}

// ipvsadm runs the tool in the test's namespace.
func ipvsadm(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("ipvsadm", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ipvsadm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func key(protocol ipvsctl.Protocol, address string) ipvsctl.Key {
	return ipvsctl.Key{Protocol: protocol, Address: netip.MustParseAddrPort(address)}
}

func server(address string, method ipvsctl.Method, weight int) ipvsctl.Destination {
	return ipvsctl.Destination{Address: netip.MustParseAddrPort(address), Method: method, Weight: weight}
}

func large(services, servers int) []ipvsctl.Service {
	var table []ipvsctl.Service
	for i := range services {
		s := ipvsctl.Service{Key: key(ipvsctl.TCP, fmt.Sprintf("192.0.%d.%d:80", i/250, i%250+1)), Scheduler: "wlc"}
		for j := range servers {
			s.Destinations = append(s.Destinations, server(fmt.Sprintf("10.%d.%d.%d:80", j, i/250, i%250+1), ipvsctl.DirectRoute, 1))
		}
		table = append(table, s)
	}
	return table
}
