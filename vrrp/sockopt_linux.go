package vrrp

import (
	"errors"
	"fmt"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// configure binds before anything is joined, so that nothing from another
// interface is ever queued.
func configure(fd int, name string, vrids []uint8, ipv4 bool) error {
	filter, err := vridFilter(vrids, ipv4)
	if err != nil {
		return err
	}
	return errors.Join(
		unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, name),
		unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, filter),
		enlarge(fd),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, controlPriority),
	)
}

// configure4 is ip(7): our own header, and the group unless in unicast.
func configure4(fd, index int, multicast bool) error {
	err := errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_HDRINCL, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, 0),
	)
	if !multicast {
		return err
	}
	group := &unix.IPMreqn{Multiaddr: Group4.As4(), Ifindex: int32(index)}
	return errors.Join(err,
		unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, group),
		unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, group),
	)
}

// configure6 is ipv6(7). The kernel tells destination and hop limit beside each
// packet, whose header it keeps.
func configure6(fd, index int, multicast bool) error {
	err := errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_HDRINCL, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_FREEBIND, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVHOPLIMIT, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, 0),
	)
	if !multicast {
		return err
	}
	group := &unix.IPv6Mreq{Multiaddr: Group6.As16(), Interface: uint32(index)}
	return errors.Join(err,
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, index),
		unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, group),
	)
}

// enlarge sets the receive buffer beyond the administrator's limit where that is
// permitted (CAP_NET_ADMIN), and else to it.
func enlarge(fd int) error {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) == nil {
		return nil
	}
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
}

// vridFilter keeps other virtual routers' packets from waking us. A packet too
// short to have a VRID passes, to be counted as what it is. The filter begins at
// the IPv4 header, but behind that of IPv6.
func vridFilter(vrids []uint8, ipv4 bool) (*unix.SockFprog, error) {
	header := bpf.Instruction(bpf.LoadConstant{Dst: bpf.RegX, Val: 0})
	if ipv4 {
		header = bpf.LoadMemShift{Off: 0} // X = length of the IPv4 header
	}
	program := []bpf.Instruction{
		header,
		bpf.TXA{},
		bpf.ALUOpConstant{Op: bpf.ALUOpAdd, Val: 2},
		bpf.TAX{},
		bpf.LoadExtension{Num: bpf.ExtLen},
		bpf.JumpIfX{Cond: bpf.JumpGreaterOrEqual, SkipTrue: 1},
		bpf.RetConstant{Val: maxPacket},
		header,
		bpf.LoadIndirect{Off: 1, Size: 1},
	}
	for _, vrid := range vrids {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(vrid), SkipTrue: 1}, bpf.RetConstant{Val: maxPacket})
	}
	return assemble(append(program, bpf.RetConstant{Val: 0}))
}

// assemble makes a filter that the kernel takes.
func assemble(instructions []bpf.Instruction) (*unix.SockFprog, error) {
	raw, err := bpf.Assemble(instructions)
	if err != nil {
		return nil, fmt.Errorf("assemble filter: %w", err)
	}
	program := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		program[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}, nil
}
