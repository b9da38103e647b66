package config

import (
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
)

var (
	schedulers     = []string{"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos"}
	schedulerFlags = []string{"sh-fallback", "sh-port", "mh-fallback", "mh-port"}
	engines        = []string{"sip"}
)

// maxPersistence is what the kernel's 32-bit count of ticks surely holds.
const maxPersistence = 31 * 24 * time.Hour

// readScheduling reads how connections are dealt out, and what does not go
// together.
func (r *reader) readScheduling(b *block, sv *service, protocol field[string]) {
	scheduler := read(r, b, "scheduler", oneOf(schedulers)).or("wlc")
	sv.Scheduler, sv.scheduler = scheduler.value, scheduler
	if scheduler.ok && (scheduler.given || !b.defaults) {
		r.checkModule(scheduler, "Scheduler", schedulers, "")
	}
	for _, f := range readList(r, b, "scheduler_flags", oneOf(schedulerFlags)).value {
		if !f.ok {
			continue
		}
		of, _, _ := strings.Cut(f.value, "-")
		switch {
		case slices.Contains(sv.SchedulerFlags, f.value):
			r.fail(f.at, "Duplicate scheduler flag", f.shown()+" is there already.")
		case scheduler.ok && of != scheduler.value && !b.defaults:
			r.fail(f.at, "Flag of another scheduler", fmt.Sprintf("%s is for scheduler %q; this virtual server has %s.", f.shown(), of, orDefault(scheduler)))
		}
		sv.SchedulerFlags = append(sv.SchedulerFlags, f.value)
	}
	onePacket := read(r, b, "one_packet", boolean).or(false)
	if sv.OnePacket = onePacket.value; sv.OnePacket && protocol.ok && protocol.value != "udp" && protocol.value != "" {
		r.fail(onePacket.at, "One-packet scheduling of connections", fmt.Sprintf("one_packet is for udp; packets of a connection over %s must reach the same server.", protocol.shown()))
	}
	r.readPersistence(b, sv, protocol)
}

// readPersistence reads how long, for whom and by what a client stays with its
// server.
func (r *reader) readPersistence(b *block, sv *service, protocol field[string]) {
	persistence := read(r, b, "persistence", duration(0, maxPersistence, time.Second)).or(0)
	netmask := read(r, b, "persistence_netmask", persistenceNetmask)
	engine := read(r, b, "persistence_engine", oneOf(engines))
	sv.Persistence, sv.PersistenceNetmask, sv.PersistenceEngine = persistence.value, netmask.value.length, engine.value
	if engine.ok {
		r.checkModule(engine, "Engine", engines, "pe_")
	}
	off := persistence.ok && persistence.value == 0 && !b.defaults
	if netmask.ok {
		switch {
		case off:
			r.fail(netmask.at, "Netmask without persistence", "persistence_netmask says which clients stay together; without persistence none stays. Set persistence, or remove it.")
		case len(sv.families) > 1:
			r.fail(netmask.at, "Netmask of two families", "One persistence_netmask cannot be that of IPv4 and of IPv6 addresses. Make two virtual servers of it.")
		case slices.Contains(sv.families, ipv4) && netmask.value.length > 32:
			r.fail(netmask.at, "Invalid persistence_netmask", fmt.Sprintf("%s is longer than an IPv4 address; it must be 1 to 32, or like \"255.255.255.0\".", netmask.shown()))
		case slices.Contains(sv.families, ipv6) && netmask.value.dotted:
			r.fail(netmask.at, "Invalid persistence_netmask", fmt.Sprintf("%s is a mask of IPv4; the virtual server is IPv6. Write a prefix length, for example 64.", netmask.shown()))
		}
	}
	if engine.ok && engine.given {
		switch {
		case protocol.ok && protocol.value != "udp" && protocol.value != "" && !b.defaults:
			r.fail(engine.at, "SIP engine without UDP", fmt.Sprintf("The kernel's engine %s reads the Call-ID of SIP over UDP; this virtual server is %s.", engine.shown(), protocol.shown()))
		case off:
			r.fail(engine.at, "Engine without persistence", "persistence_engine says by what clients stay with a server; without persistence none stays. Set persistence, or remove it.")
		}
	}
}

// mask is a persistence netmask: how many leading bits count.
type mask struct {
	length int
	dotted bool
}

// String is what messages show of it.
func (m mask) String() string { return fmt.Sprint(m.length) }

// persistenceNetmask accepts a prefix length, or a mask of IPv4 in dotted form.
func persistenceNetmask(v value) (mask, error) {
	if v.v.Type() == cty.Number {
		n, err := integer(1, 128)(v)
		return mask{length: n}, err
	}
	s, err := text(v)
	if err != nil {
		return mask{}, complain("A prefix length or a netmask is needed here, for example 24 or \"255.255.255.0\"; %s is neither.", v)
	}
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return mask{}, complain("%s is not a netmask like \"255.255.255.0\". Prefix lengths are written without quotes.", v)
	}
	m := a.As4()
	whole := uint32(m[0])<<24 | uint32(m[1])<<16 | uint32(m[2])<<8 | uint32(m[3])
	n := bits.LeadingZeros32(^whole)
	if n == 0 || whole<<n != 0 {
		return mask{}, complain("%s is not a netmask: its ones must come first, and there must be one.", v)
	}
	return mask{length: n, dotted: true}, nil
}
