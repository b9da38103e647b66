package vrrp

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// wire6 gives both ends of a wire a link-local address that is usable at once.
func wire6(t *testing.T) (links [2]Link, in [2]func(func())) {
	t.Helper()
	links, in = wire(t)
	for i := range links {
		links[i].Source = netip.MustParseAddr([]string{"fe80::11", "fe80::12"}[i])
		in[i](func() {
			l, err := netlink.LinkByName("v0")
			if err != nil {
				t.Fatal(err)
			}
			a, _ := netlink.ParseAddr(links[i].Source.String() + "/64")
			a.Flags = unix.IFA_F_NODAD
			if err := netlink.AddrAdd(l, a); err != nil {
				t.Fatal(err)
			}
		})
	}
	return links, in
}

// listen opens a socket on each end.
func listen(t *testing.T, links [2]Link, in [2]func(func()), options func(i int) Options) (c [2]Conn) {
	t.Helper()
	for i := range c {
		in[i](func() {
			var err error
			o := options(i)
			o.Interface, o.VRID = "v0", 51
			if c[i], err = new(Stations).Listen(links[i], o); err != nil {
				t.Fatal(err)
			}
		})
		t.Cleanup(func() { c[i].Close() })
	}
	return c
}

func TestSocketsOfEachKind(t *testing.T) {
	for _, tt := range []struct {
		name    string
		wire    func(*testing.T) ([2]Link, [2]func(func()))
		format  Format
		unicast bool
		vip     netip.Addr
	}{
		{"version 2", wire, v2, false, vip},
		{"version 2 with a password", wire, Format{Version: 2, Password: "secret"}, false, vip},
		{"version 3, unicast", wire, v3, true, vip},
		{"version 3, IPv6", wire6, v3, false, vip6},
		{"version 3, IPv6, unicast", wire6, v3, true, vip6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			links, in := tt.wire(t)
			c := listen(t, links, in, func(i int) Options {
				o := Options{Format: tt.format}
				if tt.unicast {
					o.Peers = []netip.Addr{links[1-i].Source}
				}
				return o
			})
			a := Advertisement{51, 100, time.Second, []netip.Addr{tt.vip}}
			for i := range c {
				if err := c[i].Send(a); err != nil {
					t.Fatal(err)
				}
				p, err := next(t, c[1-i])
				if err != nil || p.Source != links[i].Source || p.Addresses[0] != tt.vip || p.Priority != 100 {
					t.Fatalf("got %+v, %v", p, err)
				}
			}
			foreign := a
			foreign.VRID = 52
			if err := errors.Join(c[0].Send(foreign), c[0].Send(a)); err != nil {
				t.Fatal(err)
			}
			if p, err := next(t, c[1]); err != nil || p.VRID != 51 {
				t.Errorf("got %+v, %v: the filter lets others' pass", p, err)
			}
			if _, err := c[1].Next(); !errors.Is(err, ErrEmpty) {
				t.Errorf("more than was sent: %v", err)
			}
		})
	}
}

// TestUnicastBelievesPeersOnly: a sender that is no peer is heard by nobody.
func TestUnicastBelievesPeersOnly(t *testing.T) {
	links, in := wire(t)
	c := listen(t, links, in, func(i int) Options {
		peers := []netip.Addr{links[1].Source}
		if i == 1 {
			peers = []netip.Addr{netip.MustParseAddr("192.0.2.99")}
		}
		return Options{Format: v3, Peers: peers}
	})
	if err := c[0].Send(Advertisement{51, 255, MaxInterval, []netip.Addr{vip}}); err != nil {
		t.Fatal(err)
	}
	if p, err := next(t, c[1]); !errors.Is(err, BadSource) {
		t.Errorf("got %+v, %v; want %v", p, err, BadSource)
	}
}
