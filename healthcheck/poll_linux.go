package healthcheck

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poll is an epoll with a timer and a bell in it, behind the runtime's poller.
// No system call here can block, so all go past the scheduler (RawSyscall).
type poll struct {
	file   *os.File // of the epoll
	raw    syscall.RawConn
	epoll  int
	timer  int
	bell   int
	buffer []byte // for whatever is received
	events [256]unix.EpollEvent
}

// Numbers of what is no job.
const (
	timerSlot int32 = -1
	bellSlot  int32 = -2
)

const onEdge = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

func openPoll() (*poll, error) {
	p := &poll{epoll: -1, timer: -1, bell: -1, buffer: make([]byte, 16<<10)}
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err = unix.SetNonblock(p.epoll, true); err == nil {
		p.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	}
	if err == nil {
		p.bell, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	}
	if err == nil {
		err = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, p.timer, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: timerSlot})
	}
	if err == nil {
		err = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, p.bell, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: bellSlot})
	}
	p.file = os.NewFile(uintptr(p.epoll), "epoll of checks")
	if err == nil {
		p.raw, err = p.file.SyscallConn()
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *poll) close() {
	p.file.Close()
	for _, fd := range []int{p.timer, p.bell} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// wait sleeps until something happens and calls ready for every socket that it
// happened to.
func (p *poll) wait(ready func(slot int32)) error {
	var failed syscall.Errno
	n := 0
	err := p.raw.Read(func(uintptr) bool {
		count, _, number := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll), uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), 0, 0, 0)
		if number != 0 && number != unix.EINTR {
			failed = number
			return true
		}
		if number == 0 {
			n = int(count)
		}
		return n > 0
	})
	if err != nil {
		return err
	}
	if failed != 0 {
		return os.NewSyscallError("epoll_pwait", failed)
	}
	for _, e := range p.events[:n] {
		if e.Fd >= 0 {
			ready(e.Fd)
		}
	}
	return nil
}

// wake ends a wait; any goroutine may.
func (p *poll) wake() {
	one := uint64(1)
	unix.RawSyscall(unix.SYS_WRITE, uintptr(p.bell), uintptr(unsafe.Pointer(&one)), 8)
}

// alarm ends a wait after the given time.
func (p *poll) alarm(after time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(after, 1)))}
	unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(p.timer), 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
}

func (p *poll) add(fd int, slot int32) syscall.Errno { return p.control(unix.EPOLL_CTL_ADD, fd, slot) }

// again has a socket reported once more, although nothing new happens to it.
func (p *poll) again(fd int, slot int32) error {
	if number := p.control(unix.EPOLL_CTL_MOD, fd, slot); number != 0 {
		return number
	}
	return nil
}

func (p *poll) control(what, fd int, slot int32) syscall.Errno {
	event := unix.EpollEvent{Events: onEdge, Fd: slot}
	_, _, number := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(p.epoll), uintptr(what), uintptr(fd), uintptr(unsafe.Pointer(&event)), 0, 0)
	return number
}

// connect opens a socket and begins to connect it: EINPROGRESS is the good
// answer. The descriptor is below 0 where there is none.
func connect(to netip.AddrPort, way Way) (fd int, number syscall.Errno) {
	family := unix.AF_INET
	if to.Addr().Is6() && !to.Addr().Is4In6() {
		family = unix.AF_INET6
	}
	r, _, number := unix.RawSyscall(unix.SYS_SOCKET, uintptr(family), unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if number != 0 {
		return -1, number
	}
	if number = way.apply(r); number != 0 {
		return int(r), number
	}
	return int(r), withName(to, func(name unsafe.Pointer, size uintptr) syscall.Errno {
		_, _, number := unix.RawSyscall(unix.SYS_CONNECT, r, uintptr(name), size)
		return number
	})
}

// withName does something with an address as the kernel writes it.
func withName(to netip.AddrPort, do func(unsafe.Pointer, uintptr) syscall.Errno) syscall.Errno {
	port := [2]byte{byte(to.Port() >> 8), byte(to.Port())}
	if to.Addr().Is4() || to.Addr().Is4In6() {
		name := unix.RawSockaddrInet4{Family: unix.AF_INET, Port: *(*uint16)(unsafe.Pointer(&port)), Addr: to.Addr().Unmap().As4()}
		return do(unsafe.Pointer(&name), unsafe.Sizeof(name))
	}
	name := unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: *(*uint16)(unsafe.Pointer(&port)), Addr: to.Addr().As16(), Scope_id: scope(to.Addr())}
	return do(unsafe.Pointer(&name), unsafe.Sizeof(name))
}

func closeSocket(fd int) { unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }

// socketError is how a connect ended.
func socketError(fd int) syscall.Errno {
	var value, size int32 = 0, 4
	if _, _, number := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_ERROR,
		uintptr(unsafe.Pointer(&value)), uintptr(unsafe.Pointer(&size)), 0); number != 0 {
		return number
	}
	return syscall.Errno(value)
}

// send and receive move what can be moved at once. A peer that has gone is an
// error, not a signal.
func send(fd int, b []byte) (int, syscall.Errno) {
	n, _, number := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
	return int(n), number
}

func receive(fd int, b []byte) (int, syscall.Errno) {
	n, _, number := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0, 0)
	return int(n), number
}

// scope is the index of the link that an address is of, 0 where it is of none.
func scope(a netip.Addr) uint32 {
	if a.Zone() == "" {
		return 0
	}
	link, err := net.InterfaceByName(a.Zone())
	if err != nil {
		return 0 // the kernel will say that there is no such way
	}
	return uint32(link.Index)
}
