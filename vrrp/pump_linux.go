package vrrp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// crowd is how many packets at one look, and rush how short a time between two
	// looks, make the watch rest before the next: a flood then costs what its packets
	// do, and not a wake-up for each. No deadline waits for it, since a router
	// pumps by itself before it honours one; but hundreds that all find theirs near
	// and the queue full are late for it, so the rest is short.
	crowd = 8
	rush  = 500 * time.Microsecond
	rest  = time.Millisecond
)

// watch pumps whenever something comes, until the station closes or fails.
func (st *station) watch() {
	defer close(st.watched)
	for last := time.Now(); ; {
		if st.bell.wait() != nil {
			return
		}
		st.home.mu.Lock()
		n := st.pump()
		failed := st.err != nil
		st.home.mu.Unlock()
		if failed {
			return
		}
		now := time.Now()
		if n >= crowd || now.Sub(last) < rush {
			time.Sleep(rest)
		}
		last = now
	}
}

// pump moves what the kernel has to those whom it is for, and says how many packets
// that were.
func (st *station) pump() (n int) {
	for ; n < maxPump && st.err == nil; n++ {
		h, err := st.receive()
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			return n
		case errors.Is(err, unix.ENETDOWN):
			return n // the link's state says the same, and more
		case err != nil:
			st.fail(fmt.Errorf("receive on %s: %w", st.name, err))
			return n
		}
		if s := st.addressee(h.message); s != nil {
			s.take(h)
		}
	}
	return n
}

// take queues a packet, unless there are too many.
func (s *socket) take(h heard) {
	minor := s.isMinor(h.message)
	if len(s.queue) >= maxQueue || minor && s.minor >= maxMinor {
		s.surplus++
		return
	}
	if minor {
		s.minor++
	}
	h.message = slices.Clone(h.message)
	s.queue = append(s.queue, h)
	s.wake()
}

// isMinor looks at a packet's priority, which is at the same place in both versions
// (RFC 9568, 5.1; RFC 3768, 5.1).
func (s *socket) isMinor(packet []byte) bool {
	priority, ok := s.station.octet(packet, 2)
	return ok && priority > 0 && priority < s.below
}

// receive does not wait. The message is valid until the next call. Package syscall's functions do not ask the socket for
// its protocol with each packet, as those of x/sys do.
func (st *station) receive() (h heard, err error) {
	var n, control int
	var from syscall.Sockaddr
	if e := st.raw.Control(func(fd uintptr) {
		if st.ipv4 {
			n, _, err = syscall.Recvfrom(int(fd), st.in, unix.MSG_DONTWAIT)
			return
		}
		n, control, _, from, err = syscall.Recvmsg(int(fd), st.in, st.oob, unix.MSG_DONTWAIT)
	}); e != nil {
		return h, e
	}
	if err != nil {
		return h, err
	}
	h.message = st.in[:n]
	if source, ok := from.(*syscall.SockaddrInet6); ok {
		h.source = netip.AddrFrom16(source.Addr)
		h.destination, h.hopLimit = header6(st.oob[:control])
	}
	return h, nil
}

// addressee is whose a packet is. One too short to have a VRID is nobody's, and is
// counted by the first: all would say the same of it.
func (st *station) addressee(packet []byte) *socket {
	if vrid, ok := st.octet(packet, 1); ok {
		return st.sockets[vrid]
	}
	if len(st.sockets) == 0 {
		return nil
	}
	return st.sockets[slices.Min(slices.Collect(maps.Keys(st.sockets)))]
}

// octet is one of the VRRP message in a packet, if it is so long: IPv4 packets come
// with their IP header.
func (st *station) octet(packet []byte, at int) (value uint8, ok bool) {
	if st.ipv4 && len(packet) > 0 {
		at += 4 * int(packet[0]&15)
	}
	if at >= len(packet) {
		return 0, false
	}
	return packet[at], true
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
