package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// serviceCheck is a check block whose target still depends on the server.
type serviceCheck struct {
	Check
	address field[netip.Addr] // given: instead of the server's
	source  field[netip.Addr]
	port    field[int] // given: instead of the server's or the service's
}

// aim makes the checks of one server. A server without a port of its own is
// checked at the service's (first) port.
func (r *reader) aim(checks []serviceCheck, server netip.AddrPort, port uint16) []Check {
	var aimed []Check
	for i, c := range checks {
		if c.Kind == "file" { // of this machine: one look, however many servers it stands for
			aimed = append(aimed, c.Check)
			continue
		}
		address := server.Addr()
		if c.address.given {
			address = c.address.value
		}
		to := port
		if server.Port() != 0 {
			to = server.Port()
		}
		if c.port.given {
			to = uint16(c.port.value)
		}
		if c.Kind == "ping" {
			to = 0 // one ping, whatever ports the services are on
		}
		c.Target = netip.AddrPortFrom(address, to)
		checks[i].source.ok = r.checkSource(c.source, address) // said once, however many servers there are
		aimed = append(aimed, c.Check)
	}
	return aimed
}

// readChecks reads the check blocks of a service or a server. None means that
// the check "none" was the only one.
func (r *reader) readChecks(b *block) []serviceCheck {
	blocks := b.blocks("check")
	var all, sound []serviceCheck
	for _, c := range blocks {
		if c.label == "none" {
			if len(blocks) > 1 {
				r.fail(c.at, "Check \"none\" beside others", "check \"none\" says that nothing is checked. Remove it, or the other checks.")
			}
			continue
		}
		said := r.source.said
		next := r.readCheck(c)
		all = append(all, next)
		if said < r.source.said { // there may be more to say of it than that
			continue
		}
		if slices.ContainsFunc(sound, next.equal) {
			r.source.warn(&c.at, "The same check twice", fmt.Sprintf("%s has this check already: the second one asks no more than the first. Remove one of them.", b.title()))
		}
		sound = append(sound, next)
	}
	return all
}

// equal tells whether two checks ask every server for the same.
func (c serviceCheck) equal(other serviceCheck) bool {
	return reflect.DeepEqual(c.Check, other.Check) && c.address.value == other.address.value && c.port.value == other.port.value
}

func (r *reader) readCheck(b *block) serviceCheck {
	if b.label == "exec" { // it is told the server's address and port, and connects to whatever it likes
		c := serviceCheck{Check: r.readRhythm(b, 3)}
		c.Command, c.User, c.Weighs = r.readCommand(b), r.readUser(b), read(r, b, "dynamic_weight", boolean).value
		return c
	}
	if b.label == "file" {
		c := serviceCheck{Check: r.readRhythm(b, 3)}
		c.Path = r.readSwitch(b)
		return c
	}
	c := serviceCheck{
		Check:   r.readRhythm(b, 3),
		source:  read(r, b, "source", hostAddress),
		address: read(r, b, "address", hostAddress),
		port:    read(r, b, "port", integer(1, 65535)),
	}
	c.Source, c.Mark = c.source.value, r.readMark(b)
	r.readAsked(b, &c.Check)
	if webPorts[b.label] != 0 {
		r.readWeigher(b, &c.Check)
	}
	if web := r.readURL(b, &c.Check); web.given {
		c.address = field[netip.Addr]{value: web.value.target.Addr(), at: web.at, given: true, ok: web.ok}
		c.port = field[int]{value: int(web.value.target.Port()), at: web.at, given: true, ok: web.ok}
	}
	return c
}

// readAsked reads what a check says to its target and wants to hear, by its kind.
func (r *reader) readAsked(b *block, c *Check) {
	switch b.label {
	case "http":
		c.HTTP = r.readHTTP(b)
	case "https":
		c.HTTP = r.readHTTP(b)
		c.HTTP.HTTP2 = read(r, b, "http2", boolean).value
		c.TLS = r.readTLS(b)
		if c.TLS.ServerName == "" {
			c.TLS.ServerName = withoutPort(c.HTTP.Host)
		}
	case "tls":
		c.TLS = r.readTLS(b)
	case "tcp", "udp":
		r.readTalk(b, c)
	case "dns":
		c.DNS = r.readDNS(b)
	case "smtp":
		c.SMTP = r.readSMTP(b)
	case "ping":
		c.Size = read(r, b, "size", integer(16, 65507)).or(56).value
	case "grpc":
		c.GRPC, c.TLS = r.readGRPC(b)
	}
}

// readMark reads how the packets of a check are marked.
func (r *reader) readMark(b *block) uint32 {
	return uint32(read(r, b, "mark", integer(1, 1<<32-1)).value)
}

// checkSource reports a source address from which no packet gets to the target.
func (r *reader) checkSource(source field[netip.Addr], target netip.Addr) bool {
	if !source.ok || !target.IsValid() || target.IsUnspecified() || familyOf(source.value) == familyOf(target) {
		return source.ok
	}
	r.fail(source.at, "Invalid source", fmt.Sprintf(
		"%s is %s and cannot be the source of packets to %s, which is %s.", source.shown(), familyOf(source.value), target, familyOf(target)))
	return false
}

// readRhythm reads how often a check is made, and what decides.
func (r *reader) readRhythm(b *block, fall int) Check {
	interval := read(r, b, "interval", duration(10*time.Millisecond, 24*time.Hour, time.Millisecond)).or(2 * time.Second)
	timeout := read(r, b, "timeout", duration(time.Millisecond, 24*time.Hour, time.Millisecond)).or(time.Second)
	fast := read(r, b, "fast_interval", duration(10*time.Millisecond, 24*time.Hour, time.Millisecond)).or(interval.value)
	if interval.ok && timeout.ok && timeout.value > interval.value {
		r.fail(place(timeout, interval), "Invalid timeout", fmt.Sprintf(
			"The timeout of %s is longer than the interval of %s: the next probe would start before this one ends. Set both.", orDefault(timeout), orDefault(interval)))
	}
	if interval.ok && fast.ok && fast.value > interval.value {
		r.fail(fast.at, "Invalid fast_interval", fmt.Sprintf("%s is longer than the interval of %s.", fast.shown(), orDefault(interval)))
	}
	return Check{Probe: &Probe{
		Kind: b.label, Interval: interval.value, Timeout: timeout.value, FastInterval: fast.value,
		Fall: read(r, b, "fall", integer(1, 1000)).or(fall).value,
		Rise: read(r, b, "rise", integer(1, 1000)).or(2).value,
	}}
}

// place is where to complain about two attributes of which one may be a
// default.
func place[A, B any](a field[A], b field[B]) hcl.Range {
	if a.given {
		return a.at
	}
	return b.at
}

// orDefault is a value as messages show it, with a word about defaults.
func orDefault[T any](f field[T]) string {
	if f.given {
		return f.shown()
	}
	return f.shown() + " (the default)"
}
