package ipvsctl

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// batchSize is how many requests go into one send. A thousand are about
	// 150 KB and 40 times faster than one at a time in the lab kernel.
	batchSize = 1024
	// socketBuffer holds a batch and the answer to each of its requests.
	socketBuffer = 8 << 20
	// answerTime is how long the kernel may take for the next answer. Adding a
	// service may load a module.
	answerTime = 5 * time.Second

	ctrlGetFamily = 3
	ctrlFamilyID  = 1
	ctrlName      = 2
)

// link is a generic-netlink socket that speaks one family; it belongs to one
// goroutine. An error from its methods that is not about one request means the
// link is out of step and must be closed.
type link struct {
	fd     int
	family uint16
	seq    uint32
	buffer []byte
}

// request is one message to the kernel.
type request struct {
	command uint8
	attrs   attrs
}

// dial opens a socket in the network namespace of the calling thread and looks
// the family up, so a module loaded a moment ago is found.
func dial(family string) (*link, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_GENERIC)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	l := &link{fd: fd, family: unix.GENL_ID_CTRL, buffer: make([]byte, 1<<16)}
	timeout := unix.NsecToTimeval(int64(answerTime))
	err = errors.Join(
		unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout),
		unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketBuffer),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, socketBuffer),
	)
	if err == nil {
		err = l.lookUp(family)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return l, nil
}

func (l *link) close() error { return unix.Close(l.fd) }

// lookUp makes l speak the named family; ENOENT when the kernel has none.
func (l *link) lookUp(name string) error {
	var id uint16
	err := l.get(request{ctrlGetFamily, attrs(nil).text(ctrlName, name)}, func(b []byte) {
		for kind, v := range all(b) {
			if kind == ctrlFamilyID {
				id = v.uint16()
			}
		}
	})
	if err != nil {
		return fmt.Errorf("look up netlink family %s: %w", name, err)
	}
	if id == 0 {
		return fmt.Errorf("look up netlink family %s: %w", name, unix.ENOENT)
	}
	l.family = id
	return nil
}

// do sends n requests in batches. refused is called for each that the kernel
// did not carry out; the others are. Only the last of a batch asks for an
// acknowledgement, since a failure is answered anyway.
func (l *link) do(n int, encode func(i int) request, refused func(i int, err error)) error {
	var b []byte
	for start := 0; start < n; start += batchSize {
		end := min(start+batchSize, n)
		first := l.seq + 1
		b = b[:0]
		for i := start; i < end; i++ {
			flags := uint16(unix.NLM_F_REQUEST)
			if i == end-1 {
				flags |= unix.NLM_F_ACK
			}
			b = l.append(b, encode(i), flags)
		}
		if err := l.send(b); err != nil {
			return err
		}
		err := l.receive(first, nil, func(seq uint32, err error) {
			refused(start+int(seq-first), err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// get sends one request and gives each answer's attributes to data.
func (l *link) get(r request, data func([]byte)) error {
	return l.ask(r, unix.NLM_F_ACK, data)
}

// dump is get for a request with many answers. One dump runs at a time.
func (l *link) dump(r request, data func([]byte)) error {
	return l.ask(r, unix.NLM_F_DUMP, data)
}

func (l *link) ask(r request, flags uint16, data func([]byte)) (err error) {
	b := l.append(nil, r, unix.NLM_F_REQUEST|flags)
	if err := l.send(b); err != nil {
		return err
	}
	broken := l.receive(l.seq, data, func(_ uint32, refusal error) { err = refusal })
	return errors.Join(broken, err)
}

func (l *link) append(b []byte, r request, flags uint16) []byte {
	l.seq++
	b = native.AppendUint32(b, uint32(genlHeader+len(r.attrs)))
	b = native.AppendUint16(b, l.family)
	b = native.AppendUint16(b, flags)
	b = native.AppendUint32(b, l.seq)
	b = native.AppendUint32(b, 0) // from: the kernel knows
	b = append(b, r.command, 1, 0, 0)
	return append(b, r.attrs...)
}

func (l *link) send(b []byte) error {
	for {
		err := unix.Sendto(l.fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
		if err != unix.EINTR {
			return os.NewSyscallError("sendto", err)
		}
	}
}

// receive reads answers until the last request sent is answered. Messages that
// are not from the kernel are dropped.
func (l *link) receive(first uint32, data func([]byte), refused func(seq uint32, err error)) error {
	e := exchange{first: first, last: l.seq, data: data, refused: refused}
	for {
		n, from, err := unix.Recvfrom(l.fd, l.buffer, unix.MSG_TRUNC)
		switch sender, ok := from.(*unix.SockaddrNetlink); {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return fmt.Errorf("no answer from the kernel in %s", answerTime)
		case err != nil:
			return os.NewSyscallError("recvfrom", err)
		case n > len(l.buffer):
			return fmt.Errorf("answer of %d bytes is too long", n)
		case !ok || sender.Pid != 0:
			continue
		}
		if done, err := e.read(l.buffer[:n]); done || err != nil {
			return err
		}
	}
}
