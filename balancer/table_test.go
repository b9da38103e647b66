package balancer

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/hald-project/hald/ipvsctl"
)

// TestEveryAttributeIsWanted: what the configuration says of a service and its
// servers is in the table that the kernel shall have.
func TestEveryAttributeIsWanted(t *testing.T) {
	at := netip.MustParseAddrPort("[2001:db8::10]:80")
	services := []Service{
		{
			Name: "six", Addresses: []netip.AddrPort{at}, Protocol: "sctp", Scheduler: "mh", SchedulerFlags: []string{"mh-port", "mh-fallback"}, OnePacket: true,
			Persistence: time.Minute, PersistenceNetmask: 64, PersistenceEngine: "sip", Quorum: 1, OnFail: "remove", Initial: "up",
			Servers: []Server{{Name: "a", Address: netip.MustParseAddrPort("192.0.2.21:0"), Forwarding: "tun", Weight: 1, Upper: 9, Lower: 8,
				Tunnel: Tunnel{Type: "gue", Port: 6080, Checksum: true}}},
		},
		{
			Name: "marked", Mark: 7, IPv6: true, Scheduler: "sh", SchedulerFlags: []string{"sh-port"}, Quorum: 1, OnFail: "remove", Initial: "up",
			Servers: []Server{{Name: "a", Address: netip.MustParseAddrPort("[2001:db8::21]:0"), Forwarding: "dr", Weight: 2}},
		},
	}
	want := []ipvsctl.Service{
		{
			Key: ipvsctl.Key{Protocol: ipvsctl.SCTP, Address: at}, Scheduler: "mh", Flags: ipvsctl.MHPort | ipvsctl.MHFallback | ipvsctl.OnePacket,
			Persistence: time.Minute, Netmask: 64, Engine: "sip",
			Destinations: []ipvsctl.Destination{{Address: netip.MustParseAddrPort("192.0.2.21:80"), Method: ipvsctl.Tunnel, Weight: 1, Upper: 9, Lower: 8,
				Tunnel: ipvsctl.Encapsulation{Kind: ipvsctl.GUE, Port: 6080, Flags: ipvsctl.Checksum}}},
		},
		{
			Key: ipvsctl.MarkKey(7, true), Scheduler: "sh", Flags: ipvsctl.SHPort,
			Destinations: []ipvsctl.Destination{{Address: netip.MustParseAddrPort("[2001:db8::21]:0"), Method: ipvsctl.DirectRoute, Weight: 2}},
		},
	}
	for i, of := range services {
		s, err := compile(of, newChecks())
		if err != nil {
			t.Fatal(err)
		}
		st := step(&s, state{}, facts{now: time.Unix(1000, 0), said: says(nil, nil)})
		if got := st.want(&s); !reflect.DeepEqual(got, want[i:i+1]) {
			t.Errorf("got  %+v\nwant %+v", got, want[i])
		}
	}
	if got := services[1].Where(); !reflect.DeepEqual(got, []string{"fwmark6 7"}) {
		t.Errorf("a mark is shown as %v", got)
	}
}
