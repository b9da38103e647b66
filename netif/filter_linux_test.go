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

	"golang.org/x/sys/unix"
)

var filter Filter

// closed are addresses of one interface.
func closed(link string, addrs ...netip.Prefix) (list []Closed) {
	for _, p := range addrs {
		list = append(list, Closed{link, p.Addr()})
	}
	return list
}

// beside puts the far end of the cable into a namespace of its own and returns
// what runs a command there.
func beside(t *testing.T) func(args ...string) error {
	t.Helper()
	name := fmt.Sprintf("hald-netif-%d", os.Getpid())
	ip(t, "netns add "+name)
	t.Cleanup(func() { exec.Command("ip", "netns", "delete", name).Run() })
	ip(t, "link set peer0 netns "+name)
	run := func(args ...string) error {
		return exec.Command("ip", append([]string{"netns", "exec", name}, args...)...).Run()
	}
	for _, args := range []string{"addr add 192.0.2.2/24 dev peer0", "addr add 2001:db8::2/64 dev peer0 nodad", "addr add fe80::2/64 dev peer0 nodad", "link set peer0 up"} {
		if err := run(append([]string{"ip"}, strings.Fields(args)...)...); err != nil {
			t.Fatalf("ip %s: %v", args, err)
		}
	}
	// On its way the far end lost its carrier, and IPv6 begins with the carrier.
	for _, own := range []string{"192.0.2.1", "2001:db8::1"} {
		for deadline := time.Now().Add(30 * time.Second); run("ping", "-c1", "-W1", own) != nil; {
			if time.Now().After(deadline) {
				t.Fatalf("%s does not answer", own)
			}
		}
	}
	return run
}

// TestRefuseDropsWhatIsAddressedToTheAddresses: an echo request is answered
// until it is refused and after it is admitted again; the host's own address
// and neighbour discovery are not concerned.
func TestRefuseDropsWhatIsAddressedToTheAddresses(t *testing.T) {
	inNamespace6(t, "2001:db8::1/64", "fe80::1/64")
	peer := beside(t)
	addrs := prefixes("192.0.2.9/32", "2001:db8::9/128", "fe80::9/128")
	for _, a := range addrs {
		if a.Addr().Is4() {
			ip(t, "addr add "+a.String()+" dev eth0")
		} else {
			ip(t, "addr add "+a.String()+" dev eth0 nodad")
		}
	}
	answers := func(address string) bool {
		if strings.HasPrefix(address, "fe80") {
			address += "%peer0"
		}
		return peer("ping", "-c1", "-W1", address) == nil
	}
	// On a busy machine one answer may be late.
	answersAtLast := func(address string) bool {
		for range 10 {
			if answers(address) {
				return true
			}
		}
		return false
	}
	expectAnswers := func(when string, want bool) {
		t.Helper()
		for _, a := range addrs {
			ask := answers
			if want {
				ask = answersAtLast
			}
			if got := ask(a.Addr().String()); got != want {
				t.Errorf("%s: %s answers: %v", when, a, got)
			}
		}
		for _, own := range []string{"192.0.2.1", "2001:db8::1", "fe80::1"} {
			if !answersAtLast(own) {
				t.Errorf("%s: the host's own %s does not answer", when, own)
			}
		}
	}
	expectAnswers("before", true)
	if err := filter.Refuse("web", closed("eth0", addrs...)); err != nil {
		t.Fatal(err)
	}
	expectAnswers("refused", false)
	// The neighbour is asked anew, by multicast, and then confirmed by unicast.
	if err := peer("ip", "neigh", "flush", "dev", "peer0"); err != nil {
		t.Fatal(err)
	}
	answers("2001:db8::9")
	for _, address := range []string{"192.0.2.9", "2001:db8::9"} {
		answers(address)
		if err := peer("sh", "-c", "ip neigh get "+address+" dev peer0 | grep -q lladdr"); err != nil {
			t.Errorf("nobody says where %s is", address)
		}
	}
	// A unicast solicitation, as from a neighbour that makes sure (RFC 4861, 7.3.3).
	if err := peer("sh", "-c", `ip neigh change 2001:db8::9 dev peer0 nud probe
		for i in $(seq 25); do ip neigh get 2001:db8::9 dev peer0 | grep -q REACHABLE && exit 0; sleep 0.1; done; exit 1`); err != nil {
		t.Error("a unicast neighbour solicitation was dropped")
	}
	// A link-local address is another one on another link.
	if err := filter.Refuse("web", closed("eth1", addrs...)); err != nil {
		t.Fatal(err)
	}
	if !answersAtLast("fe80::9") || answers("192.0.2.9") {
		t.Error("the link-local address of one link is refused on another")
	}
	if err := filter.Admit("web"); err != nil {
		t.Fatal(err)
	}
	expectAnswers("admitted", true)
}

