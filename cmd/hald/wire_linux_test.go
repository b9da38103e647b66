package main

import (
	big "encoding/binary"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

// wire is the far end of the daemon's cable: what a neighbour says and hears.
type wire struct {
	t  *testing.T
	fd int
	to *unix.SockaddrLinklayer
}

func (s *site) wire() *wire {
	s.t.Helper()
	w := &wire{t: s.t}
	s.within(func() error {
		link, err := net.InterfaceByName("peer0")
		if err != nil {
			return err
		}
		all := uint16(unix.ETH_P_ALL)<<8 | uint16(unix.ETH_P_ALL)>>8
		w.to = &unix.SockaddrLinklayer{Protocol: all, Ifindex: link.Index}
		w.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(all))
		if err != nil {
			return err
		}
		return unix.Bind(w.fd, w.to)
	})
	s.t.Cleanup(func() { unix.Close(w.fd) })
	return w
}

// says puts an advertisement for VRID 51 on the wire.
func (w *wire) says(f vrrp.Format, source string, priority uint8, interval time.Duration, addresses ...string) {
	w.t.Helper()
	a := vrrp.Advertisement{VRID: 51, Priority: priority, Interval: interval}
	for _, text := range addresses {
		a.Addresses = append(a.Addresses, netip.MustParseAddr(text))
	}
	frame, err := f.AppendPacket([]byte{1, 0, 0x5e, 0, 0, 18, 2, 0, 0, 0, 0, 99, 8, 0}, a, netip.MustParseAddr(source), vrrp.Group4)
	if err != nil {
		w.t.Fatal(err)
	}
	header, sum := frame[14:34], uint32(0) // its checksum is left to the kernel, which is not asked here
	for i := 0; i < len(header); i += 2 {
		sum += uint32(big.BigEndian.Uint16(header[i:]))
	}
	sum = sum>>16 + sum&0xffff
	big.BigEndian.PutUint16(header[10:], ^uint16(sum>>16+sum))
	if err := unix.Sendto(w.fd, frame, 0, w.to); err != nil {
		w.t.Fatal(err)
	}
}

// hears waits for a frame.
func (w *wire) hears(what string, match func(frame []byte) bool) {
	w.t.Helper()
	frame := make([]byte, 2048)
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); {
		n, _, err := unix.Recvfrom(w.fd, frame, unix.MSG_DONTWAIT)
		if err != nil {
			time.Sleep(5 * time.Millisecond)
		} else if match(frame[:n]) {
			return
		}
	}
	w.t.Fatalf("not heard: %s", what)
}

// events are those in a log that have a name.
func events(t *testing.T, log *os.File, name string) (list []event.Event) {
	t.Helper()
	text, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var e event.Event
		if json.Unmarshal([]byte(line), &e) == nil && e.Name == name {
			list = append(list, e)
		}
	}
	return list
}

// adverts counts the advertisements that were heard and not looked at yet.
func (w *wire) adverts() (n int) {
	frame := make([]byte, 2048)
	for {
		size, _, err := unix.Recvfrom(w.fd, frame, unix.MSG_DONTWAIT)
		if err != nil {
			return n
		}
		if size > 34 && frame[12] == 8 && frame[13] == 0 && frame[23] == vrrp.Protocol {
			n++
		}
	}
}
