package netif

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func holding(text string, change func(*Address)) held {
	a := Address{Prefix: netip.MustParsePrefix(text), Permanent: true}
	change(&a)
	return held{Address: a, message: []byte(text)}
}

var (
	host        = func(*Address) {}
	hostSecond  = func(a *Address) { a.Secondary = true }
	marked      = func(a *Address) { a.Protocol = Protocol }
	markedLater = func(a *Address) { a.Protocol, a.Secondary = Protocol, true }
	leased      = func(a *Address) { a.Permanent = false }
	deprecated  = func(a *Address) { a.Permanent, a.Deprecated = false, true }
)

func TestPlanClaim(t *testing.T) {
	for name, c := range map[string]struct {
		have     []held
		want     []string
		untagged bool
		ops      []string
		foreign  string
	}{
		"absent is added, present renewed, each once": {
			have: []held{holding("10.0.0.1/24", host), holding("10.0.0.9/24", markedLater)},
			want: []string{"10.0.0.9/24", "10.0.0.8/32", "10.0.0.8/32"},
			ops:  []string{"renew 10.0.0.9/24", "add 10.0.0.8/32"}},
		"the host's address is refused": {
			have: []held{holding("10.0.0.1/24", host)},
			want: []string{"10.0.0.8/32", "10.0.0.1/24"}, foreign: "10.0.0.1/24"},
		"also under another prefix length": {
			have: []held{holding("10.0.0.1/24", host)},
			want: []string{"10.0.0.1/32"}, foreign: "10.0.0.1/24"},
		"a lifetime alone does not make it ours": {
			have: []held{holding("10.0.0.1/24", leased)},
			want: []string{"10.0.0.1/24"}, foreign: "10.0.0.1/24"},
		"unless the kernel keeps no marks": {
			have: []held{holding("10.0.0.1/24", leased)}, untagged: true,
			want: []string{"10.0.0.1/24"}, ops: []string{"renew 10.0.0.1/24"}},
		"where a permanent one is the host's": {
			have: []held{holding("10.0.0.1/24", host)}, untagged: true,
			want: []string{"10.0.0.1/24"}, foreign: "10.0.0.1/24"},
		"an address of a previous configuration is no obstacle": {
			have: []held{holding("10.0.0.9/24", marked)},
			want: []string{"10.0.0.9/32"}, ops: []string{"add 10.0.0.9/32"}},
		"inside a wider subnet of the host: without its route": {
			have: []held{holding("10.0.0.1/16", host)},
			want: []string{"10.0.0.9/24", "10.0.0.9/32", "10.0.0.9/16", "10.1.0.9/24"},
			ops:  []string{"add 10.0.0.9/24 noprefixroute", "add 10.0.0.9/32", "add 10.0.0.9/16", "add 10.1.0.9/24"}},
		"inside a subnet of ours: with its route": {
			have: []held{holding("10.0.0.1/16", marked)},
			want: []string{"10.0.0.9/24"}, ops: []string{"add 10.0.0.9/24"}},
		"IPv6: the host's address is refused": {
			have: []held{holding("2001:db8::1/64", host)},
			want: []string{"2001:db8::1/128"}, foreign: "2001:db8::1/64"},
		"IPv6: without a route where the host is": {
			have: []held{holding("10.0.0.1/24", host), holding("2001:db8::1/64", host), holding("2001:db8:1::1/128", host), holding("2001:db8:2::9/64", marked)},
			want: []string{"2001:db8::9/64", "2001:db8::9/80", "2001:db8:1::9/64", "2001:db8:2::9/64", "2001:db8:3::9/64", "2001:db8:3::9/128"},
			ops: []string{"add 2001:db8::9/64 noprefixroute", "add 2001:db8::9/80 noprefixroute", "add 2001:db8:1::9/64 noprefixroute",
				"renew 2001:db8:2::9/64", "add 2001:db8:3::9/64", "add 2001:db8:3::9/128 noprefixroute"}},
		"IPv6: another prefix length of ours makes way": {
			have: []held{holding("2001:db8::9/64", marked)},
			want: []string{"2001:db8::9/128"}, ops: []string{"remove 2001:db8::9/64", "add 2001:db8::9/128 noprefixroute"}},
		"IPv6: without marks, autoconfigured is the host's": {
			have: []held{holding("2001:db8::9/64", leased)}, untagged: true,
			want: []string{"2001:db8::9/64"}, foreign: "2001:db8::9/64"},
		"IPv6: without marks, deprecated is ours": {
			have: []held{holding("2001:db8::9/64", deprecated)}, untagged: true,
			want: []string{"2001:db8::9/64"}, ops: []string{"renew 2001:db8::9/64"}},
		"IPv6: with marks, deprecated is the host's": {
			have: []held{holding("2001:db8::9/64", deprecated)},
			want: []string{"2001:db8::9/64"}, foreign: "2001:db8::9/64"},
	} {
		t.Run(name, func(t *testing.T) {
			ops, err := (&planner{linkIndex: 7, have: c.have, tagged: !c.untagged}).claim(virtually(prefixesOf(c.want)))
			if d := cmp.Diff(c.ops, spelled(ops)); d != "" {
				t.Errorf("plan (-want +got):\n%s", d)
			}
			var foreign *ForeignAddressError
			if errors.As(err, &foreign) != (c.foreign != "") || foreign != nil && foreign.Address.String() != c.foreign {
				t.Errorf("error %v, want foreign %q", err, c.foreign)
			}
		})
	}
}

