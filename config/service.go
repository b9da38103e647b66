package config

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// service is a Service with the places its later checks point at.
type service struct {
	Service
	addresses []field[netip.AddrPort]
	mark      field[int]
	families  []family      // what clients speak
	port      field[uint16] // of the first address; 0 with a mark
	scheduler field[string]
}

var forwardings = []string{"nat", "dr", "tun"}

// readServices reads all virtual_server blocks and compares them.
func (r *reader) readServices(root *block, list []listing) []service {
	var defaults *block
	if d := root.nested["virtual_server_defaults"]; len(d) > 0 {
		defaults = d[0].asDefaults()
		r.readService(defaults)
	}
	all := make([]service, 0, len(list))
	names := make(map[string]hcl.Range, len(list))
	taken := make(map[string]string, len(list))
	var sheet paper
	for _, l := range list {
		sv, protocol := l.known()
		alone := true
		at := hcl.Range{}
		b := l.block
		if l.piece != nil {
			if b = r.openPiece(l.piece, &sheet); b == nil {
				r.source.unsure = true
				return nil
			}
		}
		if b != nil {
			secrets, looks, said := r.secrets, r.looks, r.source.said
			r.checkLabel(b)
			at = b.labelAt
			sv, protocol = r.readService(b.withDefaults(defaults))
			alone = r.secrets == secrets && r.looks == looks && r.source.said == said
		}
		r.source.alone = append(r.source.alone, alone)
		r.unique(names, sv.Name, at, "Duplicate virtual_server")
		all = append(all, sv)
		for _, key := range sv.keys(protocol) {
			if other, again := taken[key.value]; again {
				r.fail(key.at, "Duplicate virtual server address", fmt.Sprintf("%s is already served by virtual_server %q.", sv.shown(key, protocol), other))
			} else {
				taken[key.value] = sv.Name
			}
		}
	}
	return all
}

// readService reads one virtual_server, or the defaults for them.
func (r *reader) readService(b *block) (sv service, protocol field[string]) {
	sv.Name = b.label
	protocol = r.readWho(b, &sv)
	r.readScheduling(b, &sv, protocol)
	forwarding := need(r, b, "forwarding", "\"nat\", \"dr\" or \"tun\", how packets reach the real servers", oneOf(forwardings))
	quorum := read(r, b, "quorum", integer(1, 1<<31-1)).or(1)

	sv.Quorum = quorum.value
	sv.OnFail = read(r, b, "on_fail", oneOf([]string{"remove", "drain", "quiesce"})).or("remove").value
	sv.Drain = read(r, b, "drain", duration(0, 0, time.Millisecond)).or(30 * time.Second).value
	sv.Initial = read(r, b, "initial", oneOf([]string{"kernel", "up", "down"})).or("kernel").value

	tunnel, _ := r.readTunnel(b)
	checks := r.readChecks(b)
	servers := r.readServers(b, forwarding, sv.port, checks)
	sv.Servers = make([]Server, 0, len(servers))
	for i := range servers {
		s := &servers[i]
		r.place(&sv, s, tunnel)
		sv.Servers = append(sv.Servers, s.Server)
	}
	r.readCare(b, &sv, quorum, servers)
	var spare *server
	if s := b.blocks("sorry_server"); len(s) > 0 {
		sorry := r.readServer(s[0], forwarding)
		sorry.Name = "sorry_server"
		own := r.readChecks(s[0])
		if sorry.address.ok && sv.port.ok {
			sorry.Checks = r.aim(own, sorry.Address, sv.port.value)
		}
		r.place(&sv, &sorry, tunnel)
		sv.Sorry = &sorry.Server
		spare = &sorry
	}
	r.checkTunnel(b, servers, spare)
	if !b.defaults {
		r.checkQuorum(b, quorum, servers)
		r.mustHaveCheck(b, servers)
	}
	return sv, protocol
}

// place is what a server needs of its service: a tunnel, a way between their
// families, ports for its checks and not for what does not use them, a place of its own.
func (r *reader) place(sv *service, s *server, tunnel Tunnel) {
	r.wrap(s, tunnel)
	r.checkFamily(sv, s, r.synced)
	r.checkPorts(sv, s)
	r.checkTunnelPort(sv, s)
	r.checkSeat(sv, s)
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
	if weighedLater(servers) {
		return
	}
	total, enabled := 0, 0
	for _, s := range servers {
		if !s.weight.ok {
			return
		}
		total += s.Weight
		if !s.Disabled {
			enabled += s.Weight
		}
	}
	weights := func() (all []value) {
		for _, s := range servers {
			all = append(all, s.weight.text)
		}
		return all
	}
	switch {
	case quorum.ok && quorum.given && quorum.value > total:
		r.fail(quorum.at, "Invalid quorum", fmt.Sprintf("%s is above the sum of the real servers' weights%s: it could never be reached.", quorum.shown(), computed(fmt.Sprintf(" (%d)", total), weights()...)))
	case quorum.ok && quorum.value > enabled:
		r.source.warn(&b.at, "Quorum out of reach", fmt.Sprintf(
			"The real servers of %s that are not disabled weigh less together%s than the quorum: only its sorry_server, if any, serves.", b.title(), computed(fmt.Sprintf(" (%d)", enabled), weights()...)))
	}
}

// weighedLater tells whether nobody knows the sum of the weights beforehand: servers
// are to be found, or their checks weigh them.
func weighedLater(servers []server) bool {
	return slices.ContainsFunc(servers, func(s server) bool {
		return s.Find != nil || slices.ContainsFunc(s.Checks, func(c Check) bool { return c.Weighs })
	})
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
