package vrrp

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"testing"
	"time"
)

// TestHeaders spells out what surrounds a message (RFC 9568, 5.1).
func TestHeaders(t *testing.T) {
	for _, tt := range []struct {
		name      string
		vip       netip.Addr
		from, to  netip.Addr
		header    string
		ttl, next int // where they stand
	}{
		{"IPv4", vip, local, Group4, "45c00020" + "00000000" + "ff700000" + "c000020b" + "e0000012", 8, 9},
		{"IPv6", vip6, local6, Group6, "6c000000" + "001870ff" + "fe800000000000000000000000000011" + "ff020000000000000000000000000012", 7, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := v3.AppendPacket(nil, Advertisement{51, 100, time.Second, []netip.Addr{tt.vip}}, tt.from.WithZone(""), tt.to)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(b[:len(tt.header)/2]); got != tt.header {
				t.Errorf("header %s, want %s", got, tt.header)
			}
			if b[tt.ttl] != 255 || b[tt.next] != 112 {
				t.Errorf("hops %d, protocol %d", b[tt.ttl], b[tt.next])
			}
		})
	}
	if !Group4.IsLinkLocalMulticast() || !Group6.IsLinkLocalMulticast() {
		t.Error("a group of more than the link would be forwarded")
	}
}

// TestDiscardsIPv6 is TestDiscards for what differs in IPv6.
func TestDiscardsIPv6(t *testing.T) {
	good, err := v3.Append(nil, Advertisement{51, 100, time.Second, []netip.Addr{local6, vip6}}, peer6, Group6)
	if err != nil {
		t.Fatal(err)
	}
	resum := func(b []byte) []byte {
		b[6], b[7] = 0, 0
		s := checksum(b, peer6, Group6, RFC5798)
		b[6], b[7] = byte(s>>8), byte(s)
		return b
	}
	for _, tt := range []struct {
		name  string
		hops  uint8
		spoil func(b []byte) []byte
		want  error
	}{
		{"good", 255, func(b []byte) []byte { return b }, nil},
		{"hop limit 254", 254, func(b []byte) []byte { return b }, BadTTL},
		{"version 2", 255, func(b []byte) []byte { b[0] = 0x21; return resum(b) }, BadVersion},
		{"type 2", 255, func(b []byte) []byte { b[0] = 0x32; return resum(b) }, BadType},
		{"addresses of four bytes", 255, func(b []byte) []byte { return resum(b[:8+2*4]) }, BadLength},
		{"cut in the last address", 255, func(b []byte) []byte { return resum(b[:len(b)-1]) }, BadLength},
		{"checksum", 255, func(b []byte) []byte { b[8]++; return b }, BadChecksum},
		{"count 0", 255, func(b []byte) []byte { b[3] = 0; return resum(b) }, BadCount},
		{"interval 0", 255, func(b []byte) []byte { b[4], b[5] = 0, 0; return resum(b) }, BadInterval},
		{"reserved bits", 255, func(b []byte) []byte { b[4] |= 0xf0; return resum(b) }, nil},
		{"first address not link-local", 255, func(b []byte) []byte { copy(b[8:24], vip6.AsSlice()); return resum(b) }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := v3.ParseIPv6(tt.spoil(append([]byte(nil), good...)), peer6, Group6, tt.hops); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}