// TestRefuseReplaces: what is refused for a name is what was said last, and
// names do not touch each other.
func TestRefuseReplaces(t *testing.T) {
	inNamespace(t)
	one, two := prefixes("192.0.2.9/32"), prefixes("192.0.2.10/32", "2001:db8::9/64")
	for _, addrs := range [][]netip.Prefix{one, two} {
		if err := filter.Refuse("web", closed("eth0", addrs...)); err != nil {
			t.Fatal(err)
		}
	}
	rules := command(t, "nft", "list", "ruleset")
	if strings.Contains(rules, "192.0.2.9") || !strings.Contains(rules, "192.0.2.10") || !strings.Contains(rules, "2001:db8::9") {
		t.Errorf("the second word does not stand alone:\n%s", rules)
	}
	if err := filter.Refuse("mail", closed("eth0", one...)); err != nil {
		t.Fatal(err)
	}
	names, err := filter.Refused()
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"mail", "web"}) {
		t.Errorf("refused: %q, %v", names, err)
	}
	for range 2 { // the second time there is none
		if err := filter.Admit("web"); err != nil {
			t.Error(err)
		}
	}
	if names, err := filter.Refused(); err != nil || !slices.Equal(names, []string{"mail"}) {
		t.Errorf("refused: %q, %v", names, err)
	}
}

// TestRefusesSeesWhatOthersDid: rules flushed or deleted by another tool are
// missed.
func TestRefusesSeesWhatOthersDid(t *testing.T) {
	inNamespace(t)
	addrs := prefixes("192.0.2.9/32", "2001:db8::9/128")
	expectRefuses := func(when string, want bool) {
		t.Helper()
		if got, err := filter.Refuses("web", closed("eth0", addrs...)); err != nil || got != want {
			t.Errorf("%s: refuses: %v, %v", when, got, err)
		}
	}
	expectRefuses("never said", false)
	for _, damage := range []string{"flush ruleset", "flush table ip " + tablePrefix + "web", "delete table ip6 " + tablePrefix + "web"} {
		if err := filter.Refuse("web", closed("eth0", addrs...)); err != nil {
			t.Fatal(err)
		}
		expectRefuses("said", true)
		command(t, "nft", strings.Fields(damage)...)
		expectRefuses(damage, false)
	}
}

// TestRefuseMany: as many addresses as an instance may have, and more than one
// message takes.
func TestRefuseMany(t *testing.T) {
	inNamespace(t)
	var addrs []netip.Prefix
	for i := range 3000 {
		addrs = append(addrs, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 32))
	}
	if err := filter.Refuse("web", closed("eth0", addrs...)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(command(t, "nft", "list", "table", "ip", tablePrefix+"web"), "10.1."); n != len(addrs) {
		t.Errorf("%d of %d addresses are refused", n, len(addrs))
	}
}

func TestAbleLeavesNothing(t *testing.T) {
	inNamespace(t)
	if err := filter.Able("web", closed("eth0", prefixes("192.0.2.9/32", "2001:db8::9/128", "fe80::9/128")...)); err != nil {
		t.Fatal(err)
	}
	if rules := command(t, "nft", "list", "ruleset"); rules != "" {
		t.Errorf("it left:\n%s", rules)
	}
}

// TestFilterErrorsAreNamed: what is missing is told apart.
func TestFilterErrorsAreNamed(t *testing.T) {
	for errno, want := range map[unix.Errno]error{
		unix.EOPNOTSUPP: ErrNoFilter, unix.EPROTONOSUPPORT: ErrNoFilter, unix.EPERM: ErrPermission, unix.EINVAL: unix.EINVAL,
	} {
		if got := meaningOf(fmt.Errorf("receive: %w", errno)); !errors.Is(got, want) {
			t.Errorf("%v means %v, want %v", errno, got, want)
		}
	}
}
