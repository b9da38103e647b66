package vrrp

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// fixChecksum gives an IPv4 packet of VRRP the checksum that it should have, so that the
// fuzzer gets as far as the signature.
func fixChecksum(b []byte) {
	head := 4 * int(b[0]&15)
	if len(b) < head+headerLength || head < 20 {
		return
	}
	message := b[head:]
	message[6], message[7] = 0, 0
	sum := checksum(summed(message, local), netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:])), RFC5798)
	message[6], message[7] = byte(sum>>8), byte(sum)
}

// FuzzSignature: with keys nothing is believed that was not signed with one of
// them: what is accepted is, to the last bit, what its signer sends.
func FuzzSignature(f *testing.F) {
	keys := []Key{testKey(f, 1, 0), testKey(f, 2, 50)}
	signed := func(id uint8) Format { return Format{Version: 3, Keys: keys, Seal: Seal{id, numberAt(epoch)}} }
	for _, id := range []uint8{1, 2} {
		for _, to := range []netip.Addr{Group4, above} {
			b, err := signed(id).AppendPacket(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip, above}}, local, to)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
			f.Add(append(b, 0))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 20 {
			return
		}
		fixChecksum(b)
		format := signed(1)
		p, err := format.ParseIPv4(slices.Clone(b))
		if err != nil {
			return
		}
		format.Seal, format.Checksum = p.Seal, p.Checksum
		again, err := format.AppendPacket(nil, p.Advertisement, p.Source, p.Destination)
		if err != nil {
			t.Fatalf("accepted what cannot be sent: %+v: %v", p, err)
		}
		head, own := 4*int(b[0]&15), 4*int(again[0]&15)
		if message := b[head:]; len(message) < len(again)-own || !slices.Equal(message[:len(again)-own], again[own:]) {
			t.Fatalf("accepted %x, whose signer sends %x", message, again[own:])
		}
	})
}
