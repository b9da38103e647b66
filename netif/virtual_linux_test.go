package netif

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

var onVirtual = []netip.Prefix{netip.MustParsePrefix("192.0.2.100/24"), netip.MustParsePrefix("198.51.100.1/24")}

// inVirtualNamespace is inNamespace with a neighbour at the other end, in a
// namespace of its own, and the description of VRID 51 on eth0.
func inVirtualNamespace(t testing.TB) (*VirtualLinks, VirtualLink) {
	t.Helper()
	inNamespace(t)
	m, err := OpenVirtualLinks()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m, VirtualLink{Parent: link(t, "eth0"), VRID: 51}
}

func link(t testing.TB, name string) Link {
	t.Helper()
	links, err := List()
	if err != nil {
		t.Fatal(err)
	}
	return links[name]
}

func claims(prefixes []netip.Prefix) (list []Virtual) {
	for _, p := range prefixes {
		list = append(list, Virtual{Prefix: p})
	}
	return list
}

func ensure(t testing.TB, m *VirtualLinks, v VirtualLink) Link {
	t.Helper()
	l, err := m.Ensure(v)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func setting(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile("/proc/sys/net/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func TestEnsureMakesAQuietLink(t *testing.T) {
	m, v := inVirtualNamespace(t)
	writeSysctl(t, "ipv4/conf/eth0/forwarding", "1")
	before := setting(t, "ipv4/conf/eth0/promote_secondaries")
	l := ensure(t, m, v)
	if l.Name != "vr4-51-eth0" || l.MAC.String() != "00:00:5e:00:01:33" || l.Up || !l.Virtual || l.Parent != v.Parent.Index {
		t.Errorf("made %+v", l)
	}
	shown := ip(t, "-d link show dev vr4-51-eth0")
	for _, want := range []string{"macvlan mode vepa", "state DOWN", "addrgenmode none", "alias hald virtual MAC"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in %s", want, shown)
		}
	}
	for path, want := range map[string]string{
		"ipv4/conf/vr4-51-eth0/arp_ignore": "1", "ipv4/conf/vr4-51-eth0/arp_announce": "2", "ipv4/conf/vr4-51-eth0/arp_filter": "0",
		"ipv4/conf/vr4-51-eth0/forwarding": "1", "ipv6/conf/vr4-51-eth0/disable_ipv6": "1",
		"ipv4/conf/vr4-51-eth0/promote_secondaries": "1", "ipv4/conf/eth0/promote_secondaries": before,
		"ipv4/conf/eth0/arp_ignore": "1", "ipv4/conf/eth0/arp_announce": "2",
	} {
		if got := setting(t, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if again := ensure(t, m, v); again.Index != l.Index {
		t.Errorf("link %d was made again as %d", l.Index, again.Index)
	}
}

func TestEnsureForIPv6(t *testing.T) {
	m, v := inVirtualNamespace(t)
	writeSysctl(t, "ipv6/conf/default/disable_ipv6", "1")
	writeSysctl(t, "ipv6/conf/eth0/forwarding", "1")
	v.IPv6, v.Hold6 = true, true
	l := ensure(t, m, v)
	for path, want := range map[string]string{
		"ipv6/conf/vr6-51-eth0/disable_ipv6": "0", "ipv6/conf/vr6-51-eth0/accept_ra": "0", "ipv6/conf/vr6-51-eth0/autoconf": "0",
		"ipv6/conf/vr6-51-eth0/forwarding": "1", "ipv6/conf/vr6-51-eth0/addr_gen_mode": "1",
	} {
		if got := setting(t, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	a := openAddresses(t)
	addrs := []netip.Prefix{netip.MustParsePrefix("fe80::100/64"), netip.MustParsePrefix("2001:db8::100/64")}
	if err := a.ClaimVirtual(l.Index, l.Parent, claims(addrs), 3*time.Second); err != nil {
		t.Fatal(err)
	}
	if shown := ip(t, "-6 -o addr show dev vr6-51-eth0"); strings.Count(shown, "inet6") != 2 || strings.Contains(shown, "tentative") {
		t.Errorf("beside the virtual addresses, ready for use, it has others: %s", shown)
	}
	if faults, err := m.Faults(v, addrs); err != nil || len(faults) > 0 {
		t.Errorf("%v, %v", faults, err)
	}
}

func TestEnsureReplacesWhatIsOursAndWrong(t *testing.T) {
	for name, spoil := range map[string]string{
		"MAC":  "link set vr4-51-eth0 address 02:00:00:00:00:01",
		"mode": "link set vr4-51-eth0 type macvlan mode private",
	} {
		t.Run(name, func(t *testing.T) {
			m, v := inVirtualNamespace(t)
			first := ensure(t, m, v)
			ip(t, spoil)
			if l := ensure(t, m, v); l.Index == first.Index || l.MAC.String() != v.MAC().String() {
				t.Errorf("link is %+v, was %+v", l, first)
			}
		})
	}
	t.Run("parent", func(t *testing.T) {
		m, v := inVirtualNamespace(t)
		ensure(t, m, v)
		v2 := v
		v2.Parent = link(t, "peer0")
		v2.Parent.Name = "eth0" // as after two renames
		if l := ensure(t, m, v2); l.Parent != v2.Parent.Index {
			t.Errorf("link is %+v", l)
		}
		if got := setting(t, "ipv4/conf/eth0/arp_ignore"); got != "0" {
			t.Errorf("arp_ignore of the parent that lost its last link is %s", got)
		}
	})
}

func TestEnsureRefuses(t *testing.T) {
	t.Run("a name that is taken", func(t *testing.T) {
		m, v := inVirtualNamespace(t)
		ip(t, "link add vr4-51-eth0 link eth0 address 00:00:5e:00:01:33 type macvlan mode vepa")
		before := ip(t, "-d link show dev vr4-51-eth0")
		var foreign *ForeignLinkError
		if _, err := m.Ensure(v); !errors.As(err, &foreign) {
			t.Errorf("got %v", err)
		}
		if after := ip(t, "-d link show dev vr4-51-eth0"); after != before {
			t.Errorf("it was touched: %s", after)
		}
		if err := m.Remove(link(t, "vr4-51-eth0")); err != nil || link(t, "vr4-51-eth0").Index == 0 {
			t.Errorf("removed: %v", err)
		}
	})
	t.Run("a parent that is a macvlan", func(t *testing.T) {
		m, v := inVirtualNamespace(t)
		ip(t, "link add mv0 link eth0 type macvlan mode bridge")
		v.Parent = link(t, "mv0")
		if _, err := m.Ensure(v); !errors.Is(err, ErrNoMacvlan) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a parent that is a port of a bridge", func(t *testing.T) {
		m, v := inVirtualNamespace(t)
		ip(t, "link add br0 type bridge")
		ip(t, "link set eth0 master br0")
		if _, err := m.Ensure(v); !errors.Is(err, ErrNoMacvlan) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a parent that is gone", func(t *testing.T) {
		m, v := inVirtualNamespace(t)
		ip(t, "link del eth0")
		if _, err := m.Ensure(v); !errors.Is(err, ErrLinkGone) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheLastLinkPutsTheParentBack(t *testing.T) {
	m, v := inVirtualNamespace(t)
	writeSysctl(t, "ipv4/conf/eth0/arp_announce", "1")
	other := v
	other.VRID = 52
	first, second := ensure(t, m, v), ensure(t, m, other)
	for _, c := range []struct {
		remove Link
		want   string
	}{{first, "1 2"}, {second, "0 1"}} {
		if err := m.Remove(c.remove); err != nil {
			t.Fatal(err)
		}
		if got := setting(t, "ipv4/conf/eth0/arp_ignore") + " " + setting(t, "ipv4/conf/eth0/arp_announce"); got != c.want {
			t.Errorf("after the end of %s arp_ignore and arp_announce are %s, want %s", c.remove.Name, got, c.want)
		}
	}
	if err := m.Remove(first); err != nil {
		t.Errorf("once more: %v", err)
	}
}

// The mark goes with a link that somebody deletes.
func TestADeletedLinkIsMadeAgainWithItsMemory(t *testing.T) {
	m, v := inVirtualNamespace(t)
	v.Last = ensure(t, m, v)
	ip(t, "link del vr4-51-eth0")
	if err := m.Remove(ensure(t, m, v)); err != nil {
		t.Fatal(err)
	}
	if got := setting(t, "ipv4/conf/eth0/arp_ignore"); got != "0" {
		t.Errorf("arp_ignore of the parent stays %s", got)
	}
}

func TestClaimVirtual(t *testing.T) {
	m, v := inVirtualNamespace(t)
	a, l := openAddresses(t), ensure(t, m, v)
	if err := a.ClaimVirtual(l.Index, l.Parent, claims(onVirtual), 3*time.Second); err != nil {
		t.Fatal(err)
	}
	if missing, err := a.MissingVirtual(l.Index, onVirtual); err != nil || len(missing) > 0 {
		t.Errorf("missing %v, %v", missing, err)
	}
	routes := ip(t, "route show table main")
	if strings.Contains(routes, "192.0.2.0/24 dev vr4-51-eth0") || !strings.Contains(routes, "198.51.100.0/24 dev vr4-51-eth0") {
		t.Errorf("the host's own subnet must not lead to the link, another one must:\n%s", routes)
	}
	if faults, err := m.Faults(v, onVirtual); err != nil || len(faults) > 0 {
		t.Errorf("faults %v, %v", faults, err)
	}
	ip(t, "link set vr4-51-eth0 down")
	if missing, err := a.MissingVirtual(l.Index, onVirtual); err != nil || len(missing) != 2 {
		t.Errorf("down, missing %v, %v", missing, err)
	}
	if err := a.ClaimVirtual(l.Index, l.Parent, claims(onVirtual), 3*time.Second); err != nil || !strings.Contains(ip(t, "route show table main"), "198.51.100.0/24 dev vr4-51-eth0") {
		t.Errorf("claimed again: %v", err)
	}
	if err := a.ReleaseVirtual(l.Index, onVirtual); err != nil {
		t.Fatal(err)
	}
	if got := link(t, "vr4-51-eth0"); got.Up || len(got.Addrs) > 0 {
		t.Errorf("released, the link is %+v", got)
	}
	ip(t, "addr add 192.0.2.100/24 dev eth0")
	var foreign *ForeignAddressError
	if err := a.ClaimVirtual(l.Index, l.Parent, claims(onVirtual), time.Second); !errors.As(err, &foreign) || foreign.LinkIndex != l.Parent {
		t.Errorf("the host holds it: %v", err)
	}
	if got := link(t, "vr4-51-eth0"); got.Up {
		t.Error("after a claim that failed the link is up")
	}
}

func TestFaults(t *testing.T) {
	for reason, spoil := range map[string]func(t *testing.T){
		"device":              func(t *testing.T) { ip(t, "link del vr4-51-eth0") },
		"down":                func(t *testing.T) { ip(t, "link set vr4-51-eth0 down") },
		"addresses":           func(t *testing.T) { ip(t, "addr del 192.0.2.100/24 dev vr4-51-eth0") },
		"arp_ignore":          func(t *testing.T) { writeSysctl(t, "ipv4/conf/all/arp_ignore", "8") },
		"arp_announce":        func(t *testing.T) { writeSysctl(t, "ipv4/conf/vr4-51-eth0/arp_announce", "0") },
		"arp_filter":          func(t *testing.T) { writeSysctl(t, "ipv4/conf/all/arp_filter", "1") },
		"proxy_arp":           func(t *testing.T) { writeSysctl(t, "ipv4/conf/all/proxy_arp", "1") },
		"rp_filter":           func(t *testing.T) { writeSysctl(t, "ipv4/conf/all/rp_filter", "1") },
		"parent_arp_ignore":   func(t *testing.T) { writeSysctl(t, "ipv4/conf/eth0/arp_ignore", "0") },
		"parent_arp_announce": func(t *testing.T) { writeSysctl(t, "ipv4/conf/eth0/arp_announce", "0") },
		"addr_gen_mode":       func(t *testing.T) { writeSysctl(t, "ipv6/conf/vr4-51-eth0/addr_gen_mode", "0") },
		"disable_ipv6":        func(t *testing.T) { writeSysctl(t, "ipv6/conf/vr4-51-eth0/disable_ipv6", "0") },
	} {
		t.Run(reason, func(t *testing.T) {
			m, v := inVirtualNamespace(t)
			a, l := openAddresses(t), ensure(t, m, v)
			if err := a.ClaimVirtual(l.Index, l.Parent, claims(onVirtual[:1]), time.Minute); err != nil {
				t.Fatal(err)
			}
			spoil(t)
			faults, err := m.Faults(v, onVirtual[:1])
			if err != nil || !slices.ContainsFunc(faults, func(f VirtualFault) bool { return f.Reason == reason && f.Detail != "" }) {
				t.Errorf("got %v, %v", faults, err)
			}
			if reason == "down" || reason == "device" {
				return
			}
			ensure(t, m, v)
			if err := a.ClaimVirtual(l.Index, l.Parent, claims(onVirtual[:1]), time.Minute); err != nil {
				t.Fatal(err)
			}
			overruled := slices.Contains([]string{"arp_ignore", "arp_filter", "proxy_arp"}, reason) // for all links
			if faults, err := m.Faults(v, onVirtual[:1]); err != nil || len(faults) > 0 != overruled {
				t.Errorf("after Ensure %v, %v", faults, err)
			}
		})
	}
}

// A neighbour that asks for everything learns the virtual MAC for the virtual
// address and the parent's for the parent's, one answer each (RFC 9568, 8.1.2).
func TestOnlyTheVirtualMACAnswers(t *testing.T) {
	for _, strict := range []string{"0", "1"} {
		t.Run("rp_filter "+strict, func(t *testing.T) {
			t.Parallel()
			m, v := inVirtualNamespace(t)
			writeSysctl(t, "ipv4/conf/all/rp_filter", strict)
			neighbour := neighbourOf(t, "peer0")
			a, l := openAddresses(t), ensure(t, m, v)
			if err := a.ClaimVirtual(l.Index, l.Parent, claims(onVirtual[:1]), time.Minute); err != nil {
				t.Fatal(err)
			}
			for addr, mac := range map[string]string{"192.0.2.100": v.MAC().String(), "192.0.2.1": v.Parent.MAC.String()} {
				answers, _ := exec.Command("nsenter", "--net="+neighbour, "arping", "-c2", "-w2", "-I", "peer0", addr).CombinedOutput()
				for _, line := range strings.Split(string(answers), "\n") {
					if strings.Contains(line, "reply from") && !strings.Contains(strings.ToLower(line), mac) {
						t.Errorf("%s answered with another MAC than %s: %s", addr, mac, line)
					}
				}
				if n := strings.Count(string(answers), "reply from"); n != 2 {
					t.Errorf("%d answers for %s to 2 requests:\n%s", n, addr, answers)
				}
			}
			// What the host itself asks in the virtual address's name must not betray the parent's MAC.
			command(t, "nsenter", "--net="+neighbour, "ip", "neigh", "flush", "dev", "peer0")
			ip(t, "neigh flush dev eth0")
			command(t, "ping", "-c1", "-W1", "-I", "192.0.2.100", "192.0.2.2")
			if known := command(t, "nsenter", "--net="+neighbour, "ip", "neigh", "show", "192.0.2.100"); known != "" && !strings.Contains(known, v.MAC().String()) {
				t.Errorf("the neighbour learned %s", known)
			}
		})
	}
}

// In IPv6 the kernel does it by itself: solicitations are answered from the link
// with the virtual MAC, and not at all when it is down.
func TestOnlyTheVirtualMACAnswersSolicitations(t *testing.T) {
	m, v := inVirtualNamespace(t)
	ip(t, "addr add 2001:db8::1/64 dev eth0 nodad")
	neighbour := neighbourOf(t, "peer0")
	command(t, "nsenter", "--net="+neighbour, "ip", "addr", "add", "2001:db8::2/64", "dev", "peer0", "nodad")
	v.IPv6, v.Hold6 = true, true
	a, l := openAddresses(t), ensure(t, m, v)
	addrs := []netip.Prefix{netip.MustParsePrefix("fe80::100/64"), netip.MustParsePrefix("2001:db8::100/64")}
	if err := a.ClaimVirtual(l.Index, l.Parent, claims(addrs), time.Minute); err != nil {
		t.Fatal(err)
	}
	learned := func(address string) string {
		exec.Command("nsenter", "--net="+neighbour, "ping", "-c1", "-W1", "-I", "peer0", address).Run()
		return command(t, "nsenter", "--net="+neighbour, "ip", "neigh", "show", address, "dev", "peer0")
	}
	for address, mac := range map[string]string{"fe80::100": v.MAC().String(), "2001:db8::100": v.MAC().String(), "2001:db8::1": v.Parent.MAC.String()} {
		if got := learned(address); !strings.Contains(got, mac) {
			t.Errorf("of %s the neighbour learned %q, want %s", address, got, mac)
		}
	}
	if err := a.ReleaseVirtual(l.Index, addrs); err != nil {
		t.Fatal(err)
	}
	command(t, "nsenter", "--net="+neighbour, "ip", "neigh", "flush", "dev", "peer0")
	if got := learned("2001:db8::100"); strings.Contains(got, "lladdr") {
		t.Errorf("released, the neighbour learned %q", got)
	}
}

// neighbourOf moves an end of the cable into a namespace of its own, as 192.0.2.2.
func neighbourOf(t *testing.T, name string) (namespace string) {
	t.Helper()
	holder := exec.Command("unshare", "--net", "sleep", "60")
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { holder.Process.Kill(); holder.Wait() })
	own, _ := os.Readlink("/proc/thread-self/ns/net")
	namespace = fmt.Sprintf("/proc/%d/ns/net", holder.Process.Pid)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if ns, err := os.Readlink(namespace); err == nil && ns != own {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no second namespace")
		}
	}
	ip(t, fmt.Sprintf("link set %s netns %d", name, holder.Process.Pid))
	command(t, "nsenter", "--net="+namespace, "ip", "addr", "add", "192.0.2.2/24", "dev", name)
	command(t, "nsenter", "--net="+namespace, "ip", "link", "set", name, "up")
	for deadline := time.Now().Add(10 * time.Second); !linkIsUp(t, "eth0"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the cable has no carrier")
		}
	}
	return namespace
}
