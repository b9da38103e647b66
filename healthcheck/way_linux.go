package healthcheck

import (
	"context"
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Way is how a probe leaves this machine. An address that the machine does not have,
// and a mark that it may not set, are its own fault and not the server's.
type Way struct {
	Source netip.Addr // invalid: the kernel chooses
	Mark   uint32     // SO_MARK, for rules and packet filters (needs CAP_NET_ADMIN); 0: none
}

// through is what opens connections on this way; a test's own opener comes first.
func (w Way) through(open dialFunc) dialFunc {
	if open != nil || w == (Way{}) {
		return open
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		d := net.Dialer{KeepAlive: -1, Control: w.control}
		switch udp := network == "udp"; {
		case w.Source.IsValid() && udp:
			d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.Source, 0))
		case w.Source.IsValid():
			d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(w.Source, 0))
		}
		return d.DialContext(ctx, network, address)
	}
}

// control sets the options of a socket before it is bound.
func (w Way) control(_, _ string, c syscall.RawConn) error {
	var number syscall.Errno
	if err := c.Control(func(fd uintptr) { number = w.options(fd) }); err != nil {
		return err
	}
	if number != 0 {
		return os.NewSyscallError("set mark", number)
	}
	return nil
}

// options marks a socket, and leaves the choice of its port to connect: one that is
// bound without knowing its peer has its port for itself alone (ip(7)).
func (w Way) options(fd uintptr) syscall.Errno {
	if w.Source.IsValid() {
		setOption(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1) // an older kernel does without
	}
	if w.Mark == 0 {
		return 0
	}
	return setOption(fd, unix.SOL_SOCKET, unix.SO_MARK, w.Mark)
}

// apply makes a raw socket go this way.
func (w Way) apply(fd uintptr) syscall.Errno {
	if w == (Way{}) {
		return 0
	}
	if number := w.options(fd); number != 0 || !w.Source.IsValid() {
		return number
	}
	return withName(netip.AddrPortFrom(w.Source, 0), func(name unsafe.Pointer, size uintptr) syscall.Errno {
		_, _, number := unix.RawSyscall(unix.SYS_BIND, fd, uintptr(name), size)
		return number
	})
}

func setOption(fd uintptr, level, option int, value uint32) syscall.Errno {
	_, _, number := unix.RawSyscall6(unix.SYS_SETSOCKOPT, fd, uintptr(level), uintptr(option), uintptr(unsafe.Pointer(&value)), 4, 0)
	return number
}
