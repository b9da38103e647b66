package vrrp

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// wire makes two namespaces joined by a veth pair, 192.0.2.11 and 192.0.2.12,
// and returns a way to run code in each.
func wire(t *testing.T) (links [2]Link, in [2]func(func())) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root for network namespaces and raw sockets")
	}
	inside := func(ns netns.NsHandle, f func()) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
			if err := netns.Set(ns); err != nil {
				t.Error(err)
				return
			}
			f()
		}()
		<-done
	}
	var ns [2]netns.NsHandle
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range ns {
		done := make(chan error)
		go func() {
			runtime.LockOSThread()
			var err error
			ns[i], err = netns.New()
			done <- err
		}()
		must(<-done)
		t.Cleanup(func() { ns[i].Close() })
		in[i] = func(f func()) { inside(ns[i], f) }
	}
	in[0](func() {
		must(netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "v0"}, PeerName: "v0", PeerNamespace: netlink.NsFd(ns[1])}))
	})
	for i := range ns {
		in[i](func() {
			l, err := netlink.LinkByName("v0")
			must(err)
			source := netip.AddrFrom4([4]byte{192, 0, 2, byte(11 + i)})
			a, _ := netlink.ParseAddr(source.String() + "/24")
			must(netlink.AddrAdd(l, a))
			must(netlink.LinkSetUp(l))
			links[i] = Link{Index: l.Attrs().Index, Source: source}
		})
	}
	for i := range ns { // a packet sent before the carrier is there is lost
		in[i](func() {
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
				l, err := netlink.LinkByName("v0")
				must(err)
				if l.Attrs().OperState == netlink.OperUp {
					return
				}
				if time.Now().After(deadline) {
					t.Fatal("the link does not come up")
				}
			}
		})
	}
	return links, in
}

// next waits for a packet, at most two seconds.
func next(t *testing.T, c Conn) (Packet, error) {
	t.Helper()
	timer := time.AfterFunc(2*time.Second, func() { c.Close() })
	defer timer.Stop()
	if err := c.Wait(); err != nil {
		t.Fatalf("nothing came: %v", err)
	}
	return c.Next()
}

func TestSocketPair(t *testing.T) {
	links, in := wire(t)
	var c [2]Conn
	for i := range c {
		in[i](func() {
			var err error
			if c[i], err = new(Stations).Listen(links[i], Options{Interface: "v0", VRID: 51, Format: Format{Version: 3}}); err != nil {
				t.Fatal(err)
			}
		})
		defer c[i].Close()
	}
	a := Advertisement{51, 100, time.Second, []netip.Addr{vip}}
	send := func(from Conn, a Advertisement) {
		t.Helper()
		if err := from.Send(a); err != nil {
			t.Fatal(err)
		}
	}

	send(c[0], Advertisement{52, 1, time.Second, []netip.Addr{vip}}) // the filter's business
	send(c[0], a)
	p, err := next(t, c[1])
	if err != nil || p.VRID != 51 || p.Source != links[0].Source || p.Destination != Group4 || p.Checksum != RFC5798 {
		t.Fatalf("got %+v, %v", p, err)
	}
	if _, err := c[1].Next(); !errors.Is(err, ErrEmpty) {
		t.Errorf("more than one packet queued: %v", err)
	}
	if _, err := c[0].Next(); !errors.Is(err, ErrEmpty) {
		t.Errorf("our own packet came back: %v", err)
	}

	// A peer that sends RFC 9568's form is answered in it.
	c[1].(*socket).format.Checksum = RFC9568
	send(c[1], a)
	if p, err := next(t, c[0]); err != nil || p.Checksum != RFC9568 {
		t.Fatalf("got %+v, %v", p, err)
	}
	if got := c[0].(*socket).format.Checksum; got != RFC9568 {
		t.Errorf("sends %v after hearing %v", got, RFC9568)
	}

	// A packet too short for a VRID is seen, and counted for what it is.
	in[0](func() {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, Protocol)
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(fd)
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, hops)
		unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, &unix.IPMreqn{Ifindex: int32(links[0].Index)})
		if err := unix.Sendto(fd, []byte{0x31}, 0, &unix.SockaddrInet4{Addr: Group4.As4()}); err != nil {
			t.Error(err)
		}
	})
	if _, err := next(t, c[1]); !errors.Is(err, BadLength) {
		t.Errorf("a message of one byte: %v, want %v", err, BadLength)
	}

	// Without any address on the interface priority 0 still goes out.
	in[0](func() {
		l, _ := netlink.LinkByName("v0")
		addrs, _ := netlink.AddrList(l, netlink.FAMILY_V4)
		for i := range addrs {
			netlink.AddrDel(l, &addrs[i])
		}
	})
	send(c[0], Advertisement{51, 0, time.Second, []netip.Addr{vip}})
	if p, err := next(t, c[1]); err != nil || p.Priority != 0 || p.Source != links[0].Source {
		t.Fatalf("resignation after the flush: %+v, %v", p, err)
	}

	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for c[0].Wait() == nil { // something may still be in its queue
			c[0].Next()
		}
	}()
	c[0].Close()
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("Wait outlives Close")
	}
}

// TestKeysOfAnOpenSocket: keys are changed on both sides in three steps, and every advert
// between them is believed; one that is signed with what went is not.
func TestKeysOfAnOpenSocket(t *testing.T) {
	links, in := wire(t)
	key := func(id uint8) Key {
		k, err := NewKey(id, bytes.Repeat([]byte{id}, MinKey))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	signs := func(ids ...uint8) (a Authentication) {
		for _, id := range ids {
			a.Keys = append(a.Keys, key(id))
		}
		return a
	}
	var c [2]Conn
	for i := range c {
		in[i](func() {
			sequence := new(Sequence)
			var err error
			if c[i], err = new(Stations).Listen(links[i], Options{Interface: "v0", VRID: 51, Format: Format{Version: 3}.With(signs(1)), Sequence: sequence, Guard: NewGuard(time.Hour, sequence)}); err != nil {
				t.Fatal(err)
			}
		})
		defer c[i].Close()
	}
	hears := func(what string, from, to int, id uint8, want error) {
		t.Helper()
		if err := c[from].Send(Advertisement{51, 100, time.Second, []netip.Addr{vip}}); err != nil {
			t.Fatal(err)
		}
		if p, err := next(t, c[to]); !errors.Is(err, want) || p.Seal.KeyID != id {
			t.Errorf("%s: %d hears %v of key %d, want %v of key %d", what, to, err, p.Seal.KeyID, want, id)
		}
	}
	signer := [2]uint8{1, 1}
	for _, step := range [][]uint8{{1, 2}, {2, 1}, {2}} {
		for i := range c {
			c[i].Authenticate(signs(step...))
			signer[i] = step[0]
			hears("rotation", 0, 1, signer[0], nil)
			hears("rotation", 1, 0, signer[1], nil)
		}
	}
	c[0].Authenticate(signs(1))
	hears("the key that went", 0, 1, 1, BadAuth)
	c[0].Authenticate(Authentication{})
	hears("unsigned", 0, 1, 0, Unsigned)
	lenient := signs(2)
	lenient.Lenient = true
	c[1].Authenticate(lenient)
	hears("unsigned, lenient", 0, 1, 0, nil)
}

func TestListenMissingInterface(t *testing.T) {
	_, in := wire(t)
	in[0](func() {
		if c, err := new(Stations).Listen(Link{Index: 99, Source: local}, Options{Interface: "nosuch", VRID: 51, Format: Format{Version: 3}}); err == nil {
			c.Close()
			t.Error("listens on an interface that is not there")
		}
	})
}
