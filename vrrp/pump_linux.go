package vrrp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// watch pumps whenever something comes, until the station closes or fails. It
// looks before it sleeps: the poller reports a change once, and one that came
// between two calls must not be lost.
func (st *station) watch() {
	defer close(st.watched)
	var one [1]byte
	for {
		if st.raw.Read(func(fd uintptr) bool {
			_, _, err := unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
			return !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR)
		}) != nil {
			return
		}
		st.home.mu.Lock()
		st.pump()
		failed := st.err != nil
		st.home.mu.Unlock()
		if failed {
			return
		}
	}
}

// pump moves what the kernel has to those whom it is for.
func (st *station) pump() {
	for n := 0; n < maxPump && st.err == nil; n++ {
		h, err := st.receive()
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			return
		case errors.Is(err, unix.ENETDOWN):
			return // the link's state says the same, and more
		case err != nil:
			st.fail(fmt.Errorf("receive on %s: %w", st.name, err))
			return
		}
		if s := st.addressee(h.message); s != nil && len(s.queue) < maxQueue {
			s.queue = append(s.queue, h)
			s.wake()
		}
	}
}

// receive goes past the poller, whose lock a waiting watch holds.
func (st *station) receive() (h heard, err error) {
	var n, control int
	var from unix.Sockaddr
	if e := st.raw.Control(func(fd uintptr) {
		n, control, _, from, err = unix.Recvmsg(int(fd), st.in, st.oob, unix.MSG_DONTWAIT)
	}); e != nil {
		return h, e
	}
	if err != nil {
		return h, err
	}
	h.message = slices.Clone(st.in[:n])
	if !st.ipv4 {
		if source, ok := from.(*unix.SockaddrInet6); ok {
			h.source = netip.AddrFrom16(source.Addr)
		}
		h.destination, h.hopLimit = header6(st.oob[:control])
	}
	return h, nil
}

// addressee is whose a packet is. One too short to have a VRID is nobody's, and is
// counted by the first: all would say the same of it.
func (st *station) addressee(packet []byte) *socket {
	at := 1
	if st.ipv4 && len(packet) > 0 {
		at += 4 * int(packet[0]&15)
	}
	if at < len(packet) {
		return st.sockets[packet[at]]
	}
	if len(st.sockets) == 0 {
		return nil
	}
	return st.sockets[slices.Min(slices.Collect(maps.Keys(st.sockets)))]
}

// header6 finds in control messages what the IPv6 header said (RFC 3542, 6).
func header6(control []byte) (dst netip.Addr, hopLimit uint8) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return dst, 0
	}
	for _, m := range messages {
		switch {
		case m.Header.Level != unix.IPPROTO_IPV6:
		case m.Header.Type == unix.IPV6_PKTINFO && len(m.Data) >= 16:
			dst = netip.AddrFrom16([16]byte(m.Data))
		case m.Header.Type == unix.IPV6_HOPLIMIT && len(m.Data) >= 4:
			hopLimit = uint8(binary.NativeEndian.Uint32(m.Data))
		}
	}
	return dst, hopLimit
}
