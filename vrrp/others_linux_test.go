package vrrp

import (
	"errors"
	"net/netip"
	"testing"
	"time"
)

// TestOthers hears strange virtual routers of its family, and ours never.
func TestOthers(t *testing.T) {
	links, in := wire6(t)
	var ours []uint8
	for vrid := 1; vrid < 255; vrid++ {
		ours = append(ours, uint8(vrid))
	}
	for _, tt := range []struct {
		name string
		link Link
		vip  netip.Addr
	}{
		{"IPv4", Link{Index: links[0].Index, Source: local}, vip},
		{"IPv6", links[0], vip6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var o *Others
			in[1](func() {
				var err error
				if o, err = OpenOthers("v0", links[1].Index, tt.link.Source.Is4(), ours); err != nil {
					t.Fatal(err)
				}
			})
			defer o.Close()
			if _, err := o.Next(); !errors.Is(err, ErrEmpty) {
				t.Fatalf("before anybody spoke: %v", err)
			}
			var c Conn
			in[0](func() {
				var err error
				if c, err = new(Stations).Listen(tt.link, Options{Interface: "v0", VRID: 1, Format: v3}); err != nil {
					t.Fatal(err)
				}
			})
			defer c.Close()
			for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
				for _, vrid := range []uint8{1, 128, 254, 255} {
					if err := c.Send(Advertisement{vrid, 100, time.Second, []netip.Addr{tt.vip}}); err != nil {
						t.Fatal(err)
					}
				}
				s, err := o.Next()
				if errors.Is(err, ErrEmpty) {
					continue
				}
				if err != nil || s.VRID != 255 || s.Discard != "" || s.Source != tt.link.Source || len(s.Addresses) != 1 || s.Addresses[0] != tt.vip {
					t.Fatalf("%+v, %v", s, err)
				}
				return
			}
			t.Error("nothing was heard")
		})
	}
}
