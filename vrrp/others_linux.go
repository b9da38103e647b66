package vrrp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// othersBuffer is what a socket for others keeps between two looks, in bytes.
// Whatever else comes is dropped by the kernel, and costs nobody a wake-up.
const othersBuffer = 32 << 10

// Others are the virtual routers on a link that are none of ours. Nobody waits
// for them: they are looked at once in a while.
type Others struct {
	file    *os.File
	raw     syscall.RawConn
	ipv4    bool
	in, oob []byte
}

// OpenOthers listens on an interface to the adverts of one family with other
// VRIDs than ours. It needs CAP_NET_RAW.
func OpenOthers(name string, index int, ipv4 bool, ours []uint8) (*Others, error) {
	group := Group6
	if ipv4 {
		group = Group4
	}
	file, err := eavesdrop(&net.Interface{Name: name, Index: index}, group)
	if err != nil {
		return nil, fmt.Errorf("listen on %s to others: %w", name, err)
	}
	o := &Others{file: file, ipv4: ipv4, in: make([]byte, maxPacket), oob: make([]byte, maxControl)}
	if o.raw, err = file.SyscallConn(); err == nil {
		err = o.configure(ours)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("listen on %s to others: %w", name, err)
	}
	return o, nil
}

func (o *Others) configure(ours []uint8) error {
	filter, err := othersFilter(ours, o.ipv4)
	if err != nil {
		return err
	}
	if e := o.raw.Control(func(fd uintptr) {
		err = errors.Join(
			unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, filter),
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, othersBuffer),
		)
	}); e != nil {
		return e
	}
	return err
}

// Next takes the oldest advertisement without waiting; ErrEmpty when there is
// none.
func (o *Others) Next() (Sighting, error) {
	var n, control int
	var from unix.Sockaddr
	var err error
	if e := o.raw.Control(func(fd uintptr) {
		n, control, _, from, err = unix.Recvmsg(int(fd), o.in, o.oob, unix.MSG_DONTWAIT)
	}); e != nil {
		err = e
	}
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR), errors.Is(err, unix.ENETDOWN):
		return Sighting{}, ErrEmpty
	case err != nil:
		return Sighting{}, fmt.Errorf("listen to others: %w", err)
	case o.ipv4:
		return Inspect4(o.in[:n]), nil
	}
	source, ok := from.(*unix.SockaddrInet6)
	if !ok {
		return Sighting{Discard: BadSource}, nil
	}
	dst, hopLimit := header6(o.oob[:control])
	return Inspect6(o.in[:n], netip.AddrFrom16(source.Addr), dst, hopLimit), nil
}

// Close ends it.
func (o *Others) Close() error { return o.file.Close() }

// othersFilter lets nothing through that belongs to one of our VRIDs: with 255
// of them, speaking a hundred times a second each, none of it is copied. Like
// vridFilter it begins at the IPv4 header, but behind that of IPv6.
func othersFilter(ours []uint8, ipv4 bool) (*unix.SockFprog, error) {
	header := bpf.Instruction(bpf.LoadConstant{Dst: bpf.RegX, Val: 0})
	if ipv4 {
		header = bpf.LoadMemShift{Off: 0} // X = length of the IPv4 header
	}
	program := []bpf.Instruction{header, bpf.LoadIndirect{Off: 1, Size: 1}} // a shorter packet is dropped
	for _, vrid := range ours {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(vrid), SkipTrue: 1}, bpf.RetConstant{Val: 0})
	}
	return assemble(append(program, bpf.RetConstant{Val: maxPacket}))
}
