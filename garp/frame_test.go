package garp

import (
	"encoding/hex"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/arp"
)

var (
	vip = netip.MustParseAddr("192.0.2.118")
	mac = net.HardwareAddr{0x02, 0, 0, 0, 0, 0x0a}
)

// The bytes as RFC 826 lays them out, written by hand.
func TestFramesAreTheseBytes(t *testing.T) {
	const padding = "000000000000000000000000000000000000"
	want := [2]string{
		"ffffffffffff 02000000000a 0806" +
			"0001 0800 06 04 0001 02000000000a c0000276 000000000000 c0000276" + padding,
		"ffffffffffff 02000000000a 0806" +
			"0001 0800 06 04 0002 02000000000a c0000276 02000000000a c0000276" + padding,
	}
	request, reply, err := Frames(vip, mac)
	if err != nil {
		t.Fatal(err)
	}
	got := [2]string{hex.EncodeToString(request), hex.EncodeToString(reply)}
	for i := range want {
		if d := cmp.Diff(strings.ReplaceAll(want[i], " ", ""), got[i]); d != "" {
			t.Errorf("frame %d (-want +got):\n%s", i, d)
		}
		if len(got[i]) != 2*60 {
			t.Errorf("frame %d has %d bytes", i, len(got[i])/2)
		}
	}
}

func TestFramesParseBack(t *testing.T) {
	request, reply, err := Frames(vip, mac)
	if err != nil {
		t.Fatal(err)
	}
	for f, want := range map[string]arp.Packet{
		string(request): {Operation: arp.OperationRequest, TargetHardwareAddr: zero},
		string(reply):   {Operation: arp.OperationReply, TargetHardwareAddr: mac},
	} {
		var p arp.Packet
		if err := p.UnmarshalBinary([]byte(f[14:])); err != nil {
			t.Fatal(err)
		}
		if p.Operation != want.Operation || p.SenderIP != vip || p.TargetIP != vip ||
			p.SenderHardwareAddr.String() != mac.String() || p.TargetHardwareAddr.String() != want.TargetHardwareAddr.String() {
			t.Errorf("parsed back as %+v", p)
		}
	}
}

func TestFramesRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		addr netip.Addr
		mac  net.HardwareAddr
	}{
		"IPv6":               {netip.MustParseAddr("2001:db8::1"), mac},
		"no address":         {netip.Addr{}, mac},
		"link without a MAC": {vip, nil},
		"InfiniBand":         {vip, make(net.HardwareAddr, 20)},
	} {
		if _, _, err := Frames(c.addr, c.mac); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
