package ipvsctl

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"time"

	"github.com/moby/ipvs"
	"golang.org/x/sys/unix"
)

func family(a netip.Addr) uint16 {
	if a.Is6() {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

// encodeKey is what the kernel needs to find a service.
func encodeKey(k Key) attrs {
	a := some().uint16(svcFamily, family(k.Address.Addr()))
	if k.Mark != 0 {
		return a.uint32(svcMark, k.Mark)
	}
	return a.uint16(svcProtocol, uint16(k.Protocol)).
		address(svcAddress, k.Address.Addr()).
		port(svcPort, k.Address.Port())
}

// encodeService is all the kernel wants to hear of a service. The flags come
// with a mask of those that are meant.
func encodeService(s Service) attrs {
	c := s.settings()
	if c.persistence != 0 {
		c.flags |= persistent
	}
	flags := native.AppendUint32(native.AppendUint32(nil, uint32(c.flags)), ^uint32(hashed))
	a := encodeKey(s.Key).
		text(svcScheduler, c.scheduler).
		bytes(svcFlags, flags).
		uint32(svcTimeout, uint32(c.persistence/time.Second)).
		bytes(svcNetmask, encodeNetmask(c.netmask, s.Key.Address.Addr().Is6()))
	if c.engine != "" {
		a = a.text(svcEngine, c.engine)
	}
	return a
}

// encodeNetmask is a mask in network order for IPv4, a prefix length in the
// machine's order for IPv6.
func encodeNetmask(n int, ipv6 bool) []byte {
	if ipv6 {
		if n <= 0 {
			n = 128
		}
		return native.AppendUint32(nil, uint32(n))
	}
	if n <= 0 {
		n = 32
	}
	return binary.BigEndian.AppendUint32(nil, ^uint32(0)<<(32-n))
}

func decodeNetmask(v attr, ipv6 bool) int {
	if len(v) < 4 {
		return -1
	}
	if ipv6 {
		if n := int(native.Uint32(v)); n != 128 {
			return n
		}
		return 0
	}
	mask := binary.BigEndian.Uint32(v)
	switch n := bits.LeadingZeros32(^mask); {
	case n == 32:
		return 0
	case n == 0 || mask<<n != 0:
		return -1
	default:
		return n
	}
}

// decodeAddress reads the first bytes of a field that is always large enough
// for IPv6.
func decodeAddress(v attr, family uint16) netip.Addr {
	switch {
	case family == unix.AF_INET6 && len(v) >= 16:
		return netip.AddrFrom16([16]byte(v))
	case family == unix.AF_INET && len(v) >= 4:
		return netip.AddrFrom4([4]byte(v))
	}
	return netip.Addr{}
}

func decodeService(b []byte) (Service, Traffic) {
	var (
		s       Service
		t       Traffic
		fam     uint16
		port    uint16
		address attr
		netmask attr
	)
	for kind, v := range all(b) {
		switch kind {
		case svcFamily:
			fam = v.uint16()
		case svcProtocol:
			s.Key.Protocol = Protocol(v.uint16())
		case svcAddress:
			address = v
		case svcPort:
			port = v.port()
		case svcMark:
			s.Key.Mark = v.uint32()
		case svcScheduler:
			s.Scheduler = v.text()
		case svcFlags:
			s.Flags = Flags(v.uint32()) &^ hashed
		case svcTimeout:
			s.Persistence = time.Duration(v.uint32()) * time.Second
		case svcNetmask:
			netmask = v
		case svcEngine:
			s.Engine = v.text()
		case svcTraffic:
			t = decodeTraffic(v)
		}
	}
	if s.Key.Mark != 0 {
		s.Key = MarkKey(s.Key.Mark, fam == unix.AF_INET6)
	} else {
		s.Key.Address = netip.AddrPortFrom(decodeAddress(address, fam), port)
	}
	if s.Flags&persistent == 0 {
		s.Persistence = 0
	}
	if s.Persistence != 0 {
		s.Flags &^= persistent
		s.Netmask = decodeNetmask(netmask, fam == unix.AF_INET6)
	}
	return s, t
}

// encodeDestinationKey is what the kernel needs to find a destination.
func encodeDestinationKey(d Destination) attrs {
	return some().
		uint16(destFamily, family(d.Address.Addr())).
		address(destAddress, d.Address.Addr()).
		port(destPort, d.Address.Port())
}

// encodeDestination is everything in full: a tunnel left out means plain IP in
// IP, whatever it was before.
func encodeDestination(d Destination) attrs {
	d = d.settings()
	a := encodeDestinationKey(d).
		uint32(destMethod, uint32(d.Method)).
		uint32(destWeight, uint32(d.Weight)).
		uint32(destUpper, d.Upper).
		uint32(destLower, d.Lower)
	if d.Tunnel != (Encapsulation{}) {
		a = a.uint8(destTunnelKind, uint8(d.Tunnel.Kind)).
			port(destTunnelPort, d.Tunnel.Port).
			uint16(destTunnelFlags, d.Tunnel.Flags)
	}
	return a
}

// decodeDestination needs the service's family: kernels before 3.18 do not
// tell the destination's.
func decodeDestination(b []byte, fam uint16) (Destination, Connections, Traffic) {
	var (
		d       Destination
		c       Connections
		t       Traffic
		address attr
		port    uint16
	)
	for kind, v := range all(b) {
		switch kind {
		case destFamily:
			fam = v.uint16()
		case destAddress:
			address = v
		case destPort:
			port = v.port()
		case destMethod:
			d.Method = Method(v.uint32() & ipvs.ConnFwdMask)
		case destWeight:
			d.Weight = int(int32(v.uint32()))
		case destUpper:
			d.Upper = v.uint32()
		case destLower:
			d.Lower = v.uint32()
		case destActive:
			c.Active = v.uint32()
		case destInactive:
			c.Inactive = v.uint32()
		case destPersistent:
			c.Persistent = v.uint32()
		case destTraffic:
			t = decodeTraffic(v)
		case destTunnelKind:
			d.Tunnel.Kind = EncapsulationKind(v.uint8())
		case destTunnelPort:
			d.Tunnel.Port = v.port()
		case destTunnelFlags:
			d.Tunnel.Flags = v.uint16()
		}
	}
	d.Address = netip.AddrPortFrom(decodeAddress(address, fam), port)
	return d.settings(), c, t
}

func encodeTimeouts(t Timeouts) attrs {
	return attrs(nil).
		uint32(attrTimeoutTCP, uint32(t.TCP/time.Second)).
		uint32(attrTimeoutTCPFin, uint32(t.TCPFin/time.Second)).
		uint32(attrTimeoutUDP, uint32(t.UDP/time.Second))
}

func decodeTimeouts(b []byte) (t Timeouts) {
	for kind, v := range all(b) {
		d := time.Duration(v.uint32()) * time.Second
		switch kind {
		case attrTimeoutTCP:
			t.TCP = d
		case attrTimeoutTCPFin:
			t.TCPFin = d
		case attrTimeoutUDP:
			t.UDP = d
		}
	}
	return t
}
