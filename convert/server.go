package convert

import (
	"net/netip"
	"slices"
	"strings"
)

func (r *reader) readServer(sv *service, s *statement) {
	a, ok := r.address(s, 0)
	if !ok {
		sv.comments = append(sv.comments, s.comments...)
		r.lost(s.at, "%s: keepalived knows no names of servers, and skips this one (hald: dns = \"NAME\")", said(s))
		return
	}
	v := &server{block: newBlock("real_server", s.at), pace: sv.pace, method: sv.method}
	v.comments = s.comments
	if v.method == "" {
		v.method = "nat"
	}
	weight := 1
	var checks, programs []*statement
	for _, inner := range s.block {
		if r.paced(&v.pace, inner) {
			continue
		}
		switch inner.key() {
		case "weight":
			if n, ok := r.integer(inner, 0, 0, 65535); ok {
				weight = n
				if n != 1 || len(inner.comments) > 0 || inner.trailing != "" {
					v.put("weight", number(n), inner)
				}
			}
		case "lb_kind":
			r.rewritten(inner.at, "%s: keepalived has lvs_method in a real_server, and ignores lb_kind there", said(inner))
		case "lvs_method":
			method, tunnel := r.forwarding(inner, inner.args())
			v.method = method
			if method != sv.method {
				v.put("forwarding", text(method), inner)
			}
			if tunnel != nil {
				v.add(tunnel)
			}
		case "uthreshold":
			if n, ok := r.integer(inner, 0, 0, 1<<31-1); ok {
				v.put("upper_threshold", number(n), inner)
			}
		case "lthreshold":
			if n, ok := r.integer(inner, 0, 0, 1<<31-1); ok {
				v.put("lower_threshold", number(n), inner)
			}
		case "notify_up", "notify_down":
			programs = append(programs, inner)
		case "smtp_alert":
			if !r.switched(inner) {
				r.lost(inner.at, "smtp_alert off: letters tell of all real servers")
			} else {
				r.note(inner.at, "smtp_alert: letters tell of all real servers")
			}
		default:
			if strings.HasSuffix(inner.key(), "_CHECK") || strings.HasSuffix(inner.key(), "_GET") {
				checks = append(checks, inner)
				if !inner.isBlock {
					r.lost(inner.at, "%s has no braces: keepalived takes the next line for its block, and what follows for something else", said(inner))
				}
				continue
			}
			v.comments = append(v.comments, inner.comments...)
			r.elsewhere(inner, ofService)
		}
	}
	address := r.reached(sv, s, a, s.arg(1), v.method)
	if sv.taken[address] {
		r.rewritten(s.at, "%s stands here a second time, and is left out", said(s))
		return
	}
	sv.taken[address] = true
	v.set("address", address, s.at)
	v.labels = []string{strings.Trim(address, `"`)}
	for _, p := range programs {
		event := map[string]string{"notify_up": "real_server.up", "notify_down": "real_server.down"}[p.key()]
		r.script(p, sv.labels[0]+"-"+v.labels[0], []string{event}, filled("$HALD_SERVICE/$HALD_SERVER", sv.labels[0]+"/"+v.labels[0], ""))
	}
	port := s.arg(1)
	if port == "" {
		port = sv.port
	}
	for _, c := range checks {
		v.checks = append(v.checks, r.readCheck(c, v.pace, port)...)
	}
	sv.weights += weight
	sv.servers = append(sv.servers, v)
	v.order("address", "weight", "forwarding", "upper_threshold", "lower_threshold")
}

// reached is the address of a server with the port, where that can be another than the
// service's.
func (r *reader) reached(sv *service, s *statement, a netip.Addr, port, method string) string {
	switch {
	case port == "" || port == "0" || port == sv.port:
		return text(a.String())
	case method == "nat":
		return text(joined(a, port))
	case sv.port == "":
		return text(a.String()) // a mark has no port, and neither has its server
	}
	r.rewritten(s.at, "%s: without NAT a server has the service's port, %s", said(s), sv.port)
	return text(a.String())
}

