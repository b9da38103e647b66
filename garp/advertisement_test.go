package garp

import (
	"encoding/hex"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var vip6 = netip.MustParseAddr("2001:db8::76")

// The bytes as RFC 4861, 4.4 lays them out, written by hand; the checksums were
// computed apart from this code.
func TestAdvertisementIsTheseBytes(t *testing.T) {
	for name, c := range map[string]struct {
		router          bool
		checksum, flags string
	}{
		"host":   {false, "f837", "20"},
		"router": {true, "7837", "a0"},
	} {
		const address, allNodes = "20010db8000000000000000000000076", "ff020000000000000000000000000001"
		want := "333300000001 02000000000a 86dd" +
			"60000000 0020 3a ff" + address + allNodes +
			"88 00" + c.checksum + c.flags + "000000" + address +
			"02 01 02000000000a"
		got, err := Advertisement(vip6, mac, c.router)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.ReplaceAll(want, " ", ""), hex.EncodeToString(got)); d != "" || len(got) != 86 {
			t.Errorf("%s, %d bytes (-want +got):\n%s", name, len(got), d)
		}
	}
}

// Whatever the address, all that the checksum covers adds up to 0xffff (RFC
// 1071); with the last address, folding the carry carries again.
func TestAdvertisementAddsUp(t *testing.T) {
	for _, a := range []string{"fe80::1", "::2", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::3c92"} {
		f, err := Advertisement(netip.MustParseAddr(a), mac, true)
		if err != nil {
			t.Fatal(err)
		}
		sum := 32 + 58
		for i := 14 + 8; i < len(f); i += 2 {
			sum += int(f[i])<<8 | int(f[i+1])
		}
		for sum > 0xffff {
			sum = sum>>16 + sum&0xffff
		}
		if sum != 0xffff {
			t.Errorf("%s: the sum is %#x", a, sum)
		}
	}
}

func TestAdvertisementRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		addr netip.Addr
		mac  net.HardwareAddr
	}{
		"IPv4":               {vip, mac},
		"IPv4 in IPv6":       {netip.MustParseAddr("::ffff:192.0.2.118"), mac},
		"multicast":          {netip.MustParseAddr("ff02::1"), mac},
		"unspecified":        {netip.IPv6Unspecified(), mac},
		"no address":         {netip.Addr{}, mac},
		"link without a MAC": {vip6, nil},
		"InfiniBand":         {vip6, make(net.HardwareAddr, 20)},
	} {
		if _, err := Advertisement(c.addr, c.mac, false); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