func TestPlanRelease(t *testing.T) {
	for name, c := range map[string]struct {
		have     []held
		drop     []string
		untagged bool
		ops      []string
	}{
		"only ours, only what is there": {
			have: []held{holding("10.0.0.1/24", host), holding("10.0.0.9/24", markedLater)},
			drop: []string{"10.0.0.1/24", "10.0.0.9/24", "10.0.0.8/24"}, ops: []string{"remove 10.0.0.9/24"}},
		"secondaries first; the kernel's victims come back, after the removals": {
			have: []held{holding("10.0.0.7/24", marked), holding("10.0.0.1/24", hostSecond),
				holding("10.0.0.8/24", markedLater), holding("10.0.0.9/24", markedLater), holding("10.9.0.1/24", hostSecond)},
			drop: []string{"10.0.0.7/24", "10.0.0.9/24"},
			ops:  []string{"remove 10.0.0.9/24", "remove 10.0.0.7/24", "restore 10.0.0.1/24", "restore 10.0.0.8/24"}},
		"a host primary that is not removed has no victims": {
			have: []held{holding("10.0.0.1/24", host), holding("10.0.0.2/24", hostSecond)},
			drop: []string{"10.0.0.1/24"}},
		"without marks, a lifetime says ours": {
			have:     []held{holding("10.0.0.8/32", leased), holding("10.0.0.9/32", host)},
			untagged: true, drop: []string{"10.0.0.8/32", "10.0.0.9/32"}, ops: []string{"remove 10.0.0.8/32"}},
		"IPv6: no victims, each subnet stands for itself": {
			have: []held{holding("2001:db8::8/64", marked), holding("2001:db8::1/64", host), holding("10.0.0.1/24", hostSecond)},
			drop: []string{"2001:db8::8/64", "2001:db8::1/64"}, ops: []string{"remove 2001:db8::8/64"}},
	} {
		t.Run(name, func(t *testing.T) {
			ops := planner{have: c.have, tagged: !c.untagged}.release(prefixesOf(c.drop))
			if d := cmp.Diff(c.ops, spelled(ops)); d != "" {
				t.Errorf("plan (-want +got):\n%s", d)
			}
			for _, o := range ops {
				if o.action == restore && string(o.message) != o.prefix.String() {
					t.Errorf("%s is restored from the message of %q", o.prefix, o.message)
				}
			}
		})
	}
}

func virtually(prefixes []netip.Prefix) (list []Virtual) {
	for _, p := range prefixes {
		list = append(list, Virtual{Prefix: p})
	}
	return list
}

func prefixesOf(texts []string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func spelled(ops []op) (list []string) {
	for _, o := range ops {
		s := []string{"add ", "renew ", "remove ", "restore "}[o.action] + o.prefix.String()
		if o.noPrefixRoute {
			s += " noprefixroute"
		}
		list = append(list, s)
	}
	return list
}

func TestPrimaryIPv4(t *testing.T) {
	at := func(text string, change func(*Address)) Address { return holding(text, change).Address }
	virtual := prefixesOf([]string{"10.0.0.9/24"})
	for name, c := range map[string]struct {
		addrs []Address
		want  string
	}{
		"none":                               {},
		"the first":                          {[]Address{at("10.0.0.1/24", host), at("10.1.0.1/24", host)}, "10.0.0.1"},
		"not a marked one":                   {[]Address{at("10.0.0.8/32", marked), at("10.0.0.1/24", host)}, "10.0.0.1"},
		"not a virtual one, whatever length": {[]Address{at("10.0.0.9/32", host), at("10.0.0.1/24", host)}, "10.0.0.1"},
		"only virtual ones":                  {[]Address{at("10.0.0.9/24", host)}, ""},
		"a DHCP lease counts":                {[]Address{at("10.0.0.1/24", leased)}, "10.0.0.1"},
		"a primary before a secondary":       {[]Address{at("10.0.0.2/24", hostSecond), at("10.1.0.1/24", host)}, "10.1.0.1"},
		"not an IPv6 one":                    {[]Address{at("2001:db8::1/64", host)}, ""},
		"a secondary before none":            {[]Address{at("10.0.0.9/24", host), at("10.0.0.2/24", hostSecond)}, "10.0.0.2"},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := Link{Addrs: c.addrs}.PrimaryIPv4(virtual)
			if ok != (c.want != "") || ok && got.String() != c.want {
				t.Errorf("got %v, %v; want %q", got, ok, c.want)
			}
		})
	}
}

func TestLinkLocal(t *testing.T) {
	at := func(text string, change func(*Address)) Address { return holding(text, change).Address }
	for name, c := range map[string]struct {
		addrs []Address
		want  string
	}{
		"none":                            {},
		"not one of IPv4":                 {[]Address{at("169.254.0.1/16", host)}, ""},
		"not a global one":                {[]Address{at("2001:db8::1/64", host), at("fe80::1/64", host)}, "fe80::1"},
		"the first of several":            {[]Address{at("fe80::1/64", host), at("fe80::2/64", host)}, "fe80::1"},
		"not a marked one":                {[]Address{at("fe80::1/64", marked), at("fe80::2/64", host)}, "fe80::2"},
		"not one of ours without a mark":  {[]Address{at("fe80::1/64", deprecated)}, ""},
		"not before its detection's end":  {[]Address{at("fe80::1/64", func(a *Address) { a.Tentative = true })}, ""},
		"not one of an address owner":     {[]Address{at("fe80::cafe/64", host), at("fe80::d/64", host)}, "fe80::d"},
		"not one that another node holds": {[]Address{at("fe80::1/64", func(a *Address) { a.DADFailed = true })}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := Link{Addrs: c.addrs}.LinkLocal([]netip.Prefix{netip.MustParsePrefix("fe80::cafe/64")})
			if ok != (c.want != "") || ok && got.String() != c.want {
				t.Errorf("got %v, %v; want %q", got, ok, c.want)
			}
		})
	}
}
