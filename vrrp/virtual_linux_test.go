package vrrp

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// With a link for the virtual MAC adverts have that MAC as the source of their
// frames (RFC 9568, 7.3) and are heard on the interface itself, by a router that
// has the same link too, whether up, as with two masters, or down.
func TestSocketOfVirtualMAC(t *testing.T) {
	for _, family := range []struct {
		name    string
		mac     net.HardwareAddr
		sources [2]string
		vip     string
	}{
		{"IPv4", net.HardwareAddr{0, 0, 0x5e, 0, 1, 51}, [2]string{"192.0.2.11", "192.0.2.12"}, "192.0.2.100"},
		{"IPv6", net.HardwareAddr{0, 0, 0x5e, 0, 2, 51}, [2]string{"fe80::11", "fe80::12"}, "fe80::100"},
	} {
		t.Run(family.name, func(t *testing.T) {
			links, in := wire(t)
			var c [2]Conn
			var frames [2]int
			for i := range c {
				in[i](func() {
					links[i].Source = netip.MustParseAddr(family.sources[i])
					if v0, _ := netlink.LinkByName("v0"); links[i].Source.Is6() {
						a, _ := netlink.ParseAddr(family.sources[i] + "/64")
						a.Flags = unix.IFA_F_NODAD
						if err := netlink.AddrAdd(v0, a); err != nil {
							t.Fatal(err)
						}
					}
					links[i].Via = macvlan(t, links[i].Index, family.mac)
					var err error
					if c[i], err = new(Stations).Listen(links[i], Options{Interface: "v0", VRID: 51, Format: Format{Version: 3}}); err != nil {
						t.Fatal(err)
					}
					frames[i] = listenToFrames(t, links[i].Index)
				})
				defer c[i].Close()
			}
			for priority := range uint8(2) {
				a := Advertisement{51, priority, time.Second, []netip.Addr{netip.MustParseAddr(family.vip)}}
				if err := c[0].Send(a); err != nil {
					t.Fatal(err)
				}
				if p, err := next(t, c[1]); err != nil || p.Source != links[0].Source || p.Priority != priority {
					t.Errorf("heard %+v, %v", p, err)
				}
				if source := sourceOfAdvert(t, frames[1]); !bytes.Equal(source, family.mac) {
					t.Errorf("the frame came from %v", source)
				}
			}
			// A link that is down sends nothing, except the last word, which leaves
			// from the interface's own MAC.
			in[0](func() {
				l, _ := netlink.LinkByIndex(links[0].Via)
				if err := netlink.LinkSetDown(l); err != nil {
					t.Fatal(err)
				}
			})
			a := Advertisement{51, 1, time.Second, []netip.Addr{netip.MustParseAddr(family.vip)}}
			if err := c[0].Send(a); err == nil {
				t.Error("sent by a link that is down")
			}
			a.Priority = 0
			if err := c[0].Send(a); err != nil {
				t.Fatal(err)
			}
			if p, err := next(t, c[1]); err != nil || p.Priority != 0 {
				t.Errorf("heard %+v, %v", p, err)
			}
		})
	}
}

// macvlan makes a link as netif does and sets it up.
func macvlan(t *testing.T, parent int, mac net.HardwareAddr) (index int) {
	t.Helper()
	l := &netlink.Macvlan{LinkAttrs: netlink.LinkAttrs{Name: "virtual", ParentIndex: parent, HardwareAddr: mac}, Mode: netlink.MACVLAN_MODE_VEPA}
	if err := netlink.LinkAdd(l); err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetIP6AddrGenMode(l, 1); err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetUp(l); err != nil {
		t.Fatal(err)
	}
	return l.Attrs().Index
}

// listenToFrames opens a packet socket on a link.
func listenToFrames(t *testing.T, index int) (fd int) {
	t.Helper()
	all := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 2}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}); err != nil {
		t.Fatal(err)
	}
	return fd
}

// sourceOfAdvert is the source MAC of the next VRRP frame.
func sourceOfAdvert(t *testing.T, fd int) net.HardwareAddr {
	t.Helper()
	for b := make([]byte, 2048); ; {
		n, err := unix.Read(fd, b)
		if err != nil {
			t.Fatalf("no advert: %v", err)
		}
		if n > 24 && (b[12] == 0x08 && b[14+9] == Protocol || b[12] == 0x86 && b[14+6] == Protocol) {
			return bytes.Clone(b[6:12])
		}
	}
}
