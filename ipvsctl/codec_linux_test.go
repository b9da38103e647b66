package ipvsctl

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// kernelWould is what the kernel makes of a service's attributes: it sends the
// flags without their mask, adds its own, and addresses with room for IPv6.
func kernelWould(sent attrs) attrs {
	var answer attrs
	for kind, v := range all(sent) {
		switch kind {
		case svcFlags:
			v = native.AppendUint32(nil, v.uint32()|uint32(hashed))
			v = append(v, 0xff, 0xff, 0xff, 0xff)
		case svcAddress:
			v = append(slices.Clone(v), make([]byte, 16-len(v))...)
		}
		answer = answer.bytes(kind, v)
	}
	return answer
}

func address(t *rapid.T, label string) netip.AddrPort {
	b := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label)
	a := netip.AddrFrom16([16]byte(b))
	if rapid.Bool().Draw(t, label+" is IPv4") {
		a = netip.AddrFrom4([4]byte(b[:4]))
	}
	return netip.AddrPortFrom(a, rapid.Uint16().Draw(t, label+" port"))
}

func TestServiceComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Service{
			Key:       Key{Protocol: rapid.SampledFrom([]Protocol{TCP, UDP, SCTP}).Draw(t, "protocol"), Address: address(t, "address")},
			Scheduler: rapid.StringMatching(`[a-z]{1,10}`).Draw(t, "scheduler"),
			Flags:     Flags(rapid.Uint32().Draw(t, "flags")) &^ (persistent | hashed),
			Engine:    rapid.SampledFrom([]string{"", "sip"}).Draw(t, "engine"),
		}
		if mark := rapid.Uint32().Draw(t, "mark"); mark != 0 && rapid.Bool().Draw(t, "marked") {
			s.Key = MarkKey(mark, s.Key.Address.Addr().Is6())
		}
		if seconds := rapid.Uint32().Draw(t, "persistence"); seconds != 0 {
			s.Persistence = time.Duration(seconds) * time.Second
			s.Netmask = rapid.IntRange(0, s.Key.Address.Addr().BitLen()-1).Draw(t, "netmask")
		}
		got, _ := decodeService(kernelWould(encodeService(s)))
		if got.Key != s.Key || got.settings() != s.settings() || got.Flags != s.Flags || got.Netmask != s.Netmask {
			t.Fatalf("\nsent %+v\nread %+v", s, got)
		}
	})
}

func TestDestinationComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Destination{
			Address: address(t, "address"),
			Method:  rapid.SampledFrom([]Method{Masquerade, Tunnel, DirectRoute}).Draw(t, "method"),
			Weight:  rapid.IntRange(0, 65535).Draw(t, "weight"),
			Upper:   rapid.Uint32().Draw(t, "upper"),
			Lower:   rapid.Uint32().Draw(t, "lower"),
		}
		if d.Method == Tunnel {
			d.Tunnel = Encapsulation{
				Kind:  rapid.SampledFrom([]EncapsulationKind{IPIP, GUE, GRE}).Draw(t, "kind"),
				Port:  rapid.Uint16().Draw(t, "port"),
				Flags: rapid.Uint16().Draw(t, "flags"),
			}
		}
		if got, _, _ := decodeDestination(encodeDestination(d), unix.AF_UNSPEC); got != d {
			t.Fatalf("\nsent %+v\nread %+v", d, got)
		}
	})
}

func TestNetmaskThatIsNoPrefix(t *testing.T) {
	for _, mask := range []attr{nil, {0, 0, 0, 0}, {255, 0, 255, 0}, {0, 255, 255, 255}} {
		if got := decodeNetmask(mask, false); got != -1 {
			t.Errorf("%v reads as /%d", mask, got)
		}
	}
}

// FuzzDecode: whatever arrives, reading it ends.
// TestTrafficIsAsWideAsTheKernels: each of the ten counts has all of its 64 bits, and
// a place of its own.
func TestTrafficIsAsWideAsTheKernels(t *testing.T) {
	var sent attrs
	for kind := range uint16(12) { // 0 is padding, and 11 is nobody's
		sent = sent.bytes(kind, native.AppendUint64(nil, uint64(kind)<<60|1<<40|uint64(kind)))
	}
	count := func(kind uint64) uint64 { return kind<<60 | 1<<40 | kind }
	want := Traffic{
		Total:     Counts{Connections: count(1), PacketsIn: count(2), PacketsOut: count(3), BytesIn: count(4), BytesOut: count(5)},
		PerSecond: Counts{Connections: count(6), PacketsIn: count(7), PacketsOut: count(8), BytesIn: count(9), BytesOut: count(10)},
	}
	if got := decodeTraffic(sent); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func FuzzDecode(f *testing.F) {
	s := Service{Key: Key{Protocol: TCP, Address: netip.MustParseAddrPort("192.0.2.1:80")}, Scheduler: "wlc", Persistence: time.Minute}
	d := Destination{Address: netip.MustParseAddrPort("[2001:db8::1]:80"), Method: Tunnel, Tunnel: Encapsulation{Kind: GRE}}
	f.Add([]byte(encodeService(s)))
	f.Add([]byte(encodeDestination(d)))
	f.Add([]byte(encodeTimeouts(Timeouts{TCP: time.Minute})))
	f.Add([]byte{4, 0, 1, 0, 3, 0, 1, 0, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, _ := decodeService(b)
		_ = s.String()
		d, _, _ := decodeDestination(b, unix.AF_INET)
		_ = d.String()
		decodeTimeouts(b)
	})
}
