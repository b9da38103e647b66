package admin

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// peer is who connected, as the kernel knows it (SO_PEERCRED, unix(7)): the
// connection's remote address, which a unix socket does not have otherwise.
type peer string

func (peer) Network() string  { return "unix" }
func (p peer) String() string { return string(p) }

// identified is a connection that knows its peer.
type identified struct {
	net.Conn
	peer peer
}

func (c identified) RemoteAddr() net.Addr { return c.peer }

// Accept waits for a client and asks the kernel who it is.
func (s *Socket) Accept() (net.Conn, error) {
	c, err := s.AcceptUnix()
	if err != nil {
		return nil, err
	}
	return identified{c, peerOf(c)}, nil
}

// peerOf names the user and the process at the other end, as they were when it
// connected.
func peerOf(c *net.UnixConn) peer {
	var who *unix.Ucred
	raw, err := c.SyscallConn()
	if err == nil {
		var inner error
		err = raw.Control(func(fd uintptr) {
			who, inner = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		})
		if err == nil {
			err = inner
		}
	}
	if err != nil {
		return "unknown user"
	}
	return peer(fmt.Sprintf("uid %d, pid %d", who.Uid, who.Pid))
}
