package vrrp

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"
)

// spoiled is an advert as it is on the wire, broken in one way.
type spoiled struct {
	kind         string
	version      uint8
	ipv6, signed bool
	number       uint8 // which value, which bit
}

// spoils are the ways: for whoever hears it, for those who want a signature (in
// version 2 a password), and for those whose signature covers what is said.
var spoils = [][]string{
	{"hops", "version", "type", "count 0", "checksum", "cut", "bit", "destination", "source", "vrid"},
	{"another key", "no signature", "bit of the signature"},
	{"priority", "recording"},
}

// spoil has every other node hear an advert that nobody could but follow, were it not
// spoiled, and wants it refused and the machine to be as before.
func (s *simulation) spoil(n *simNode, t *trouble) {
	w := spoiled{version: s.plan.version, ipv6: s.plan.version == 3 && t.side>>4&1 == 1, signed: t.side>>5&1 == 1, number: t.number}
	kinds := spoils[0]
	if w.signed {
		kinds = slices.Concat(spoils[:w.version]...)
	}
	w.kind = kinds[t.side>>6%uint64(len(kinds))]
	now := epoch.Add(time.Duration(s.now))
	good, bad, err := w.packets(n, now)
	if err != nil {
		s.fail("I1", "cannot marshal: %v", err)
		return
	}
	for _, x := range s.nodes {
		if x == n || !x.alive || x.paused {
			continue
		}
		ear := w.ear(x)
		if _, err := ear.examine(w.heard(good), now); err != nil {
			s.fail("I1", "node %d refuses %x: %v", x.index, good, err)
		}
		x.unmoved("I1", "a spoiled advert ("+w.kind+")", func() {
			if p, err := ear.examine(w.heard(bad), now); err == nil {
				x.wake(Heard{Packet: p, Local: ear.local})
				s.fail("I1", "node %d accepts (%s) %x", x.index, w.kind, bad)
			}
		})
	}
}

// packets are a node's advert and what is made of it.
func (w spoiled) packets(n *simNode, now time.Time) (good, bad []byte, err error) {
	a := Advertisement{51, 254, n.cfg.Interval, []netip.Addr{vip}}
	if w.ipv6 {
		a.Addresses[0] = vip6
	}
	format, from := w.format(1), w.source(n)
	to := groupFor(from)
	format.Seal.Sequence = numberAt(now)
	if good, err = format.AppendPacket(nil, a, from, to); err != nil {
		return nil, nil, err
	}
	switch w.kind {
	case "destination":
		to = to.Next()
	case "source":
		from = to
	case "vrid":
		a.VRID++
	case "another key":
		format = w.format(2)
		format.Seal.Sequence = numberAt(now)
	case "no signature":
		format = Format{Version: w.version}
	}
	bad, err = format.AppendPacket(nil, a, from, to)
	return good, w.broken(bad), err
}

// broken breaks a packet's bytes.
func (w spoiled) broken(b []byte) []byte {
	head, hopsAt, tail := ipv4HeaderLength, 8, TrailerLength
	if w.ipv6 {
		head, hopsAt = ipv6HeaderLength, 7
	}
	if w.version == 2 {
		tail = authLength
	}
	message := b[head:]
	switch w.kind {
	case "hops":
		b[hopsAt] = w.number
	case "version":
		message[0] ^= 0x10
	case "type":
		message[0] ^= 0x02
	case "count 0":
		message[3] = 0
	case "checksum":
		message[6]++
	case "cut":
		return b[:head+int(w.number)%headerLength]
	case "bit": // of the priority or the count
		message[2+w.number%2] ^= 1 << (w.number / 2 % 8)
	case "bit of the signature":
		b[len(b)-1-int(w.number)%tail] ^= 1 << (w.number % 8)
	case "priority": // and the checksum that belongs to it
		message[2] -= w.number
		p := w.heard(b)
		message[6], message[7] = 0, 0
		binary.BigEndian.PutUint16(message[6:], checksum(summed(message, p.source), p.source, p.destination, RFC5798))
	}
	return b
}

// format is that of a sender with the key of a number, if it signs.
func (w spoiled) format(key uint8) Format {
	f := Format{Version: w.version}
	switch {
	case w.signed && w.version == 2:
		f.Password = "secret" + string('0'+rune(key))
	case w.signed:
		k, err := NewKey(1, slices.Repeat([]byte{key}, MinKey))
		if err != nil {
			panic(err) // the key is as long as it must be
		}
		f.Keys, f.Seal.KeyID = []Key{k}, 1
	}
	return f
}

// ear is a node's socket without a kernel.
func (w spoiled) ear(n *simNode) *socket {
	return &socket{
		opt:       Options{Guard: NewGuard(ReplayWindow(n.cfg.Interval), new(Sequence))},
		admission: admission{vrid: 51, local: w.source(n)},
		format:    w.format(1),
	}
}

// source is a node's address on the first link.
func (w spoiled) source(n *simNode) netip.Addr {
	if !w.ipv6 {
		return n.source[0]
	}
	return netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 15: byte(10 + n.index)})
}

// heard is what a kernel says of a packet: of IPv4 its header, of IPv6 what was in it.
func (w spoiled) heard(b []byte) heard {
	if !w.ipv6 {
		return heard{message: b, source: netip.AddrFrom4([4]byte(b[12:])), destination: netip.AddrFrom4([4]byte(b[16:]))}
	}
	return heard{message: b[ipv6HeaderLength:], source: netip.AddrFrom16([16]byte(b[8:])), destination: netip.AddrFrom16([16]byte(b[24:])), hopLimit: b[7]}
}
