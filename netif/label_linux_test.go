package netif

import (
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestLabelAndScope(t *testing.T) {
	inNamespace(t)
	a, eth0 := openAddresses(t), linkIndex(t, "eth0")
	want := virtual("198.51.100.9/24", "192.0.2.9/24", "192.0.2.8/24")
	want[0].Label, want[0].Scope = "eth0:vip", unix.RT_SCOPE_LINK
	want[1].Label = "eth0:two"
	for range 2 { // a renewal changes nothing
		if err := a.Claim(eth0, want, time.Minute); err != nil {
			t.Fatal(err)
		}
		for i, says := range [][2]string{{" scope link ", " eth0:vip\\"}, {" scope global ", " eth0:two\\"}, {" scope global ", " eth0\\"}} {
			if line := ip(t, "-4 -o addr show to "+want[i].Prefix.Addr().String()); !strings.Contains(line, says[0]) || !strings.Contains(line, says[1]) {
				t.Errorf("not %q: %s", says, line)
			}
		}
	}
	release(t, a, eth0, "198.51.100.9/24", "192.0.2.9/24", "192.0.2.8/24")
	wantOnLink(t, "eth0", "192.0.2.1/24")
	want[1].Scope = unix.RT_SCOPE_HOST // in a subnet whose primary has another
	if err := a.Claim(eth0, want, time.Minute); !errors.Is(err, unix.EINVAL) {
		t.Errorf("two scopes in one subnet: %v", err)
	}
	wantOnLink(t, "eth0", "192.0.2.1/24")
}
