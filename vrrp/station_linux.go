package vrrp

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	receiveBuffer   = 4 << 20 // bytes; more than the adverts of 255 virtual routers in a long pause
	controlPriority = 7       // TC_PRIO_CONTROL (linux/pkt_sched.h)
	maxPacket       = 2048
	maxControl      = 256 // of the control messages that come with an IPv6 packet

	maxQueue = 256  // packets that wait for one virtual router; what comes beyond is lost
	maxPump  = 1024 // packets taken from the kernel in one go
	maxMinor = 8    // packets of minor priority kept between two drains
)

// Stations are the sockets of a process: one for each link, family and way of
// being addressed, shared by the virtual routers that speak there. With a socket
// for each of them the kernel would copy every packet to all of them, and the cost
// of many virtual routers on one link would grow with the square of their number
// (ADR 0010). The zero value is ready. The lock is held for system calls that do not wait.
type Stations struct {
	mu   sync.Mutex
	open map[stationKey]*station
}

// stationKey is what virtual routers share a station for. Who is addressed by
// unicast must not be in the group.
type stationKey struct {
	name            string
	index           int
	ipv4, multicast bool
}

// station is one raw socket of protocol 112, bound to one interface and filtered
// to the VRIDs of its virtual routers by the kernel.
type station struct {
	stationKey
	home    *Stations
	file    *os.File // not in the runtime's poller
	raw     syscall.RawConn
	bell    *bell
	sockets map[uint8]*socket // by VRID
	err     error             // why nothing is received any more
	watched chan struct{}     // closed when nobody waits for the socket any more
	in, oob []byte
}

// heard is one packet with what the kernel says beside it. An IPv4 packet says
// all of that itself.
type heard struct {
	message             []byte
	source, destination netip.Addr
	hopLimit            uint8
}

// Listen opens a Conn on a link (RFC 9568, 7.1 and 7.2). It needs CAP_NET_RAW. A
// VRID can be had once on a link and family.
func (all *Stations) Listen(link Link, opt Options) (Conn, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	key := stationKey{opt.Interface, link.Index, link.Source.Is4(), len(opt.Peers) == 0}
	st := all.open[key]
	if st == nil {
		var err error
		if st, err = all.tune(key, opt.VRID); err != nil {
			return nil, err
		}
	}
	if st.sockets[opt.VRID] != nil {
		return nil, fmt.Errorf("open VRRP socket on %s: virtual router id %d is in use", opt.Interface, opt.VRID)
	}
	s := newSocket(st, link, opt)
	st.sockets[opt.VRID] = s
	if err := st.filter(); err != nil {
		delete(st.sockets, opt.VRID)
		if len(st.sockets) == 0 {
			err = errors.Join(err, st.close())
		}
		return nil, fmt.Errorf("open VRRP socket on %s: %w", opt.Interface, err)
	}
	return s, nil
}

// tune opens a station that hears one VRID.
func (all *Stations) tune(key stationKey, vrid uint8) (*station, error) {
	family, setup := unix.AF_INET, configure4
	if !key.ipv4 {
		family, setup = unix.AF_INET6, configure6
	}
	fd, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_CLOEXEC, Protocol)
	if errors.Is(err, unix.EPERM) {
		return nil, fmt.Errorf("open VRRP socket: %w (it needs CAP_NET_RAW)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("open VRRP socket: %w", err)
	}
	if err := errors.Join(configure(fd, key.name, []uint8{vrid}, key.ipv4), setup(fd, key.index, key.multicast)); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("open VRRP socket on %s: %w", key.name, err)
	}
	st := &station{
		stationKey: key, home: all, file: os.NewFile(uintptr(fd), "vrrp"), sockets: map[uint8]*socket{},
		in: make([]byte, maxPacket), oob: make([]byte, maxControl), watched: make(chan struct{}),
	}
	if st.raw, err = st.file.SyscallConn(); err != nil {
		st.file.Close()
		return nil, fmt.Errorf("open VRRP socket: %w", err)
	}
	if st.bell, err = newBell(fd); err != nil {
		st.file.Close()
		return nil, fmt.Errorf("open VRRP socket: %w", err)
	}
	if all.open == nil {
		all.open = map[stationKey]*station{}
	}
	all.open[key] = st
	go st.watch()
	return st, nil
}

// filter lets through what the virtual routers want to hear.
func (st *station) filter() (err error) {
	program, err := vridFilter(slices.Sorted(maps.Keys(st.sockets)), st.ipv4)
	if err != nil {
		return err
	}
	if e := st.raw.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program)
	}); e != nil {
		return e
	}
	return err
}

// fail makes a station one that nobody comes to any more. Who is there is told.
func (st *station) fail(err error) {
	st.err = err
	if st.home.open[st.stationKey] == st {
		delete(st.home.open, st.stationKey)
	}
	for _, s := range st.sockets {
		s.wake()
	}
}

// next is what a virtual router hears next.
func (st *station) next(s *socket) (heard, error) {
	st.home.mu.Lock()
	defer st.home.mu.Unlock()
	if len(s.queue) == 0 {
		st.pump()
	}
	if len(s.queue) == 0 {
		if st.err != nil {
			return heard{}, st.err
		}
		return heard{}, ErrEmpty
	}
	h := s.queue[0]
	s.queue = s.queue[1:]
	if len(s.queue) > 0 {
		s.wake()
	}
	return h, nil
}

// wake lets a socket's Wait return.
func (s *socket) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// leave takes a virtual router off the station, which closes behind the last one.
func (st *station) leave(s *socket) error {
	st.home.mu.Lock()
	if st.sockets[s.vrid] != s {
		st.home.mu.Unlock()
		return nil
	}
	close(s.closed)
	delete(st.sockets, s.vrid)
	if len(st.sockets) > 0 {
		defer st.home.mu.Unlock()
		return st.filter()
	}
	err := st.close()
	st.home.mu.Unlock()
	<-st.watched
	return err
}

// close ends the watch too.
func (st *station) close() error {
	if st.home.open[st.stationKey] == st {
		delete(st.home.open, st.stationKey)
	}
	return errors.Join(st.bell.close(), st.file.Close())
}
