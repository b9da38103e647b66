package balancer

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/ipvsctl"
)

// What the kernel counts is shown of each server and of the service, summed over
// the service's addresses; a server that leaves takes nothing from the service.
func TestUsageIsShown(t *testing.T) {
	inBubble(t, func(b *bench) {
		s := b.begin(func(s *Service) {
			s.Addresses = append(s.Addresses, netip.MustParseAddrPort("203.0.113.2:80"))
		})
		a := netip.MustParseAddrPort("192.0.2.1:80")
		for i, address := range s.Addresses {
			key := ipvsctl.Key{Protocol: ipvsctl.TCP, Address: address}
			n := uint64(i + 1)
			b.table.Connect(ipvsctl.DestinationKey{Service: key, Address: a}, ipvsctl.Connections{Active: 10, Inactive: 1, Persistent: 2})
			b.table.Carry(ipvsctl.DestinationKey{Service: key, Address: a}, ipvsctl.Traffic{Total: counts(100 * n), PerSecond: counts(n)})
			b.table.Carry(ipvsctl.DestinationKey{Service: key}, ipvsctl.Traffic{Total: counts(1000 * n), PerSecond: counts(10 * n)})
		}
		b.pass(4 * time.Second) // the table is read every three
		got := b.shown()[0]
		if diff := cmp.Diff(Usage{Active: 20, Inactive: 2, Persistent: 4, Traffic: counts(3000), PerSecond: counts(30)}, got.Usage); diff != "" {
			t.Errorf("the service (-want +got)\n%s", diff)
		}
		if diff := cmp.Diff(Usage{Active: 20, Inactive: 2, Persistent: 4, Traffic: counts(300), PerSecond: counts(3)}, got.RealServers[0].Usage); diff != "" {
			t.Errorf("server a (-want +got)\n%s", diff)
		}
		if diff := cmp.Diff(Usage{}, got.RealServers[1].Usage); diff != "" {
			t.Errorf("server b (-want +got)\n%s", diff)
		}
		text, err := json.Marshal(got)
		for _, part := range []string{`"active_connections":20`, `"traffic":{"connections":3000,"packets_in":6000,`, `"traffic_per_s":{"connections":30,`} {
			if err != nil || !strings.Contains(string(text), part) {
				t.Errorf("no %s in %s (%v)", part, text, err)
			}
		}
	})
}

func counts(n uint64) ipvsctl.Counts {
	return ipvsctl.Counts{Connections: n, PacketsIn: 2 * n, PacketsOut: 3 * n, BytesIn: 4 * n, BytesOut: 5 * n}
}
