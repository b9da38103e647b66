package garp

import (
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// patience bounds how long a test waits for the kernel before it fails.
const patience = 10 * time.Second

// cable moves the calling test into a fresh network namespace with the two
// ends of one cable and returns them. The test's goroutine stays locked to its
// thread, so the namespace ends with it.
func cable(t testing.TB) (near, far *net.Interface) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("needs CAP_SYS_ADMIN for a network namespace of its own: %v", err)
	}
	ip(t, "link add near type veth peer name far")
	ip(t, "link set near up")
	ip(t, "link set far up")
	return running(t, "near"), running(t, "far")
}

// running waits until the kernel has noticed the carrier: before, it drops what
// is sent without a word.
func running(t testing.TB, name string) *net.Interface {
	t.Helper()
	for start := time.Now(); time.Since(start) < patience; {
		if l := link(t, name); l.Flags&net.FlagRunning != 0 {
			return l
		}
	}
	t.Fatalf("%s has no carrier", name)
	return nil
}

func link(t testing.TB, name string) *net.Interface {
	t.Helper()
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return ifi
}

func ip(t testing.TB, args string) string {
	t.Helper()
	out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ip %s: %v: %s", args, err, out)
	}
	return string(out)
}

func openSender(t testing.TB) *Sender {
	t.Helper()
	s, err := OpenSender()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// listen returns how to receive the next ARP frame at an end of the cable.
func listen(t testing.TB, ifi *net.Interface) func() []byte {
	t.Helper()
	return listenFor(t, ifi, unix.ETH_P_ARP)
}

func listenFor(t testing.TB, ifi *net.Interface, protocol int) func() []byte {
	t.Helper()
	c, err := packet.Listen(ifi, packet.Raw, protocol, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	raw, err := c.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { // the sender is faster than this test
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4<<20)
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() []byte {
		t.Helper()
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 2000)
		n, _, err := c.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		return b[:n]
	}
}

func TestSenderSendsBothFramesOfEveryAddressInOrder(t *testing.T) {
	near, far := cable(t)
	receive := listen(t, far)
	s := openSender(t)
	many := addresses(perCall + 3) // more frames than two calls take
	if err := s.Announce(near.Index, mac, false, many); err != nil {
		t.Fatal(err)
	}
	for _, a := range many {
		request, reply, err := Frames(a, mac)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range [][]byte{request, reply} {
			if d := cmp.Diff(want, receive()); d != "" {
				t.Fatalf("frame for %s (-sent +received):\n%s", a, d)
			}
		}
	}
}

func TestSenderServesEveryLink(t *testing.T) {
	near, far := cable(t)
	atFar, atNear := listen(t, far), listen(t, near)
	s := openSender(t)
	for _, l := range []*net.Interface{near, far} {
		if err := s.Announce(l.Index, l.HardwareAddr, false, []netip.Addr{vip}); err != nil {
			t.Fatal(err)
		}
	}
	if got := net.HardwareAddr(atFar()[6:12]); got.String() != near.HardwareAddr.String() {
		t.Errorf("far hears %s", got)
	}
	if got := net.HardwareAddr(atNear()[6:12]); got.String() != far.HardwareAddr.String() {
		t.Errorf("near hears %s", got)
	}
}

// The witness is the kernel's own ARP: each form alone moves an address that
// another MAC was seen with a moment ago.
func TestEachFormMovesTheAddressInANeighbourTable(t *testing.T) {
	near, _ := cable(t)
	ip(t, "addr add 192.0.2.1/24 dev far")
	s := openSender(t)
	request, reply, err := Frames(vip, mac)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string][]byte{"request": request, "reply": reply} {
		ip(t, "neigh replace 192.0.2.118 lladdr 02:00:00:00:00:bb dev far nud reachable")
		if err := s.send(near.Index, [][]byte{f}); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); !strings.Contains(ip(t, "neigh show 192.0.2.118 dev far"), mac.String()); {
			if time.Since(start) > patience {
				t.Fatalf("%s did not move the address: %s", name, ip(t, "neigh show dev far"))
			}
		}
	}
}

func TestSenderSaysWhyItCannot(t *testing.T) {
	near, _ := cable(t)
	s := openSender(t)
	one := []netip.Addr{vip}
	announce := func(index int) error { return s.Announce(index, mac, false, one) }
	ip(t, "link set far down")
	if err := announce(near.Index); err != nil && !errors.Is(err, ErrNoCarrier) {
		t.Errorf("without carrier: %v", err)
	}
	ip(t, "link set near down")
	if err := announce(near.Index); !errors.Is(err, ErrLinkDown) {
		t.Errorf("link down: %v", err)
	}
	ip(t, "link del near")
	if err := announce(near.Index); !errors.Is(err, ErrLinkGone) {
		t.Errorf("link gone: %v", err)
	}
	ip(t, "link add near type veth peer name far")
	ip(t, "link set near up")
	ip(t, "link set far up")
	if err := announce(link(t, "near").Index); err != nil {
		t.Errorf("another link after one that went: %v", err)
	}
	if err := s.Announce(near.Index, nil, false, one); err == nil {
		t.Error("announced a link without a MAC")
	}
	if err := s.Announce(near.Index, mac, false, nil); err != nil {
		t.Errorf("nothing to announce: %v", err)
	}
}

func TestSendErrorsAreTyped(t *testing.T) {
	for errno, want := range map[unix.Errno]error{
		unix.ENODEV: ErrLinkGone, unix.ENXIO: ErrLinkGone, unix.ENETDOWN: ErrLinkDown,
		unix.ENOBUFS: ErrNoCarrier, unix.EAGAIN: ErrCongested, unix.EMSGSIZE: unix.EMSGSIZE,
	} {
		if err := sendError(errno); !errors.Is(err, want) || !errors.Is(err, errno) {
			t.Errorf("%v gives %v", errno, err)
		}
	}
	if err := sendError(0); err != nil {
		t.Errorf("success gives %v", err)
	}
}

func TestMissingCapabilityIsNamed(t *testing.T) {
	cable(t)
	var none [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capset(&header, &none[0]); err != nil { // this thread alone
		t.Fatal(err)
	}
	if _, err := OpenSender(); !errors.Is(err, ErrPermission) || !strings.Contains(err.Error(), "CAP_NET_RAW") {
		t.Errorf("without capabilities: %v", err)
	}
}

// BenchmarkAnnounceThousand measures one round of a thousand addresses.
func BenchmarkAnnounceThousand(b *testing.B) {
	near, _ := cable(b)
	s, many := openSender(b), addresses(1000)
	for b.Loop() {
		if err := s.Announce(near.Index, mac, false, many); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*2000/b.Elapsed().Seconds(), "frames/s")
}
