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
