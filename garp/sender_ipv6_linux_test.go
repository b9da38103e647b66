package garp

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestSenderSendsEachFamilyItsFramesInOrder(t *testing.T) {
	near, far := cable(t)
	receive := listenFor(t, far, unix.ETH_P_ALL)
	mixed := []netip.Addr{vip6, vip, netip.MustParseAddr("fe80::76"), netip.MustParseAddr("2001:db8::77"), vip.Next()}
	for range perCall { // more frames than two calls take
		mixed = append(mixed, mixed[len(mixed)-2].Next(), mixed[len(mixed)-1].Next())
	}
	var want [][]byte
	for _, a := range mixed {
		if a.Is6() {
			f, err := Advertisement(a, mac, true)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, f)
			continue
		}
		request, reply, err := Frames(a, mac)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, request, reply)
	}
	if err := openSender(t).Announce(near.Index, mac, true, mixed); err != nil {
		t.Fatal(err)
	}
	for i, w := range want {
		got := receive()
		for string(got[6:12]) != string(mac) { // the kernel's own
			got = receive()
		}
		if d := cmp.Diff(w, got); d != "" {
			t.Fatalf("frame %d (-sent +received):\n%s", i, d)
		}
	}
}

// Filters on the way out see the protocol that the sender names, not the frame's.
func TestSenderNamesTheProtocolOfEachFrame(t *testing.T) {
	near, _ := cable(t)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: int64(patience / time.Second)}); err != nil {
		t.Fatal(err)
	}
	all := binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: binary.NativeEndian.Uint16(all), Ifindex: near.Index}); err != nil {
		t.Fatal(err)
	}
	if err := openSender(t).Announce(near.Index, mac, false, []netip.Addr{vip, vip6, vip}); err != nil {
		t.Fatal(err)
	}
	frame := make([]byte, 2000)
	for seen := 0; seen < 5; {
		_, from, err := unix.Recvfrom(fd, frame, 0)
		if err != nil {
			t.Fatal(err)
		}
		if string(frame[6:12]) != string(mac) { // the kernel's own
			continue
		}
		seen++
		if got, want := from.(*unix.SockaddrLinklayer).Protocol, binary.NativeEndian.Uint16(frame[12:14]); got != want {
			t.Errorf("frame %d: named %#x, is %#x", seen, got, want)
		}
	}
}

// The witness is the kernel's own neighbour discovery, which checks hop limit and
// checksum: it takes the new MAC and whether the node is a router.
func TestAdvertisementMovesTheAddressInANeighbourTable(t *testing.T) {
	near, _ := cable(t)
	ip(t, "addr add 2001:db8::1/64 dev far nodad")
	s := openSender(t)
	for _, router := range []bool{true, false} {
		ip(t, "neigh replace 2001:db8::76 lladdr 02:00:00:00:00:bb dev far nud reachable")
		if err := s.Announce(near.Index, mac, router, []netip.Addr{vip6}); err != nil {
			t.Fatal(err)
		}
		shown := ""
		for start := time.Now(); !strings.Contains(shown, mac.String()); {
			if time.Since(start) > patience {
				t.Fatalf("did not move the address: %s", shown)
			}
			shown = ip(t, "neigh show 2001:db8::76 dev far")
		}
		if strings.Contains(shown, "router") != router {
			t.Errorf("announced with router %v, known as %s", router, shown)
		}
	}
}

func TestSenderRefusesAMulticastAddress(t *testing.T) {
	near, _ := cable(t)
	bad := []netip.Addr{vip6, netip.MustParseAddr("ff02::1")}
	if err := openSender(t).Announce(near.Index, mac, false, bad); err == nil || !strings.Contains(err.Error(), "ff02::1") {
		t.Errorf("announced a multicast address: %v", err)
	}
}
