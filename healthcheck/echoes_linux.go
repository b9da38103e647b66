package healthcheck

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// tokenSize is how many random bytes are at the beginning of what a ping sends.
const tokenSize = 16

// maxEchoes is the room for answers that are not read yet, in bytes.
const maxEchoes = 1 << 20

// echoes is one socket and the pings that wait for an answer on it.
type echoes struct {
	kind    string // ip4:icmp or ip6:ipv6-icmp
	way     Way
	conn    net.PacketConn
	ended   chan struct{} // when nobody reads any more
	users   int           // under open.Mutex
	mu      sync.Mutex
	last    uint16
	waiting map[uint16]*ping // by sequence number
}

type ping struct {
	target netip.Addr
	id     uint16
	data   []byte
	done   chan struct{}
}

// open are the sockets in use: each is there while a ping is under way.
var open = struct {
	sync.Mutex
	all map[[2]any]*echoes
}{all: map[[2]any]*echoes{}}

// enter is the socket to a target, opened for the first who needs it.
func enter(target netip.Addr, way Way) (*echoes, error) {
	kind, local := "ip4:icmp", "0.0.0.0"
	if target.Is6() && !target.Is4In6() {
		kind, local = "ip6:ipv6-icmp", "::"
	}
	open.Lock()
	defer open.Unlock()
	key := [2]any{kind, way}
	e := open.all[key]
	if e == nil {
		if way.Source.IsValid() {
			local = way.Source.String()
		}
		conn, err := (&net.ListenConfig{Control: way.control}).ListenPacket(context.Background(), kind, local)
		if err != nil {
			return nil, err
		}
		if kind == "ip4:icmp" {
			var f ipv4.ICMPFilter
			f.SetAll(true)
			f.Accept(ipv4.ICMPTypeEchoReply)
			err = ipv4.NewPacketConn(conn).SetICMPFilter(&f)
		} else {
			var f ipv6.ICMPFilter
			f.SetAll(true)
			f.Accept(ipv6.ICMPTypeEchoReply)
			err = ipv6.NewPacketConn(conn).SetICMPFilter(&f)
		}
		if err != nil {
			conn.Close()
			return nil, err
		}
		conn.(*net.IPConn).SetReadBuffer(maxEchoes) // as far as the kernel lets us
		e = &echoes{kind: kind, way: way, conn: conn, ended: make(chan struct{}), waiting: map[uint16]*ping{}}
		open.all[key] = e
		go e.listen()
	}
	e.users++
	return e, nil
}

// leave closes the socket behind the last.
func (e *echoes) leave() {
	open.Lock()
	defer open.Unlock()
	if e.users--; e.users == 0 {
		delete(open.all, [2]any{e.kind, e.way})
		e.conn.Close()
		<-e.ended
	}
}

// ask sends a request; answered is closed when its answer has come. done forgets it.
func (e *echoes) ask(target netip.Addr, size int) (answered <-chan struct{}, done func(), err error) {
	data := make([]byte, size)
	rand.Read(data[:tokenSize])
	p := &ping{target: target.Unmap(), id: uint16(data[0])<<8 | uint16(data[1]), data: data, done: make(chan struct{})}
	seq, ok := e.place(p)
	if !ok {
		return nil, nil, ownFault{errors.New("65536 pings are under way")}
	}
	done = func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.waiting, seq)
	}
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: int(p.id), Seq: int(seq), Data: data}}
	if e.kind != "ip4:icmp" {
		m.Type = ipv6.ICMPTypeEchoRequest
	}
	b, err := m.Marshal(nil) // the kernel does the checksum of ICMPv6 (RFC 3542, 3.1)
	if err == nil {
		_, err = e.conn.WriteTo(b, &net.IPAddr{IP: target.Unmap().AsSlice(), Zone: target.Zone()})
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return p.done, done, nil
}

// place gives a ping a sequence number that no other has.
func (e *echoes) place(p *ping) (seq uint16, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for range 1 << 16 {
		e.last++
		if e.waiting[e.last] == nil {
			e.waiting[e.last] = p
			return e.last, true
		}
	}
	return 0, false
}

// listen hands answers out until the socket is closed.
func (e *echoes) listen() {
	defer close(e.ended)
	protocol := ipv4.ICMPTypeEchoReply.Protocol()
	if e.kind != "ip4:icmp" {
		protocol = ipv6.ICMPTypeEchoReply.Protocol()
	}
	for buffer := make([]byte, 64<<10); ; {
		n, from, err := e.conn.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // of a packet: the next one is another matter
		}
		if m, err := icmp.ParseMessage(protocol, buffer[:n]); err == nil {
			e.answer(m, from)
		}
	}
}

// answer believes an answer that comes from the target, with the number and all the
// data that were sent to it.
func (e *echoes) answer(m *icmp.Message, from net.Addr) {
	echo, isEcho := m.Body.(*icmp.Echo)
	source, isIP := from.(*net.IPAddr)
	if !isEcho || !isIP || m.Type != ipv4.ICMPTypeEchoReply && m.Type != ipv6.ICMPTypeEchoReply {
		return
	}
	address, _ := netip.AddrFromSlice(source.IP)
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.waiting[uint16(echo.Seq)]
	if p == nil || int(p.id) != echo.ID || address.Unmap() != p.target.WithZone("") || !bytes.Equal(echo.Data, p.data) {
		return
	}
	delete(e.waiting, uint16(echo.Seq))
	close(p.done)
}
