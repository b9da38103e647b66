package lab

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const someTable = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
FWM  00000001 rr
  -> C0000217:0000      Route   9      0          0
TCP  C0000264:0050 rr
  -> C0000215:0050      Route   1      0          0
  -> C6336416:0050      Masq    3      2          7
TCP  C0000264:0051 wlc persistent 120 FFFFFFFF
`

func TestTableOfTheKernel(t *testing.T) {
	for service, want := range map[string]map[string]int{
		"192.0.2.100:80": {"web1": 1, "web2": 3},
		"192.0.2.100:81": {},
		"192.0.2.100:82": nil,
	} {
		got, err := parseTable(someTable, netip.MustParseAddrPort(service))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", service, err, diff)
		}
	}
	if _, err := parseTable("TCP  C00002:0050 rr\n", netip.MustParseAddrPort("192.0.2.100:80")); err == nil {
		t.Error("half an address was accepted")
	}
}
