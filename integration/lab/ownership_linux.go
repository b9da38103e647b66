package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Watch records who holds an address, as the kernel tells it. One socket hears
// of all directors, so that the order of their changes is the true one, however
// late the watch gets to read of them.
type Watch struct {
	lab       *Lab
	address   netip.Prefix
	directors map[int]string // by the number that the bridge's namespace knows theirs by
	socket    *os.File
	reader    sync.WaitGroup

	mu      sync.Mutex
	changes []Change
	err     error
}

// WatchOwners starts to watch who holds the address.
func (l *Lab) WatchOwners(address netip.Prefix) *Watch {
	l.t.Helper()
	w := &Watch{lab: l, address: address, directors: map[int]string{}}
	l.must(l.bridge.do(func() (err error) {
		for i, name := range Directors {
			if err := nameNamespace(l.directors[name].fd, i+1); err != nil {
				return fmt.Errorf("name the namespace of %s: %w", name, err)
			}
			w.directors[i+1] = name
		}
		w.socket, err = openAddressNews()
		return err
	}))
	// Read after subscribing: what changes in between is told twice, and telling
	// the same thing twice does no harm.
	for _, name := range Directors {
		w.changes = append(w.changes, Change{time.Now(), name, l.Holds(name, address)})
	}
	w.reader.Go(w.read)
	l.t.Cleanup(w.stop)
	return w
}

// Ownership is who held the address up to now.
func (w *Watch) Ownership() Ownership {
	w.lab.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		w.lab.t.Fatalf("watch the owners: %v", w.err)
	}
	return ownership(w.changes)
}

func (w *Watch) read() {
	conn, err := w.socket.SyscallConn()
	if err != nil {
		w.end(err)
		return
	}
	data, control := make([]byte, 64<<10), make([]byte, 256)
	for {
		var n, controls int
		var failed error
		err := conn.Read(func(fd uintptr) bool {
			n, controls, _, _, failed = unix.Recvmsg(int(fd), data, control, 0)
			return !errors.Is(failed, unix.EAGAIN)
		})
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err := errors.Join(err, failed); err != nil {
			w.end(err)
			return
		}
		now := time.Now()
		name, ok := w.directors[namespaceOf(control[:controls])]
		messages, err := syscall.ParseNetlinkMessage(data[:n])
		if err != nil {
			w.end(err)
			return
		}
		for _, m := range messages {
			if ok && addressOf(&m) == w.address {
				w.add(Change{now, name, m.Header.Type == unix.RTM_NEWADDR})
			}
		}
	}
}

func (w *Watch) add(c Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes = append(w.changes, c)
}

func (w *Watch) end(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

func (w *Watch) stop() {
	w.socket.Close()
	w.reader.Wait()
}

// nameNamespace numbers a namespace for the thread's own; it keeps a number it
// has from another watch.
func nameNamespace(fd, number int) error {
	if known, err := netlink.GetNetNsIdByFd(fd); err != nil || known == number {
		return err
	}
	return netlink.SetNetNsIdByFd(fd, number)
}

// openAddressNews opens a socket that hears of every IPv4 address that comes or
// goes in the numbered namespaces.
func openAddressNews() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open a netlink socket: %w", err)
	}
	socket := os.NewFile(uintptr(fd), "addresses")
	for _, set := range []func() error{
		func() error { return unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_LISTEN_ALL_NSID, 1) },
		func() error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 1<<20) },
		func() error {
			return unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1 << (unix.RTNLGRP_IPV4_IFADDR - 1)})
		},
	} {
		if err := set(); err != nil {
			socket.Close()
			return nil, fmt.Errorf("listen to the addresses of all directors: %w", err)
		}
	}
	return socket, nil
}

// namespaceOf is the number of the namespace that a message came from; 0 for the
// socket's own, which the kernel does not tell.
func namespaceOf(control []byte) int {
	messages, _ := unix.ParseSocketControlMessage(control)
	for _, m := range messages {
		if m.Header.Level == unix.SOL_NETLINK && m.Header.Type == unix.NETLINK_LISTEN_ALL_NSID && len(m.Data) >= 4 {
			return int(binary.NativeEndian.Uint32(m.Data))
		}
	}
	return 0
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
