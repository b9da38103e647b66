package vrrp

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestScan hears what a Conn of one VRID does not: every version, family, VRID
// and password.
func TestScan(t *testing.T) {
	links, in := wire6(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	heard, ended := make(chan Sighting, 64), make(chan error, 1)
	go in[1](func() {
		ifi, err := net.InterfaceByName("v0")
		if err == nil {
			err = Scan(ctx, ifi, func(s Sighting) { heard <- s })
		}
		ended <- err
	})

	send := map[string]Conn{}
	for name, o := range map[string]Options{
		"2": {Format: v2}, "2 with a password": {Format: Format{Version: 2, Password: "secret"}},
		"3": {Format: v3}, "3 over IPv6": {Format: v3},
	} {
		link := links[0]
		if name != "3 over IPv6" {
			link.Source = local
		}
		o.Interface, o.VRID = "v0", 1
		in[0](func() {
			c, err := new(Stations).Listen(link, o)
			if err != nil {
				t.Fatal(err)
			}
			send[name] = c
			t.Cleanup(func() { c.Close() })
		})
	}
	missing := map[string]bool{"2": true, "2 with a password": true, "3": true, "3 over IPv6": true}
	vrids := map[string]uint8{"2": 10, "2 with a password": 11, "3": 12, "3 over IPv6": 13}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for len(missing) > 0 {
		select {
		case <-tick.C: // until the other side listens
			for name := range missing {
				a := Advertisement{vrids[name], 100, time.Second, []netip.Addr{vip}}
				if name == "3 over IPv6" {
					a.Addresses[0] = vip6
				}
				if err := send[name].Send(a); err != nil {
					t.Fatal(err)
				}
			}
		case s := <-heard:
			for name, vrid := range vrids {
				if s.VRID == vrid {
					if s.Discard != "" || s.Version != name[0]-'0' || s.Priority != 100 || s.Interval != time.Second {
						t.Errorf("%s: %+v", name, s)
					}
					delete(missing, name)
				}
			}
		case err := <-ended:
			t.Fatalf("scan ended: %v; not heard: %v", err, missing)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestInspect(t *testing.T) {
	b, err := v3.AppendPacket(nil, Advertisement{51, 100, time.Second, []netip.Addr{vip}}, local, Group4)
	if err != nil {
		t.Fatal(err)
	}
	b[8] = 64
	if s := Inspect4(b); s.Discard != BadTTL || s.Version != 3 || s.Source != local {
		t.Errorf("%+v", s)
	}
	b[8], b[20] = 255, 0x41
	if s := Inspect4(b); s.Discard != BadVersion || s.Version != 4 {
		t.Errorf("%+v", s)
	}
	for n := range 24 { // whatever is missing
		Inspect4(b[:n])
		Inspect6(b[:n], local6, Group6, 255)
	}
}
