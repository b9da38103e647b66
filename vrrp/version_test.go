package vrrp

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"testing"
	"time"
)

var (
	local6 = netip.MustParseAddr("fe80::11")
	peer6  = netip.MustParseAddr("fe80::12")
	vip6   = netip.MustParseAddr("2001:db8::100")
	v2     = Format{Version: 2}
)

// TestVersion2Bytes spells a message of RFC 3768, 5.3, out.
func TestVersion2Bytes(t *testing.T) {
	a := Advertisement{51, 100, 2 * time.Second, []netip.Addr{vip}}
	for _, tt := range []struct {
		format Format
		want   string
	}{
		{v2, "21336401" + "0002" + "b864" + "c0000264" + "0000000000000000"},
		{Format{Version: 2, Password: "secret"}, "21336401" + "0102" + "7b18" + "c0000264" + "7365637265740000"},
	} {
		b, err := tt.format.Append(nil, a, local, Group4)
		if err != nil || hex.EncodeToString(b) != tt.want {
			t.Errorf("%+v: %x, %v; want %s", tt.format, b, err, tt.want)
		}
		if got, _, err := tt.format.Parse(b, local, Group4); err != nil || got.Interval != 2*time.Second || got.Addresses[0] != vip {
			t.Errorf("%+v: read back as %+v, %v", tt.format, got, err)
		}
	}
}

func TestVersion2Discards(t *testing.T) {
	secret, other := Format{Version: 2, Password: "secret"}, Format{Version: 2, Password: "Secret"}
	good, err := secret.Append(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip}}, local, Group4)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		format Format
		spoil  func(b []byte) []byte
		want   error
	}{
		{"good", secret, func(b []byte) []byte { return b }, nil},
		{"another password", other, func(b []byte) []byte { return b }, BadAuth},
		{"none expected", v2, func(b []byte) []byte { return b }, BadAuth},
		{"authentication data missing", secret, func(b []byte) []byte { return b[:len(b)-1] }, BadLength},
		{"checksum", secret, func(b []byte) []byte { b[7]++; return b }, BadChecksum},
		{"version 3 expected", v3, func(b []byte) []byte { return b }, BadVersion},
	} {
		if _, _, err := tt.format.Parse(tt.spoil(append([]byte(nil), good...)), local, Group4); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	for name, a := range map[string]Advertisement{
		"half a second": {51, 100, time.Second / 2, []netip.Addr{vip}},
		"256 seconds":   {51, 100, 256 * time.Second, []netip.Addr{vip}},
	} {
		if _, err := v2.Append(nil, a, local, Group4); err == nil {
			t.Errorf("%s: marshalled", name)
		}
	}
	if _, err := v2.Append(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip6}}, local6, Group6); err == nil {
		t.Error("version 2 over IPv6: marshalled")
	}
}

// TestVersion2IgnoresUnusedData: what stands where a password would is no reason
// to discard when there is none (RFC 3768, 5.3.10).
func TestVersion2IgnoresUnusedData(t *testing.T) {
	b, err := v2.Append(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip}}, local, Group4)
	if err != nil {
		t.Fatal(err)
	}
	copy(b[len(b)-authLength:], []byte{0x12, 0x34, 0xed, 0xcb}) // which add nothing to the sum
	if _, _, err := v2.Parse(b, local, Group4); err != nil {
		t.Error(err)
	}
}

// TestVersion3OverIPv6: sixteen bytes an address, a pseudo-header always
// (RFC 9568, 5.2.8).
func TestVersion3OverIPv6(t *testing.T) {
	a := Advertisement{51, 100, time.Second, []netip.Addr{local6, vip6}}
	packet, err := v3.AppendPacket(nil, a, local6, Group6)
	if err != nil {
		t.Fatal(err)
	}
	if len(packet) != 40+8+32 || packet[0]>>4 != 6 || packet[6] != Protocol || packet[7] != 255 || packet[5] != 40 {
		t.Errorf("packet %x", packet)
	}
	b := packet[40:]
	if p, err := v3.ParseIPv6(b, local6, Group6, 255); err != nil || len(p.Addresses) != 2 || p.Addresses[1] != vip6 {
		t.Errorf("read back as %+v, %v", p, err)
	}
	if _, err := v3.ParseIPv6(b, local6, Group6, 254); !errors.Is(err, BadTTL) {
		t.Errorf("hop limit 254: %v", err)
	}
	b[6], b[7] = 0, 0
	s := checksum(b, local6, Group6, RFC9568)
	b[6], b[7] = byte(s>>8), byte(s)
	if _, err := v3.ParseIPv6(b, local6, Group6, 255); !errors.Is(err, BadChecksum) {
		t.Errorf("without pseudo-header: %v, want %v", err, BadChecksum)
	}
	if _, err := v3.Append(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip}}, local6, Group6); err == nil {
		t.Error("an IPv4 address over IPv6: marshalled")
	}
}

// TestAdmission: a stranger's word, and one meant for others, is not for us.
func TestAdmission(t *testing.T) {
	packet := func(src, dst netip.Addr, vrid uint8) Packet {
		return Packet{Advertisement: Advertisement{VRID: vrid}, Source: src, Destination: dst}
	}
	multicast := admission{51, local, nil}
	unicast := admission{51, local, []netip.Addr{above}}
	multicast6 := admission{51, local6, nil}
	for _, tt := range []struct {
		name string
		a    admission
		p    Packet
		want error
	}{
		{"group", multicast, packet(above, Group4, 51), nil},
		{"unicast where the group is meant", multicast, packet(above, local, 51), BadDestination},
		{"VRID", multicast, packet(above, Group4, 52), BadVRID},
		{"peer", unicast, packet(above, local, 51), nil},
		{"no peer", unicast, packet(below, local, 51), BadSource},
		{"multicast where unicast is meant", unicast, packet(above, Group4, 51), BadDestination},
		{"group of IPv6", multicast6, packet(peer6, Group6, 51), nil},
	} {
		if err := tt.a.admit(tt.p); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestVersion2Timers(t *testing.T) {
	if s, d := SkewTime(2, 100, 10*time.Second), DownInterval(2, 100, 10*time.Second); s != 609375*time.Microsecond || d != 30609375*time.Microsecond {
		t.Errorf("skew %v, down %v: the skew of version 2 is a part of a second", s, d)
	}
}
