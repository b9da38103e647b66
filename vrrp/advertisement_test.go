package vrrp

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var sender = netip.MustParseAddr("10.77.0.2")

var v3 = Format{Version: 3}

// Captured from keepalived 2.2.7: 10.77.0.2 to 224.0.0.18, interval 500 ms.
const captured = "31079601003243360a4d0064"

func TestParseKeepalived(t *testing.T) {
	b, _ := hex.DecodeString(captured)
	got, form, err := v3.Parse(b, sender, Group4)
	if err != nil {
		t.Fatal(err)
	}
	want := Advertisement{7, 150, 500 * time.Millisecond, []netip.Addr{netip.MustParseAddr("10.77.0.100")}}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("advertisement (-want +got):\n%s", diff)
	}
	if form != RFC5798 {
		t.Errorf("form %v, want %v", form, RFC5798)
	}
	again, err := v3.Append(nil, got, sender, Group4)
	if err != nil || hex.EncodeToString(again) != captured {
		t.Errorf("marshalled %x, %v; want %s", again, err, captured)
	}
	if plain, _ := (Format{Version: 3, Checksum: RFC9568}).Append(nil, got, sender, Group4); hex.EncodeToString(plain[6:8]) != "2e14" {
		t.Errorf("checksum without pseudo-header %x, want 2e14", plain[6:8])
	}
}

// TestDiscards has a row for every check of RFC 9568, 7.1.
func TestDiscards(t *testing.T) {
	good, err := v3.AppendPacket(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip, above}}, local, Group4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v3.ParseIPv4(good); err != nil {
		t.Fatalf("the packet under test is refused: %v", err)
	}
	resum := func(b []byte) {
		b[26], b[27] = 0, 0
		s := checksum(b[20:], local, Group4, RFC5798)
		b[26], b[27] = byte(s>>8), byte(s)
	}
	for _, tt := range []struct {
		name  string
		spoil func(b []byte) []byte
		want  error
	}{
		{"reserved bits are ignored (5.2.6)", func(b []byte) []byte { b[24] |= 0xf0; resum(b); return b }, nil},
		{"bytes after the last address", func(b []byte) []byte { b[23] = 1; resum(b); return b }, nil},
		{"TTL 254", func(b []byte) []byte { b[8] = 254; return b }, BadTTL},
		{"source 0.0.0.0", func(b []byte) []byte { copy(b[12:16], make([]byte, 4)); return b }, BadSource},
		{"version 2", func(b []byte) []byte { b[20] = 0x21; resum(b); return b }, BadVersion},
		{"type 2", func(b []byte) []byte { b[20] = 0x32; resum(b); return b }, BadType},
		{"checksum", func(b []byte) []byte { b[27]++; return b }, BadChecksum},
		{"count 0", func(b []byte) []byte { b[23] = 0; resum(b); return b }, BadCount},
		{"count beyond the packet", func(b []byte) []byte { b[23] = 3; resum(b); return b }, BadLength},
		{"interval 0", func(b []byte) []byte { b[24], b[25] = 0, 0; resum(b); return b }, BadInterval},
		{"VRID 0", func(b []byte) []byte { b[21] = 0; resum(b); return b }, BadVRID},
		{"message of 7 bytes", func(b []byte) []byte { b[3] = 27; return b[:27] }, BadLength},
		{"cut in the IPv4 header", func(b []byte) []byte { return b[:19] }, BadLength},
		{"total length beyond the packet", func(b []byte) []byte { b[3]++; return b }, BadLength},
		{"header length beyond the packet", func(b []byte) []byte { b[0] = 0x4f; return b }, BadLength},
		{"not IPv4", func(b []byte) []byte { b[0] = 0x65; return b }, BadLength},
		{"empty", func([]byte) []byte { return nil }, BadLength},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := v3.ParseIPv4(tt.spoil(append([]byte(nil), good...)))
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAppendRefuses(t *testing.T) {
	good := Advertisement{51, 100, time.Second, []netip.Addr{vip}}
	for name, spoil := range map[string]func(*Advertisement){
		"VRID 0":            func(a *Advertisement) { a.VRID = 0 },
		"interval 0":        func(a *Advertisement) { a.Interval = 0 },
		"interval 40.96 s":  func(a *Advertisement) { a.Interval = MaxInterval + centisecond },
		"interval of 15 ms": func(a *Advertisement) { a.Interval = 15 * time.Millisecond },
		"no address":        func(a *Advertisement) { a.Addresses = nil },
		"256 addresses":     func(a *Advertisement) { a.Addresses = make([]netip.Addr, 256) },
		"an IPv6 address":   func(a *Advertisement) { a.Addresses = []netip.Addr{netip.IPv6Loopback()} },
	} {
		a := good
		spoil(&a)
		if _, err := v3.Append(nil, a, local, Group4); err == nil {
			t.Errorf("%s: marshalled", name)
		}
	}
}

func FuzzParseIPv4(f *testing.F) {
	formats := []Format{v3, {Version: 3, Checksum: RFC9568}, {Version: 2}, {Version: 2, Password: "secret"}}
	for i, format := range formats {
		b, _ := format.AppendPacket(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip, above}}, local, Group4)
		f.Add(b, uint8(i))
	}
	f.Add([]byte{0x46, 0, 0, 24}, uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, i uint8) {
		format := formats[int(i)%len(formats)]
		p, err := format.ParseIPv4(b)
		roundTrip(t, format, p, err, func(b []byte) (Packet, error) { return format.ParseIPv4(b) })
	})
}

func FuzzParseIPv6(f *testing.F) {
	b, _ := v3.Append(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip6}}, local6, Group6)
	f.Add(b)
	for _, key := range []byte{0, 1} { // what is as long as a trailer, and names no key or one
		trailer := make([]byte, TrailerLength)
		trailer[0], trailer[1], trailer[trailerHead-1] = algorithmHMAC, key, 7
		message := append(slices.Clone(b), trailer...)
		binary.BigEndian.PutUint16(message[6:], 0)
		binary.BigEndian.PutUint16(message[6:], checksum(summed(message, local6), local6, Group6, RFC5798))
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := v3.ParseIPv6(b, local6, Group6, hops)
		roundTrip(t, v3, p, err, func(b []byte) (Packet, error) {
			return v3.ParseIPv6(b[ipv6HeaderLength:], local6, Group6, b[7])
		})
	})
}

// roundTrip: what is accepted can be sent, and is then accepted as the same.
func roundTrip(t *testing.T, f Format, p Packet, err error, parse func([]byte) (Packet, error)) {
	t.Helper()
	if err != nil {
		if d := Discard(""); !errors.As(err, &d) {
			t.Fatalf("error is no Discard: %v", err)
		}
		return
	}
	if p.Seal.KeyID == 0 && p.Seal != (Seal{}) {
		t.Fatalf("a signature by no key: %+v", p.Seal)
	}
	p.Seal = Seal{} // we have no key to sign again
	f.Checksum = p.Checksum
	again, err := f.AppendPacket(nil, p.Advertisement, p.Source, p.Destination)
	if err != nil {
		t.Fatalf("accepted what cannot be sent: %+v: %v", p, err)
	}
	q, err := parse(again)
	if diff := cmp.Diff(p, q, cmpopts.EquateComparable(netip.Addr{})); err != nil || diff != "" {
		t.Fatalf("round trip: %v (-want +got):\n%s", err, diff)
	}
}
