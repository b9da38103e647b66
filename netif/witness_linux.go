package netif

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// SeesAdvertisement waits until a VRRP packet with the given source MAC leaves
// the link, and reports whether one did within the time and before ctx ended. It needs CAP_NET_RAW.
func SeesAdvertisement(ctx context.Context, linkIndex int, source net.HardwareAddr, within time.Duration) (bool, error) {
	file, err := tap(linkIndex, source)
	if err != nil {
		return false, fmt.Errorf("watch for advertisements: %w", err)
	}
	defer file.Close()
	if err := file.SetReadDeadline(time.Now().Add(within)); err != nil {
		return false, err
	}
	defer context.AfterFunc(ctx, func() { file.SetReadDeadline(time.Now()) })()
	_, err = file.Read(make([]byte, 1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false, nil
	}
	return err == nil, err
}

// tap is a packet socket for what is sent on a link, under all protocols: the
// kernel shows frames on their way out to those alone. Its filter is there before
// it is bound, so that nothing else is ever queued.
func tap(linkIndex int, source net.HardwareAddr) (*os.File, error) {
	program, err := advertisementsFrom(source)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL)), Ifindex: linkIndex}),
	)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "tap"), nil
}

// advertisementsFrom passes outgoing frames of IP protocol 112 with this source MAC.
func advertisementsFrom(source net.HardwareAddr) (*unix.SockFprog, error) {
	const protocol = 112
	raw, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.PACKET_OUTGOING, SkipTrue: 11},
		bpf.LoadAbsolute{Off: 6, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(binary.BigEndian.Uint16(source)), SkipTrue: 9},
		bpf.LoadAbsolute{Off: 8, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: binary.BigEndian.Uint32(source[2:]), SkipTrue: 7},
		bpf.LoadAbsolute{Off: 12, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.ETH_P_IPV6, SkipTrue: 2},
		bpf.LoadAbsolute{Off: 14 + 9, Size: 1}, // protocol of the IPv4 header
		bpf.Jump{Skip: 1},
		bpf.LoadAbsolute{Off: 14 + 6, Size: 1}, // next header of the IPv6 header
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protocol, SkipTrue: 1},
		bpf.RetConstant{Val: 1},
		bpf.RetConstant{Val: 0},
	})
	if err != nil {
		return nil, fmt.Errorf("assemble filter: %w", err)
	}
	program := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		program[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}, nil
}
