package lab

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Watch records who holds an address, as the kernels of the directors tell it. What
// they say is taken down beside the wire that it goes over (nlmon), with the kernel's
// time: however late the watch gets to read of it, when and in which order is certain.
type Watch struct {
	lab     *Lab
	address netip.Prefix
	files   []*os.File
	notes   map[string]syscall.RawConn // by director
	readers sync.WaitGroup

	mu            sync.Mutex
	data, control []byte
	changes       []Change
	err           error
}

// WatchOwners starts to watch who holds the address.
func (l *Lab) WatchOwners(address netip.Prefix) *Watch {
	l.t.Helper()
	w := &Watch{lab: l, address: address, notes: map[string]syscall.RawConn{}, data: make([]byte, 64<<10), control: make([]byte, 256)}
	for _, name := range Directors {
		var news, notes *os.File
		l.must(l.director(name).do(func() (err error) {
			if news, err = openAddressNews(); err == nil {
				notes, err = openNotes()
			}
			return err
		}))
		conn, err := notes.SyscallConn()
		l.must(err)
		w.files, w.notes[name] = append(w.files, news, notes), conn
		// Read after that: what changes in between is told twice, and telling the same
		// thing twice does no harm.
		w.changes = append(w.changes, Change{time.Now(), name, l.Holds(name, address)})
	}
	for name, conn := range w.notes {
		w.readers.Go(func() { conn.Read(func(fd uintptr) bool { return !w.take(name, int(fd)) }) })
	}
	for i := 0; i < len(w.files); i += 2 {
		w.readers.Go(func() { io.Copy(io.Discard, w.files[i]) })
	}
	l.t.Cleanup(w.stop)
	return w
}

// Ownership is who held the address up to now.
func (w *Watch) Ownership() Ownership {
	w.lab.t.Helper()
	for name, conn := range w.notes {
		w.lab.must(conn.Control(func(fd uintptr) { w.take(name, int(fd)) }))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		w.lab.t.Fatalf("watch the owners: %v", w.err)
	}
	return ownership(w.changes)
}

// take reads all that there is to read of a director; false if nothing more will be.
func (w *Watch) take(name string, fd int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil {
		n, controls, _, from, err := unix.Recvmsg(fd, w.data, w.control, unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EAGAIN) {
			return true
		}
		if l, ok := from.(*unix.SockaddrLinklayer); ok && l.Pkttype == packetKernel {
			continue // what the kernel is asked for
		}
		var messages []syscall.NetlinkMessage
		if err == nil {
			messages, err = syscall.ParseNetlinkMessage(w.data[:n])
		}
		for _, m := range messages {
			if addressOf(&m) == w.address {
				w.changes = append(w.changes, Change{receiveTime(w.control[:controls]), name, m.Header.Type == unix.RTM_NEWADDR})
			}
		}
		w.err = err
	}
	return false
}

func (w *Watch) stop() {
	for _, f := range w.files {
		f.Close()
	}
	w.readers.Wait()
}

// openAddressNews opens a socket that every IPv4 address that comes or goes is told to.
// What is said there does not matter, but that it is: what nobody is told is not on the
// wire either.
func openAddressNews() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open a netlink socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "addresses")
	if err := errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_NO_ENOBUFS, 1),
		unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1 << (unix.RTNLGRP_IPV4_IFADDR - 1)}),
	); err != nil {
		file.Close()
		return nil, fmt.Errorf("listen to the addresses: %w", err)
	}
	return file, nil
}

// wireOfNetlink is the name of the interface on which a namespace's netlink messages
// are seen.
const wireOfNetlink = "nlmon0"

// packetKernel is the type of a packet that goes to the kernel (linux/if_packet.h).
const packetKernel = 7

// openNotes opens a packet socket for the netlink messages of the thread's namespace
// that tell of addresses.
func openNotes() (*os.File, error) {
	index, err := indexOf(wireOfNetlink)
	if err != nil {
		if err := netlink.LinkAdd(&netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Name: wireOfNetlink}, LinkType: "nlmon"}); err != nil {
			return nil, fmt.Errorf("make %s: %w", wireOfNetlink, err)
		}
		if err := setUp(wireOfNetlink); err != nil {
			return nil, err
		}
		if index, err = indexOf(wireOfNetlink); err != nil {
			return nil, err
		}
	}
	return openPackets(index, "notes", []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: 4}, // nlmsg_type (netlink(7)), in the host's order
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(networkOrder(unix.RTM_NEWADDR)), Jt: 1},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(networkOrder(unix.RTM_DELADDR)), Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffff}, {Code: unix.BPF_RET | unix.BPF_K, K: 0}, // accept, refuse
	})
}

// addressOf is the address that a message is about (rtnetlink(7), struct
// ifaddrmsg).
func addressOf(m *syscall.NetlinkMessage) (address netip.Prefix) {
	if m.Header.Type != unix.RTM_NEWADDR && m.Header.Type != unix.RTM_DELADDR {
		return address
	}
	attributes, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return address
	}
	for _, a := range attributes {
		if ip, ok := netip.AddrFromSlice(a.Value); ok && a.Attr.Type == unix.IFA_LOCAL {
			address = netip.PrefixFrom(ip, int(m.Data[1]))
		}
	}
	return address
}

func prefixOf(n *net.IPNet) netip.Prefix {
	a, _ := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), bits)
}
