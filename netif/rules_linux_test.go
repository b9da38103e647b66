package netif

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ruled is what `ip` shows of the rules with our mark.
func ruled(t testing.TB) (lines []string) {
	t.Helper()
	for _, family := range []string{"-4", "-6"} {
		for line := range strings.Lines(ip(t, family+" rule show")) {
			if strings.HasSuffix(strings.TrimSpace(line), "proto 104") {
				lines = append(lines, strings.Join(strings.Fields(line), " "))
			}
		}
	}
	return lines
}

var rules = []Rule{
	{From: netip.MustParsePrefix("192.0.2.9/32"), Table: 100, Priority: 500},
	{From: netip.MustParsePrefix("10.0.0.0/8"), To: netip.MustParsePrefix("203.0.113.0/24"), Input: "eth0", Table: 1000, Priority: 501},
	{Mark: 5, Mask: 0xff, Output: "eth0", Table: 100, Priority: 502},
	{IPv6: true, From: netip.MustParsePrefix("2001:db8::/32"), Mark: 1 << 31, Mask: 1<<32 - 1, Table: 7, Priority: 500},
}

func TestRulesOfBothFamilies(t *testing.T) {
	a, _ := inNamespace6(t)
	before := ip(t, "-4 rule show") + ip(t, "-6 rule show")
	for range 2 {
		if err := a.ClaimRules(rules); err != nil {
			t.Fatal(err)
		}
		if missing, err := a.MissingRules(rules); err != nil || len(missing) > 0 {
			t.Errorf("missing after the claim: %v, %v", missing, err)
		}
	}
	if d := cmp.Diff([]string{
		"500: from 192.0.2.9 lookup 100 proto 104",
		"501: from 10.0.0.0/8 to 203.0.113.0/24 iif eth0 lookup 1000 proto 104",
		"502: from all fwmark 0x5/0xff oif eth0 lookup 100 proto 104",
		"500: from 2001:db8::/32 fwmark 0x80000000 lookup 7 proto 104",
	}, ruled(t)); d != "" {
		t.Errorf("rules (-want +got):\n%s", d)
	}
	for i, line := range ruled(t) {
		if got := rules[i].String() + " proto 104"; got != line {
			t.Errorf("String is %q, ip has %q", got, line)
		}
	}
	ip(t, "rule delete priority 501")
	if missing, err := a.MissingRules(rules); err != nil || !slices.Equal(missing, rules[1:2]) {
		t.Errorf("missing after the removal of one: %v, %v", missing, err)
	}
	for range 2 {
		if err := a.ReleaseRules(rules); err != nil {
			t.Fatal(err)
		}
	}
	if got := ip(t, "-4 rule show") + ip(t, "-6 rule show"); got != before {
		t.Errorf("left behind:\n%s\nbefore\n%s", got, before)
	}
}

// A rule of the host's is left alone, be it the same but for the mark.
func TestForeignRuleIsKept(t *testing.T) {
	a, _ := inNamespace6(t)
	ip(t, "rule add from 192.0.2.9 lookup 100 priority 500")
	ip(t, "rule add from 198.51.100.0/24 lookup 101 priority 500")
	before := ip(t, "rule show")
	if err := a.ReleaseRules(rules); err != nil {
		t.Fatal(err)
	}
	if err := a.ClaimRules(rules); err != nil {
		t.Fatal(err)
	}
	if held, err := a.HeldRules(); err != nil || len(held) != len(rules) {
		t.Errorf("held: %v, %v", held, err)
	}
	if err := a.ReleaseRules(rules); err != nil {
		t.Fatal(err)
	}
	if got := ip(t, "rule show"); got != before {
		t.Errorf("after it\n%s\nbefore\n%s", got, before)
	}
}

func TestRuleThatSaysSomethingElseIsReplaced(t *testing.T) {
	a, _ := inNamespace6(t)
	for _, r := range rules {
		r.Table++
		if err := a.ClaimRules([]Rule{r}); err != nil {
			t.Fatal(err)
		}
	}
	if missing, err := a.MissingRules(rules); err != nil || len(missing) != len(rules) {
		t.Errorf("missing: %v, %v", missing, err)
	}
	if err := a.ClaimRules(rules); err != nil {
		t.Fatal(err)
	}
	if held, err := a.HeldRules(); err != nil || !slices.Equal(held, rules) {
		t.Errorf("held: %v, %v", held, err)
	}
}

// All or nothing: the kernel has no interface name this long.
func TestRuleThatCannotBe(t *testing.T) {
	a, _ := inNamespace6(t)
	bad := Rule{Input: "a-name-longer-than-any", Table: 1, Priority: 600}
	if err := a.ClaimRules([]Rule{rules[0], bad}); err == nil || !strings.Contains(err.Error(), "600: from all iif a-name-longer-than-any lookup 1") {
		t.Errorf("error: %v", err)
	}
	if got := ruled(t); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
}
