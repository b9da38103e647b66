package netif

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// The watcher tells what took an address, as far as the kernel does.
func TestLosses(t *testing.T) {
	eth0 := unpromotedNamespace(t)
	if _, err := os.Stat(defaults6); err != nil {
		t.Skipf("needs a kernel with IPv6: %v", err)
	}
	out := watch(t, new(Watcher))
	a := openAddresses(t)
	ip(t, "addr add 10.7.0.1/24 dev eth0")
	ours := prefixes("192.0.2.9/24", "2001:db8::9/64")
	lost := func(what, prefix string) (l Loss) {
		t.Helper()
		p := netip.MustParsePrefix(prefix)
		until(t, out, what, func(s Links) bool {
			var ok bool
			l, ok = s["eth0"].Loss([]netip.Prefix{p})
			return ok && !s["eth0"].Holds(p)
		})
		return l
	}
	held := func() {
		t.Helper()
		if err := a.Claim(eth0, virtually(ours), time.Minute); err != nil {
			t.Fatal(err)
		}
		until(t, out, "the claim", func(s Links) bool { return s["eth0"].Holds(ours[0]) && s["eth0"].Holds(ours[1]) })
	}

	held()
	c := exec.Command("ip", "addr", "del", "192.0.2.9/24", "dev", "eth0")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	primary := netip.MustParsePrefix("192.0.2.1/24")
	if got, want := lost("its removal", "192.0.2.9/24"), (Loss{Prefix: ours[0], Primary: primary, Port: uint32(c.Process.Pid)}); got != want {
		t.Errorf("by a process: %+v, want %+v", got, want)
	} else if !strings.Contains(got.By(), fmt.Sprintf("netlink port %d, perhaps a process", c.Process.Pid)) {
		t.Errorf("by %q", got.By())
	}

	held()
	ip(t, "addr del 192.0.2.1/24 dev eth0")
	got := lost("its removal with its primary", "192.0.2.9/24")
	if s, _ := List(); got.Primary != primary || s["eth0"].Holds(primary) {
		t.Errorf("with the primary: %+v", got)
	}

	held()
	ip(t, "link set eth0 down")
	if got := lost("its removal with the link", "2001:db8::9/64"); !got.LinkDown || got.Port != 0 || got.By() != "" {
		t.Errorf("with the link: %+v, by %q", got, got.By())
	}
}

func TestLossBy(t *testing.T) {
	name, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	for port, want := range map[uint32]string{
		0:                   "",
		4294963200:          "netlink port 4294963200",
		uint32(os.Getpid()): fmt.Sprintf("netlink port %d, perhaps pid %d (%s)", os.Getpid(), os.Getpid(), strings.TrimSpace(string(name))),
	} {
		if got := (Loss{Port: port}).By(); got != want {
			t.Errorf("port %d: %q, want %q", port, got, want)
		}
	}
}

func TestLossesAreBounded(t *testing.T) {
	var list []Loss
	for _, p := range thousand() {
		shared, was := list, slices.Clone(list)
		list = lose(list, Link{Up: true}, nil, Address{Prefix: p}, 1)
		if !slices.Equal(shared, was) {
			t.Fatal("a list that is shared was written")
		}
	}
	if l := (Link{Losses: list}); len(list) != maxLosses || list[maxLosses-1].Prefix != thousand()[999] {
		t.Errorf("%d are kept, the last %+v", len(list), l)
	}
}
