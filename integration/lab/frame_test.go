package lab

import (
	"bytes"
	"net/netip"
	"testing"
	"time"
)

func TestStrangerIsAValidAdvert(t *testing.T) {
	frame := Stranger(200)
	if want := []byte{0x01, 0, 0x5e, 0, 0, 18}; !bytes.Equal(frame[:6], want) {
		t.Errorf("sent to % x, want % x", frame[:6], want)
	}
	f, ok := parseFrame(frame)
	if !ok || f.Advert == nil {
		t.Fatal("not decoded as an advert")
	}
	a := f.Advert
	if a.Version != 3 || a.Type != 1 || a.VRID != VRID || a.Priority != 200 || a.TTL != 255 ||
		a.Interval != time.Second || len(a.Addresses) != 2 || a.Addresses[0] != VIP.Addr() ||
		a.Source != netip.MustParseAddr("192.0.2.99") {
		t.Errorf("decoded as %+v", a)
	}
	if sum := checksum(frame[ethernetHeader : ethernetHeader+20]); sum != 0 {
		t.Errorf("the IP header's checksum is wrong by %#x", sum)
	}
}

func TestParseFrameRefusesTheCutShort(t *testing.T) {
	frame := Stranger(200)
	for n := range frame {
		if f, ok := parseFrame(frame[:n]); ok {
			t.Errorf("the first %d bytes decode as %+v", n, f)
		}
	}
}
