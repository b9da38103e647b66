package vrrp

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"testing"
	"time"
)

// testKey is made of the bytes from, from+1, …
func testKey(t testing.TB, id, from uint8) Key {
	t.Helper()
	secret := make([]byte, MinKey)
	for i := range secret {
		secret[i] = from + uint8(i)
	}
	k, err := NewKey(id, secret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestTrailerBytes spells a signed message out. Its signature was computed by
// another implementation of HMAC.
func TestTrailerBytes(t *testing.T) {
	const want = "313364010064df32c0000264" + "0107001c00065bfeda25e000" + "981a0556dc34f3743776a059b10018e0"
	f := Format{Version: 3, Keys: []Key{testKey(t, 7, 0)}, Seal: Seal{7, 1790000000000000}}
	b, err := f.Append(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip}}, local, Group4)
	if err != nil || hex.EncodeToString(b) != want {
		t.Errorf("%x, %v; want %s", b, err, want)
	}
}

// TestSignatures: whoever has the key is believed, over IPv4 and IPv6, with
// either checksum; nobody else is, whatever they change.
func TestSignatures(t *testing.T) {
	signed := Format{Version: 3, Keys: []Key{testKey(t, 1, 0), testKey(t, 2, 50)}, Seal: Seal{1, 5}}
	with := func(change func(f *Format)) Format {
		f := signed
		change(&f)
		return f
	}
	nothing := func(*Packet, []byte) {}
	for _, family := range []struct {
		name          string
		src, dst, vip netip.Addr
		form          Checksum
	}{
		{"IPv4", local, Group4, vip, RFC5798},
		{"IPv4, RFC 9568", local, Group4, vip, RFC9568},
		{"IPv4 unicast", local, above, vip, RFC5798},
		{"IPv6", local6, Group6, vip6, RFC5798},
	} {
		for _, tt := range []struct {
			name         string
			sender, peer Format
			spoil        func(p *Packet, b []byte)
			want         error
			seal         Seal
		}{
			{"signed", signed, signed, nothing, nil, Seal{1, 5}},
			{"signed by the second key", with(func(f *Format) { f.Seal.KeyID = 2 }), signed, nothing, nil, Seal{2, 5}},
			{"the other key first", signed, with(func(f *Format) { f.Keys = []Key{f.Keys[1], f.Keys[0]} }), nothing, nil, Seal{1, 5}},
			{"another secret", signed, with(func(f *Format) { f.Keys = []Key{testKey(t, 1, 9)} }), nothing, BadAuth, Seal{1, 5}},
			{"another id", signed, with(func(f *Format) { f.Keys = f.Keys[1:] }), nothing, BadAuth, Seal{1, 5}},
			{"unsigned", v3, signed, nothing, Unsigned, Seal{}},
			{"unsigned, lenient", v3, with(func(f *Format) { f.Lenient = true }), nothing, nil, Seal{}},
			{"forged, lenient", signed, with(func(f *Format) { f.Lenient, f.Keys = true, []Key{testKey(t, 1, 9)} }), nothing, BadAuth, Seal{1, 5}},
			{"no key here", signed, v3, nothing, nil, Seal{1, 5}},
			{"another sender", signed, signed, func(p *Packet, _ []byte) { p.Source = p.Source.Next() }, BadAuth, Seal{1, 5}},
			{"another receiver", signed, signed, func(p *Packet, _ []byte) { p.Destination = p.Destination.Next() }, BadAuth, Seal{1, 5}},
			{"another VRID", signed, signed, func(_ *Packet, b []byte) { b[1]++ }, BadAuth, Seal{1, 5}},
			{"another priority", signed, signed, func(_ *Packet, b []byte) { b[2] = 255 }, BadAuth, Seal{1, 5}},
			{"another interval", signed, signed, func(_ *Packet, b []byte) { b[5]++ }, BadAuth, Seal{1, 5}},
			{"another address", signed, signed, func(_ *Packet, b []byte) { b[11]++ }, BadAuth, Seal{1, 5}},
			{"a later sequence", signed, signed, func(_ *Packet, b []byte) { b[len(b)-macLength-1]++ }, BadAuth, Seal{1, 6}},
			{"another signature", signed, signed, func(_ *Packet, b []byte) { b[len(b)-1]++ }, BadAuth, Seal{1, 5}},
			{"another algorithm", signed, signed, func(_ *Packet, b []byte) { b[len(b)-TrailerLength]++ }, Unsigned, Seal{}},
		} {
			t.Run(family.name+"/"+tt.name, func(t *testing.T) {
				tt.sender.Checksum = family.form
				b, err := tt.sender.Append(nil, Advertisement{51, 100, time.Second, []netip.Addr{family.vip}}, family.src, family.dst)
				if err != nil {
					t.Fatal(err)
				}
				p := Packet{Source: family.src, Destination: family.dst}
				tt.spoil(&p, b)
				b[6], b[7] = 0, 0 // a forger can sum
				s := checksum(b, p.Source, p.Destination, family.form)
				b[6], b[7] = byte(s>>8), byte(s)
				p, err = tt.peer.parse(p, hops, b)
				if !errors.Is(err, tt.want) || p.Seal != tt.seal {
					t.Errorf("%v, seal %+v; want %v, %+v", err, p.Seal, tt.want, tt.seal)
				}
			})
		}
	}
}

func TestKeyLimits(t *testing.T) {
	for _, tt := range []struct {
		id     uint8
		length int
		ok     bool
	}{{1, MinKey, true}, {255, MaxKey, true}, {0, MinKey, false}, {1, MinKey - 1, false}, {1, MaxKey + 1, false}} {
		if _, err := NewKey(tt.id, make([]byte, tt.length)); (err == nil) != tt.ok {
			t.Errorf("key %d of %d bytes: %v", tt.id, tt.length, err)
		}
	}
	if _, err := (Format{Version: 3, Seal: Seal{3, 1}}).Append(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip}}, local, Group4); err == nil {
		t.Error("signed without a key")
	}
}

func BenchmarkSigned(b *testing.B) {
	f := Format{Version: 3, Keys: []Key{testKey(b, 1, 0)}, Seal: Seal{1, 5}}
	a := Advertisement{51, 100, time.Second, []netip.Addr{vip}}
	buffer := make([]byte, 0, 128)
	for b.Loop() {
		packet, err := f.AppendPacket(buffer, a, local, Group4)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.ParseIPv4(packet); err != nil {
			b.Fatal(err)
		}
	}
}
