package vrrp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Scan reports every VRRP packet heard on an interface, of both families, until
// ctx ends. heard is called from two goroutines, one at a time. It needs
// CAP_NET_RAW.
func Scan(ctx context.Context, ifi *net.Interface, heard func(Sighting)) error {
	var mu sync.Mutex
	report := func(s Sighting) {
		mu.Lock()
		defer mu.Unlock()
		heard(s)
	}
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, group := range []netip.Addr{Group4, Group6} {
		file, err := eavesdrop(ifi, group)
		if err != nil {
			errs[i] = fmt.Errorf("listen on %s: %w", ifi.Name, err)
			continue
		}
		stop := context.AfterFunc(ctx, func() { file.SetReadDeadline(time.Now()) })
		wg.Go(func() {
			defer stop()
			defer file.Close()
			errs[i] = overhear(file, group.Is4(), report)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// eavesdrop opens a socket that hears all virtual routers of a family on a link.
func eavesdrop(ifi *net.Interface, group netip.Addr) (*os.File, error) {
	family, setup := unix.AF_INET, configure4
	if group.Is6() {
		family, setup = unix.AF_INET6, configure6
	}
	fd, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, Protocol)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, ifi.Name),
		setup(fd, ifi.Index, true),
	)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "vrrp"), nil
}

// overhear reads until the file's deadline.
func overhear(file *os.File, ipv4 bool, report func(Sighting)) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	in, oob := make([]byte, maxPacket), make([]byte, maxControl)
	for {
		var n, control int
		var from unix.Sockaddr
		var failed error
		if err := raw.Read(func(fd uintptr) bool {
			n, control, _, from, failed = unix.Recvmsg(int(fd), in, oob, unix.MSG_DONTWAIT)
			return !errors.Is(failed, unix.EAGAIN)
		}); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return nil
			}
			return err
		}
		if failed != nil {
			return failed
		}
		if ipv4 {
			report(Inspect4(in[:n]))
			continue
		}
		source, ok := from.(*unix.SockaddrInet6)
		if !ok {
			continue
		}
		dst, hopLimit := header6(oob[:control])
		report(Inspect6(in[:n], netip.AddrFrom16(source.Addr), dst, hopLimit))
	}
}
