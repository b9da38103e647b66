package netif

import (
	"net/netip"
	"testing"
)

func TestCrowded(t *testing.T) {
	held := func(text string, secondary bool, protocol uint8) Address {
		return Address{Prefix: netip.MustParsePrefix(text), Secondary: secondary, Protocol: protocol}
	}
	host, ours := held("192.0.2.1/24", false, 0), held("192.0.2.9/24", true, Protocol)
	for name, c := range map[string]struct {
		addrs []Address
		want  bool
	}{
		"nothing":                         {},
		"ours beside the host's":          {[]Address{host, ours}, true},
		"the host's beside ours":          {[]Address{held("192.0.2.9/24", false, Protocol), held("192.0.2.1/24", true, 0)}, true},
		"two of ours":                     {[]Address{held("192.0.2.8/24", false, Protocol), ours}, true},
		"two of the host's":               {[]Address{host, held("192.0.2.2/24", true, 0), held("203.0.113.9/24", false, Protocol)}, false},
		"each in a subnet of its own":     {[]Address{host, held("192.0.2.9/32", false, Protocol), held("203.0.113.9/24", false, Protocol)}, false},
		"the primary is the other family": {[]Address{host, held("2001:db8::9/64", false, Protocol)}, false},
	} {
		if got := (Link{Addrs: c.addrs}).Crowded(Address.Ours); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
