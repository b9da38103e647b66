package config

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// service is a Service with the places its later checks point at.
type service struct {
	Service
	addresses []field[netip.AddrPort]
}

var (
	schedulers  = []string{"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos"}
	forwardings = []string{"nat", "dr", "tun"}
)

// maxPersistence is what the kernel's 32-bit count of ticks surely holds.
const maxPersistence = 31 * 24 * time.Hour

// readServices reads all virtual_server blocks and compares them.
func (r *reader) readServices(root *block) []service {
	var defaults *block
	if d := root.nested["virtual_server_defaults"]; len(d) > 0 {
		defaults = d[0].asDefaults()
		r.readService(defaults)
	}
	var all []service
	names := map[string]hcl.Range{}
	taken := map[string]string{}
	for _, b := range root.nested["virtual_server"] {
		r.checkLabel(b)
		r.unique(names, b.label, b.labelAt, "Duplicate virtual_server")
		sv, protocol := r.readService(b.withDefaults(defaults))
		all = append(all, sv)
		for _, a := range sv.addresses {
			if !a.ok || !protocol.ok {
				continue
			}
			key := protocol.value + " " + a.value.String()
			if other, again := taken[key]; again {
				r.fail(a.at, "Duplicate virtual server address", fmt.Sprintf(
					"%s with protocol %s is already served by virtual_server %q.", a.shown(), protocol.shown(), other))
			} else {
				taken[key] = b.label
			}
		}
	}
	return all
}

// readService reads one virtual_server, or the defaults for them.
func (r *reader) readService(b *block) (sv service, protocol field[string]) {
	addresses := readList(r, b, "addresses", serviceAddress)
	marked := b.attribute("fwmark") != nil // refused elsewhere; it would stand for both
	r.mustBeGiven(b, "addresses", "the list of ADDRESS:PORT that clients connect to", addresses.given || marked)
	if addresses.ok && len(addresses.value) == 0 {
		r.fail(addresses.at, "Invalid addresses", "A virtual server needs at least one address.")
		addresses.ok = false
	}
	protocol = read(r, b, "protocol", oneOf([]string{"tcp", "udp"}, "sctp"))
	r.mustBeGiven(b, "protocol", "\"tcp\" or \"udp\"", protocol.given || marked)
	forwarding := need(r, b, "forwarding", "\"nat\", \"dr\" or \"tun\", how packets reach the real servers", oneOf(forwardings))
	quorum := read(r, b, "quorum", integer(1, 1<<31-1)).or(1)

	sv.Name = b.label
	sv.addresses = addresses.value
	for _, a := range addresses.value {
		sv.Addresses = append(sv.Addresses, a.value)
	}
	sv.Protocol = protocol.value
	sv.Scheduler = read(r, b, "scheduler", oneOf(schedulers)).or("wlc").value
	sv.Persistence = read(r, b, "persistence", duration(0, maxPersistence, time.Second)).or(0).value
	sv.Quorum = quorum.value
	sv.OnFail = read(r, b, "on_fail", oneOf([]string{"remove", "drain", "quiesce"})).or("remove").value
	sv.Drain = read(r, b, "drain", duration(0, 0, time.Millisecond)).or(30 * time.Second).value
	sv.Initial = read(r, b, "initial", oneOf([]string{"kernel", "up", "down"})).or("kernel").value

	port := field[uint16]{ok: addresses.ok}
	if addresses.ok && len(addresses.value) > 0 {
		port.value = addresses.value[0].value.Port()
	}
	checks := r.readChecks(b)
	servers := r.readServers(b, forwarding, port, checks)
	for _, s := range servers {
		sv.Servers = append(sv.Servers, s.Server)
	}
	r.readCare(b, &sv, quorum, servers)
	if s := b.blocks("sorry_server"); len(s) > 0 {
		sorry := r.readServer(s[0], forwarding)
		sorry.Name = "sorry_server"
		own := r.readChecks(s[0])
		if sorry.address.ok && port.ok {
			sorry.Checks = aim(own, sorry.Address, port.value)
		}
		sv.Sorry = &sorry.Server
		r.checkSorry(sorry, servers)
	}
	if !b.defaults {
		r.checkQuorum(b, quorum, servers)
		r.mustHaveCheck(b, servers)
	}
	return sv, protocol
}

// checkQuorum compares the quorum with the sum of the weights.
func (r *reader) checkQuorum(b *block, quorum field[int], servers []server) {
	if len(servers) == 0 && b.tells("real_server") {
		return // refused elsewhere
	}
	if len(servers) == 0 {
		r.fail(b.at, "No real server", fmt.Sprintf("%s has no real_server, so it could never serve anybody.", b.title()))
		return
	}
	total, enabled := 0, 0
	var weights []value
	for _, s := range servers {
		if !s.weight.ok {
			return
		}
		total += s.Weight
		weights = append(weights, s.weight.text)
		if !s.Disabled {
			enabled += s.Weight
		}
	}
	switch {
	case quorum.ok && quorum.given && quorum.value > total:
		r.fail(quorum.at, "Invalid quorum", fmt.Sprintf("%s is above the sum of the real servers' weights%s: it could never be reached.", quorum.shown(), computed(fmt.Sprintf(" (%d)", total), weights...)))
	case quorum.ok && quorum.value > enabled:
		r.source.warn(&b.at, "Quorum out of reach", fmt.Sprintf(
			"The real servers of %s that are not disabled weigh less together%s than the quorum: only its sorry_server, if any, serves.", b.title(), computed(fmt.Sprintf(" (%d)", enabled), weights...)))
	}
}

// mustHaveCheck reports a service with a server that nothing watches.
func (r *reader) mustHaveCheck(b *block, servers []server) {
	if b.tells("check") {
		return
	}
	for _, s := range servers {
		if !s.block.tells("check") {
			r.fail(b.at, "Missing check", fmt.Sprintf(
				"Nothing checks real_server %q of %s. Add a check block, or say check \"none\" {} if it shall always count as healthy.", s.Name, b.title()))
			return
		}
	}
}

// checkHeld warns of services on addresses that no instance moves here: fine
// behind a router, a mistake otherwise.
func (r *reader) checkHeld(services []service, instances []instance) {
	held := map[netip.Addr]bool{}
	for _, in := range instances {
		for _, a := range in.Addresses {
			held[a.Prefix.Addr()] = true
		}
	}
	for _, sv := range services {
		for _, a := range sv.addresses {
			if a.ok && !held[a.value.Addr()] {
				r.source.warn(&a.at, "Address of no instance", fmt.Sprintf(
					"No vrrp_instance holds the address of %s, so hald will not bring it to the director that is master.", a.shown()))
			}
		}
	}
}
