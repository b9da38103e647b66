package lab

import (
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Capture records the advertisements and the ARP messages that nodes send, at
// the ports where they come in.
type Capture struct {
	lab     *Lab
	readers sync.WaitGroup
	files   []*os.File

	mu     sync.Mutex
	frames []Frame
	err    error
}

// Capture starts to record what these nodes send; none named: both directors.
func (l *Lab) Capture(nodes ...string) *Capture {
	l.t.Helper()
	if len(nodes) == 0 {
		nodes = Directors
	}
	c := &Capture{lab: l}
	for _, name := range nodes {
		var file *os.File
		l.must(l.bridge.do(func() (err error) {
			file, err = openTap(name)
			return err
		}))
		c.files = append(c.files, file)
		c.readers.Go(func() { c.read(name, file) })
	}
	l.t.Cleanup(c.stop)
	return c
}

// Frames are what was recorded since a moment, in order.
func (c *Capture) Frames(since time.Time) []Frame {
	c.lab.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		c.lab.t.Fatalf("capture: %v", c.err)
	}
	var frames []Frame
	for _, f := range c.frames {
		if !f.Time.Before(since) {
			frames = append(frames, f)
		}
	}
	slices.SortStableFunc(frames, func(a, b Frame) int { return a.Time.Compare(b.Time) })
	return frames
}

// Adverts are the recorded advertisements of a node since a moment.
func (c *Capture) Adverts(from string, since time.Time) []Frame {
	c.lab.t.Helper()
	return slices.DeleteFunc(c.Frames(since), func(f Frame) bool { return f.Advert == nil || f.From != from })
}

// Announcements are the recorded gratuitous ARP messages of a node since a moment.
func (c *Capture) Announcements(from string, since time.Time) []Frame {
	c.lab.t.Helper()
	return slices.DeleteFunc(c.Frames(since), func(f Frame) bool {
		return f.ARP == nil || f.From != from || !f.ARP.Gratuitous()
	})
}

func (c *Capture) stop() {
	for _, f := range c.files {
		f.Close()
	}
	c.readers.Wait()
}

// openTap opens a packet socket on a port of the bridge for VRRP and ARP.
func openTap(port string) (*os.File, error) {
	index, err := indexOf(port)
	if err != nil {
		return nil, err
	}
	return openPackets(index, "tap of "+port, []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: 12},                                // EtherType
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: etherARP, Jt: 3},                  // → accept
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: etherIPv4, Jf: 3},                 // → refuse
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: ethernetHeader + 9},                // protocol
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: protocolVRRP, Jf: 1},              // → refuse
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffff}, {Code: unix.BPF_RET | unix.BPF_K, K: 0}, // accept, refuse
	})
}

func (c *Capture) read(name string, file *os.File) {
	conn, err := file.SyscallConn()
	if err != nil {
		c.fail(err)
		return
	}
	frame, control := make([]byte, 2048), make([]byte, 256)
	for {
		var n, controls int
		var from unix.Sockaddr
		var failed error
		err := conn.Read(func(fd uintptr) bool {
			n, controls, _, from, failed = unix.Recvmsg(int(fd), frame, control, 0)
			return !errors.Is(failed, unix.EAGAIN)
		})
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err = errors.Join(err, failed); err != nil {
			if errors.Is(err, unix.ENETDOWN) {
				continue // the port is down; the tap stays
			}
			c.fail(err)
			return
		}
		if l, ok := from.(*unix.SockaddrLinklayer); ok && l.Pkttype == unix.PACKET_OUTGOING {
			continue // what the bridge sends to the node
		}
		f, ok := parseFrame(frame[:n])
		if !ok {
			continue
		}
		f.From, f.Time = name, receiveTime(control[:controls])
		c.mu.Lock()
		c.frames = append(c.frames, f)
		c.mu.Unlock()
	}
}

func (c *Capture) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}
