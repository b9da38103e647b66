package netif

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What other instances hold on a link is nothing to who renews its own; what the host
// holds decides about routes, and whose a wanted address is.
func TestSeen(t *testing.T) {
	link := Link{Index: 7, Addrs: []Address{{Prefix: netip.MustParsePrefix("192.0.2.1/24"), Permanent: true}}}
	for i := range 200 {
		link.Addrs = append(link.Addrs, Address{Prefix: netip.MustParsePrefix(fmt.Sprintf("198.51.100.%d/32", i)), Protocol: Protocol})
	}
	for _, tagged := range []bool{true, false} {
		p := (&Addresses{tagged: tagged}).seen(link, virtual("198.51.100.9/32", "198.51.100.4/24"))
		var got []netip.Prefix
		for _, h := range p.have {
			got = append(got, h.Prefix)
		}
		if diff := cmp.Diff(prefixes("192.0.2.1/24", "198.51.100.4/32", "198.51.100.9/32"), got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" || p.linkIndex != 7 {
			t.Errorf("marks known: %v; of link %d (-want +got):\n%s", tagged, p.linkIndex, diff)
		}
	}
}
