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
	// The table as a whole: what is wanted at one time, then at another.
	for _, want := range []Settings{
		{Timeouts: Timeouts{TCP: time.Minute}, Sysctls: map[string]string{"sync_threshold": "3 0"}, Sync: &Daemon{Role: Receiver, Interface: "eth1", ID: 1}},
		{Timeouts: Timeouts{UDP: time.Minute}, Sysctls: map[string]string{"sync_threshold": "3 50"}, Sync: &Daemon{Role: Sender, Interface: "eth1", ID: 1}},
	} {
		plan := func() []Op {
			have, _ := k.Read()
			stop, start := planSync(have.Sync, want.Sync, true)
			return slices.Concat(stop, planTimeouts(have.Timeouts, want.Timeouts), planSysctls(have.Sysctls, want.Sysctls, nil), start)
		}
		k.Apply(plan())
		if left := plan(); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	}
}

// What was read stays what it was, whatever is applied later.
func TestShadowLeavesWhatWasRead(t *testing.T) {
	key := Key{Protocol: TCP, Address: netip.MustParseAddrPort("192.0.2.100:80")}
	at := func(last byte) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, last}), 80)
	}
	op := func(kind Kind, last byte, weight int) Op {
		return Op{Kind: kind, Service: Service{Key: key}, Destination: Destination{Address: at(last), Weight: weight}}
	}
	k, _ := OpenShadow()
	k.Apply([]Op{{Kind: AddService, Service: Service{Key: key}}, op(AddDestination, 2, 1), op(AddDestination, 1, 1), op(AddDestination, 4, 1)})
	read, _ := k.Read()
	k.Apply([]Op{op(UpdateDestination, 1, 5), op(AddDestination, 3, 1), op(DeleteDestination, 4, 0), op(DeleteDestination, 4, 0)})
	next, _ := k.Read()
	text := func(s Snapshot) (all []string) {
		for _, d := range s.Services[0].Destinations {
			all = append(all, d.String())
		}
		return all
	}
	if got := text(read); !slices.Equal(got, []string{"10.0.0.1:80 nat weight 1", "10.0.0.2:80 nat weight 1", "10.0.0.4:80 nat weight 1"}) {
		t.Errorf("what was read became %q", got)
	}
	if got := text(next); !slices.Equal(got, []string{"10.0.0.1:80 nat weight 5", "10.0.0.2:80 nat weight 1", "10.0.0.3:80 nat weight 1"}) {
		t.Errorf("read then: %q", got)
	}
}
