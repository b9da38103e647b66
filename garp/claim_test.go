package garp

import (
	"net/netip"
	"slices"
	"testing"
)

func TestParseARP(t *testing.T) {
	request, reply, err := Frames(vip, mac)
	if err != nil {
		t.Fatal(err)
	}
	probe, err := Probe(vip, mac)
	if err != nil {
		t.Fatal(err)
	}
	claim := Claim{vip, MAC(mac)}
	for _, test := range []struct {
		name  string
		frame []byte
		want  Claim
	}{
		{"announcement, as a request", request, claim},
		{"announcement, as a reply", reply, claim},
		{"probe", probe, Claim{}},
		{"nothing", nil, Claim{}},
		{"header alone", request[:ethernetHeader], Claim{}},
		{"cut", request[:ethernetHeader+20], Claim{}},
	} {
		if got := ParseARP(test.frame); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestParseAdvertisement(t *testing.T) {
	frame, err := Advertisement(vip6, mac, true)
	if err != nil {
		t.Fatal(err)
	}
	message := frame[ethernetHeader+ipv6Header:]
	change := func(at int, to byte) []byte {
		m := slices.Clone(message)
		m[at] = to
		return m
	}
	nonce := slices.Insert(slices.Clone(message), advertisementLength, 14, 1, 0, 0, 0, 0, 0, 0) // an option before ours
	claim := Claim{vip6, MAC(mac)}
	for _, test := range []struct {
		name     string
		message  []byte
		hopLimit int
		want     Claim
	}{
		{"advertisement", message, 255, claim},
		{"with another option", nonce, 255, claim},
		{"forwarded", message, 254, Claim{}},
		{"solicitation", change(0, neighbourSolicitation), 255, Claim{}},
		{"code", change(1, 1), 255, Claim{}},
		{"no option", message[:advertisementLength], 255, Claim{}},
		{"option without length", change(advertisementLength+1, 0), 255, Claim{}},
		{"option too long", change(advertisementLength+1, 2), 255, Claim{}},
		{"cut", message[:20], 255, Claim{}},
	} {
		if got := ParseAdvertisement(test.message, test.hopLimit); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestProbeRefusesWhatIsNoAddress(t *testing.T) {
	for _, a := range []netip.Addr{{}, netip.IPv4Unspecified(), netip.IPv6LinkLocalAllNodes(), netip.MustParseAddr("224.0.0.18")} {
		if _, err := Probe(a, mac); err == nil {
			t.Errorf("%v: no error", a)
		}
	}
	if _, err := Probe(vip, mac[:5]); err == nil {
		t.Error("short MAC: no error")
	}
}

// TestRequest: an ordinary question, which says who asks; by the bytes of RFC 826, and of
// RFC 4861, 4.3.
func TestRequest(t *testing.T) {
	source4, source6 := netip.MustParseAddr("192.0.2.11"), netip.MustParseAddr("fe80::b")
	r, err := Request(vip, mac, source4)
	if err != nil {
		t.Fatal(err)
	}
	if got := ParseARP(r); got != (Claim{source4, MAC(mac)}) || [4]byte(r[38:42]) != vip.As4() || r[21] != 1 {
		t.Errorf("%x", r)
	}
	if r, err = Request(vip6, mac, source6); err != nil {
		t.Fatal(err)
	}
	if len(r) != ethernetHeader+ipv6Header+icmpLength || netip.AddrFrom16([16]byte(r[22:38])) != source6 ||
		r[54] != neighbourSolicitation || netip.AddrFrom16([16]byte(r[62:78])) != vip6 || r[78] != optionSourceAddress || MAC(r[80:86]) != MAC(mac) {
		t.Errorf("%x", r)
	}
	if sum := icmpChecksum(r[ethernetHeader+8:], icmpLength); sum != 0 {
		t.Errorf("the checksum is wrong by %x", sum)
	}
	for _, source := range []netip.Addr{{}, source4, netip.IPv6Unspecified()} {
		if _, err := Request(vip6, mac, source); err == nil {
			t.Errorf("from %v: no error", source)
		}
	}
	if _, err := Request(vip, mac[:5], source4); err == nil {
		t.Error("short MAC: no error")
	}
}

func FuzzParseClaim(f *testing.F) {
	request, _, _ := Frames(vip, mac)
	advertisement, _ := Advertisement(vip6, mac, true)
	f.Add(request)
	f.Add(advertisement[ethernetHeader+ipv6Header:])
	f.Fuzz(func(t *testing.T, b []byte) {
		if c := ParseARP(b); c != (Claim{}) && (!c.Addr.Is4() || c.Addr.IsUnspecified()) {
			t.Errorf("ARP claims %v", c)
		}
		if c := ParseAdvertisement(b, ndHopLimit); c != (Claim{}) && !c.Addr.Is6() {
			t.Errorf("advertisement claims %v", c)
		}
	})
}
