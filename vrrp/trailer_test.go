package vrrp

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// testKey is made of the bytes from, from+1, …
func testKey(t testing.TB, id, from uint8) Key { return longKey(t, id, from, MinKey) }

func longKey(t testing.TB, id, from uint8, length int) Key {
	t.Helper()
	secret := make([]byte, length)
	for i := range secret {
		secret[i] = from + uint8(i)
	}
	k, err := NewKey(id, secret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestTrailerBytes spells signed messages out and reads them back. The first two
// are the images of draft-cassen-vrrp-auth-hmac-00, appendix. The trailers of the others
// were made, and the whole messages found right, by the function that signs and the one
// that checks in keepalived after 2.4.3, built by themselves with a clock that stands still.
func TestTrailerBytes(t *testing.T) {
	ips := func(texts ...string) (list []netip.Addr) {
		for _, s := range texts {
			list = append(list, netip.MustParseAddr(s))
		}
		return list
	}
	for _, tt := range []struct {
		name     string
		form     Checksum
		key      Key
		at       time.Time
		advert   Advertisement
		src, dst string
		message  string
		trailer  string
	}{
		{"appendix, IPv4", RFC9568, testKey(t, 1, 0), time.Unix(0x68000000, 5e8),
			Advertisement{51, 200, time.Second, ips("192.0.2.100")}, "198.51.100.10", "224.0.0.18",
			"3133c80100644402c0000264", "010100006800000080000000" + "1b84bc4e8e43892dc6d98448f8ee2265"},
		{"appendix, IPv6", RFC5798, testKey(t, 1, 0), time.Unix(0x68000000, 5e8),
			Advertisement{51, 200, time.Second, ips("fe80::100")}, "fe80::10", "fe80::20",
			"3133c8010064a2e9fe800000000000000000000000000100", "010100006800000080000000" + "c8c56146ebfd66ee10ec4d8186461b78"},
		{"resignation to the group", RFC5798, testKey(t, 7, 0), time.Unix(1790000000, 0),
			Advertisement{51, 0, time.Second, ips("192.0.2.100")}, "192.0.2.11", "224.0.0.18",
			"3133000100646968c0000264", "010700006ab13b8000000000" + "a7c7179d4665be3b7831087c9b6214ea"},
		{"unicast, longest key", RFC5798, longKey(t, 255, 64, MaxKey), time.Unix(2000000000, 999999999),
			Advertisement{51, 100, 100 * time.Millisecond, ips("192.0.2.100", "198.51.100.1")}, "192.0.2.11", "192.0.2.12",
			"31336402000af98dc0000264c6336401", "01ff000077359400ffff0000" + "152c9d4b55fed7556c4956101841dd1d"},
		{"IPv6 unicast, longest interval", RFC5798, longKey(t, 2, 64, MaxKey), time.Unix(1<<31-1, 15259),
			Advertisement{255, 1, MaxInterval, ips("fe80::100", "2001:db8::100")}, "2001:db8::11", "2001:db8::12",
			"31ff01020fffcb00fe80000000000000000000000000010020010db8000000000000000000000100",
			"010200007fffffff00010000" + "410cd68ca71e619d24ab283563b21591"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want, src, dst := tt.message+tt.trailer, netip.MustParseAddr(tt.src), netip.MustParseAddr(tt.dst)
			f := Format{Version: 3, Checksum: tt.form, Keys: []Key{tt.key}, Seal: Seal{tt.key.id, new(Sequence).Next(tt.at)}}
			b, err := f.Append(nil, tt.advert, src, dst)
			if err != nil || hex.EncodeToString(b) != want {
				t.Errorf("%x, %v; want %s", b, err, want)
			}
			b, err = hex.DecodeString(want)
			if err != nil {
				t.Fatal(err)
			}
			p, err := f.parse(Packet{Source: src, Destination: dst}, hops, b)
			if err != nil || p.Seal != f.Seal || p.Checksum != tt.form || !slices.Equal(p.Addresses, tt.advert.Addresses) {
				t.Errorf("%+v, %v", p, err)
			}
		})
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
			{"another receiver", signed, signed, func(p *Packet, _ []byte) { p.Destination = p.Destination.Next() }, nil, Seal{1, 5}},
			{"reserved bits", signed, signed, func(_ *Packet, b []byte) { b[len(b)-TrailerLength+3]++ }, BadAuth, Seal{}},
			{"another VRID", signed, signed, func(_ *Packet, b []byte) { b[1]++ }, BadAuth, Seal{1, 5}},
			{"another priority", signed, signed, func(_ *Packet, b []byte) { b[2] = 255 }, BadAuth, Seal{1, 5}},
			{"another interval", signed, signed, func(_ *Packet, b []byte) { b[5]++ }, BadAuth, Seal{1, 5}},
			{"another address", signed, signed, func(_ *Packet, b []byte) { b[11]++ }, BadAuth, Seal{1, 5}},
			{"a later sequence", signed, signed, func(_ *Packet, b []byte) { b[len(b)-macLength-1]++ }, BadAuth, Seal{1, 6}},
			{"another signature", signed, signed, func(_ *Packet, b []byte) { b[len(b)-1]++ }, BadAuth, Seal{1, 5}},
			{"another algorithm", signed, signed, func(_ *Packet, b []byte) { b[len(b)-TrailerLength]++ }, BadAuth, Seal{}},
			{"another algorithm, lenient", signed, with(func(f *Format) { f.Lenient = true }), func(_ *Packet, b []byte) { b[len(b)-TrailerLength]++ }, BadAuth, Seal{}},
			{"no id", signed, with(func(f *Format) { f.Lenient = true }), func(_ *Packet, b []byte) { b[len(b)-TrailerLength+1] = 0 }, BadAuth, Seal{}},
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
				s := checksum(summed(b, p.Source), p.Source, p.Destination, family.form)
				b[6], b[7] = byte(s>>8), byte(s)
				p, err = tt.peer.parse(p, hops, b)
				if !errors.Is(err, tt.want) || p.Seal != tt.seal {
					t.Errorf("%v, seal %+v; want %v, %+v", err, p.Seal, tt.want, tt.seal)
				}
			})
		}
	}
}

// TestOtherTails: what is behind the addresses and not as long as a trailer is no
// signature, and is summed.
func TestOtherTails(t *testing.T) {
	signed := Format{Version: 3, Keys: []Key{testKey(t, 1, 0)}, Seal: Seal{1, 5}}
	whole, err := signed.Append(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip}}, local, Group4)
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{1, TrailerLength - 1, TrailerLength + 1, 2 * TrailerLength} {
		b := append(slices.Clone(whole), make([]byte, TrailerLength)...)[:len(whole)-TrailerLength+length]
		b[6], b[7] = 0, 0
		s := checksum(b, local, Group4, RFC5798)
		b[6], b[7] = byte(s>>8), byte(s)
		for _, tt := range []struct {
			name string
			f    Format
			want error
		}{{"no key", v3, nil}, {"lenient", Format{Version: 3, Keys: signed.Keys, Lenient: true}, nil}, {"required", signed, Unsigned}} {
			if p, err := tt.f.parse(Packet{Source: local, Destination: Group4}, hops, b); !errors.Is(err, tt.want) || p.Seal != (Seal{}) {
				t.Errorf("%d bytes, %s: %v, seal %+v; want %v", length, tt.name, err, p.Seal, tt.want)
			}
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
