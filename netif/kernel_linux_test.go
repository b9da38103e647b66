package netif

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// inNamespace moves the calling test into a fresh network namespace that holds
// the two ends of one cable, eth0 (192.0.2.1/24) and peer0, both up. The kernel
// gives them no IPv6 addresses. The test's goroutine stays locked to its thread, so both end with the test.
func inNamespace(t testing.TB) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("needs CAP_SYS_ADMIN for a network namespace of its own: %v", err)
	}
	_ = os.WriteFile(defaults6+"addr_gen_mode", []byte("1"), 0) // fails where there is no IPv6
	ip(t, "link add eth0 type veth peer name peer0")
	ip(t, "addr add 192.0.2.1/24 dev eth0")
	ip(t, "link set eth0 up")
	ip(t, "link set peer0 up")
	// The kernel notices the carrier a moment later, and until then marks the
	// routes: nothing of it may fall into a test.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if !strings.Contains(ip(t, "route show table main"), "linkdown") && linkIsUp(t, "eth0") && linkIsUp(t, "peer0") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the cable has no carrier")
		}
	}
}

func linkIsUp(t testing.TB, name string) bool {
	t.Helper()
	links, err := List()
	if err != nil {
		t.Fatal(err)
	}
	return links[name].Up
}

// defaults6 are the settings of IPv6 for links to come.
const defaults6 = "/proc/sys/net/ipv6/conf/default/"

// inNamespace6 is inNamespace, with addresses of the host on eth0 as well.
func inNamespace6(t testing.TB, host ...string) (a *Addresses, eth0 int) {
	t.Helper()
	inNamespace(t)
	if _, err := os.Stat(defaults6); err != nil {
		t.Skipf("needs a kernel with IPv6: %v", err)
	}
	for _, h := range host {
		ip(t, "addr add "+h+" dev eth0 nodad")
	}
	return openAddresses(t), linkIndex(t, "eth0")
}

// ip runs the command of iproute2, the witness of these tests, in the
// namespace of the calling thread.
func ip(t testing.TB, args string) string {
	t.Helper()
	return command(t, "ip", strings.Fields(args)...)
}

func command(t testing.TB, name string, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	c := exec.Command(name, args...)
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// feed has `ip` carry out many commands.
func feed(t testing.TB, batch string) {
	t.Helper()
	c := exec.Command("ip", "-batch", "-")
	c.Stdin = strings.NewReader(batch)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("ip -batch: %v: %s", err, out)
	}
}

// shown is what `ip` prints of the IPv4 addresses of a link, one a line.
func shown(t testing.TB, link string) string {
	t.Helper()
	return ip(t, "-4 -d -o addr show dev "+link)
}

func writeSysctl(t testing.TB, path, value string) {
	t.Helper()
	// The thread's own view: /proc/sys/net follows the namespace of the opener.
	if err := os.WriteFile("/proc/sys/net/"+path, []byte(value), 0); err != nil {
		t.Fatal(err)
	}
}

func linkIndex(t testing.TB, name string) int {
	t.Helper()
	links, err := List()
	if err != nil {
		t.Fatal(err)
	}
	l, ok := links[name]
	if !ok {
		t.Fatal(fmt.Errorf("no link %s in %v", name, links))
	}
	return l.Index
}
