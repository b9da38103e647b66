package ipvsctl

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// A plan that was applied to a shadow leaves nothing to plan, whatever the way.
func TestShadowIsAsPlanned(t *testing.T) {
	key := Key{Protocol: TCP, Address: netip.MustParseAddrPort("192.0.2.100:80")}
	server := func(last byte, weight int) Destination {
		return Destination{Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, last}), 80), Weight: weight}
	}
	k, err := OpenShadow()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]Service{
		{{Key: key, Scheduler: "rr", Destinations: []Destination{server(2, 1), server(1, 1)}}},
		{{Key: key, Scheduler: "wlc", Destinations: []Destination{server(1, 5), server(3, 1)}}},
		nil,
	} {
		have, err := k.Read()
		if err != nil {
			t.Fatal(err)
		}
		ops := Plan(have.Services, want, Keys{key: true})
		if failed, err := k.Apply(ops); len(ops) == 0 || len(failed) > 0 || err != nil {
			t.Fatalf("%d ops, failed %v, %v", len(ops), failed, err)
		}
		have, _ = k.Read()
		if left := Plan(have.Services, want, Keys{key: true}); len(left) > 0 || len(have.Services) != len(want) {
			t.Errorf("left over: %v, have %v", left, have.Services)
		}
	}
	wanted := Timeouts{TCP: time.Minute}
	k.Apply(planTimeouts(Timeouts{}, wanted))
	if now, _ := k.Read(); !slices.Equal([]Timeouts{now.Timeouts}, []Timeouts{wanted}) {
		t.Errorf("timeouts %+v", now.Timeouts)
	}
}