func (r *reader) readSorry(sv *service, s *statement) {
	a, ok := r.address(s, 0)
	if !ok {
		return
	}
	b := newBlock("sorry_server", s.at)
	b.comments = s.comments
	method := sv.method
	for _, inner := range sv.s.block {
		if inner.key() == "sorry_server_lvs_method" {
			var tunnel *block
			if method, tunnel = r.forwarding(inner, inner.args()); method != sv.method {
				b.set("forwarding", text(method), inner.at)
			}
			if tunnel != nil {
				b.add(tunnel)
			}
		}
	}
	if method == "" {
		method = "nat"
	}
	b.set("address", r.reached(sv, s, a, s.arg(1), method), s.at)
	sv.sorry = b
}

// finishService makes what keepalived makes of what does not go together, and puts
// the parts in.
func (r *reader) finishService(sv *service) {
	if sv.method == "" {
		r.rewritten(sv.at, "%s: no lvs_method is told; it is NAT", said(sv.s))
		sv.method = "nat"
		sv.set("forwarding", text("nat"), sv.at)
	}
	if sv.value("scheduler") == "" {
		r.rewritten(sv.at, "%s: no lvs_sched is told; it is wlc", said(sv.s))
		sv.set("scheduler", text("wlc"), sv.at)
	}
	if sv.quorum > sv.weights && sv.weights > 0 {
		r.rewritten(sv.at, "%s: quorum %d is more than the servers weigh, %d; it is %d", said(sv.s), sv.quorum, sv.weights, sv.weights)
		sv.quorum = sv.weights
		sv.set("quorum", number(sv.weights), sv.at)
	}
	if sv.buffer > 0 && sv.buffer >= sv.quorum {
		r.rewritten(sv.at, "%s: hysteresis %d is not below the quorum of %d; it is %d", said(sv.s), sv.buffer, sv.quorum, sv.quorum-1)
		sv.set("hysteresis", number(sv.quorum-1), sv.at)
	}
	if sv.value("hysteresis") == "0" {
		sv.drop("hysteresis")
	}
	if s := sv.netmask; s != nil {
		switch n, isNumber := whole(s.arg(0)); {
		case sv.value("persistence") == "":
			r.rewritten(s.at, "persistence_granularity without persistence_timeout: it is 360 seconds")
			sv.set("persistence", length(360e9), s.at)
			fallthrough
		default:
			sv.put("persistence_netmask", map[bool]string{true: number(n), false: text(s.arg(0))}[isNumber], s)
		}
	}
	r.finishFailure(sv)
	if sv.tunnel != nil {
		sv.add(sv.tunnel)
	}
	r.finishChecks(sv)
	if sv.sorry != nil {
		sv.add(sv.sorry)
	}
}

// finishFailure settles what the servers say each, and hald's service for all.
func (r *reader) finishFailure(sv *service) {
	inhibit, alpha := 0, 0
	for _, v := range sv.servers {
		if v.pace.inhibit {
			inhibit++
		}
		if v.pace.alpha {
			alpha++
		}
	}
	if inhibit > 0 {
		sv.set("on_fail", text("quiesce"), sv.at)
		if inhibit < len(sv.servers) {
			r.lost(sv.at, "%s: inhibit_on_failure is for some servers; on_fail is for all of a service", said(sv.s))
		}
	}
	initial := "up" // keepalived's servers are until a check failed
	if alpha > 0 {
		initial = "down"
		if alpha < len(sv.servers) {
			r.lost(sv.at, "%s: alpha is for some servers; initial is for all of a service", said(sv.s))
		}
	}
	sv.set("initial", text(initial), sv.at)
}

// finishChecks moves checks that all servers have to the service.
func (r *reader) finishChecks(sv *service) {
	shown := func(checks []*block) string {
		var to strings.Builder
		for _, c := range checks {
			bare := *c
			bare.comments = nil
			bare.write(&to)
		}
		return to.String()
	}
	first := sv.servers[0].checks
	same := !slices.ContainsFunc(sv.servers, func(v *server) bool { return shown(v.checks) != shown(first) })
	none := func(at place) *block { return newBlock("check", at, "none") }
	if same && len(first) > 0 {
		for _, c := range first {
			sv.add(c)
		}
	}
	if same && len(first) == 0 {
		r.note(sv.at, "%s: nothing checks its servers", said(sv.s))
		sv.add(none(sv.at))
	}
	for _, v := range sv.servers {
		if !same {
			for _, c := range v.checks {
				v.add(c)
			}
			if len(v.checks) == 0 {
				r.note(v.at, "%s: nothing checks real_server %s", said(sv.s), v.labels[0])
				v.add(none(v.at))
			}
		}
		sv.add(v.block)
	}
}
