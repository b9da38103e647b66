package netif

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// ignoreForeignRoutes has the kernel keep announcements of routes away that are
// not ours: a routing daemon changes hundreds of thousands. One that replaces
// another passes, for the other may have been ours.
func ignoreForeignRoutes(fd int) error {
	const (
		header     = 16 // struct nlmsghdr
		typeAt     = 4
		flagsAt    = 6
		all        = 1<<32 - 1
		protocolAt = header + rtmProtocol
	)
	program, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: typeAt, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: swapped(unix.RTM_NEWROUTE), SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: swapped(unix.RTM_DELROUTE), SkipTrue: 4},
		bpf.LoadAbsolute{Off: protocolAt, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: Protocol, SkipTrue: 2},
		bpf.LoadAbsolute{Off: flagsAt, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: swapped(unix.NLM_F_REPLACE), SkipTrue: 1},
		bpf.RetConstant{Val: all},
		bpf.RetConstant{Val: 0},
	})
	if err != nil {
		return fmt.Errorf("assemble filter: %w", err)
	}
	filter := make([]unix.SockFilter, len(program))
	for i, p := range program {
		filter[i] = unix.SockFilter{Code: p.Op, Jt: p.Jt, Jf: p.Jf, K: p.K}
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
}

// swapped is a number of the host's byte order as the filter machine reads it,
// in network order.
func swapped(n uint16) uint32 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], n)
	return uint32(binary.BigEndian.Uint16(b[:]))
}
