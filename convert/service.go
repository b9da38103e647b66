package convert

import (
	"slices"
	"strings"
	"time"
)

// serviceOrder is how people read a service.
var serviceOrder = []string{"addresses", "fwmark", "family", "protocol", "scheduler", "scheduler_flags", "forwarding", "persistence",
	"persistence_netmask", "persistence_engine", "one_packet", "quorum", "hysteresis", "on_fail", "initial"}

// rhythm is how keepalived checks, by what a service, a server or a check says.
type rhythm struct {
	loop, timeout, pause time.Duration // pause: before a retry; 0: by the kind
	retry                int           // -1: by the kind
	host                 string        // virtualhost
	alpha                bool
	inhibit              bool
}

// service is a virtual_server while it is read.
type service struct {
	*block
	s        *statement
	port     string // of its first address; empty: none, as with a firewall mark
	pace     rhythm
	method   string // forwarding
	tunnel   *block
	weights  int
	quorum   int
	buffer   int // hysteresis
	servers  []*server
	taken    map[string]bool // addresses of servers
	sorry    *block
	protocol string
	netmask  *statement
}

// server is a real_server.
type server struct {
	*block
	checks []*block
	pace   rhythm
	method string
}

func (r *reader) readService(s *statement) {
	sv := &service{s: s, block: newBlock("virtual_server", s.at), pace: rhythm{loop: time.Minute, timeout: 5 * time.Second, retry: -1}, quorum: 1, taken: map[string]bool{}}
	sv.comments = s.comments
	for _, inner := range s.block {
		r.readOfService(sv, inner)
	}
	if !r.who(sv) {
		return
	}
	for _, inner := range s.block {
		switch inner.key() {
		case "real_server":
			r.readServer(sv, inner)
		case "sorry_server":
			r.readSorry(sv, inner)
		case "quorum_up":
			r.script(inner, sv.labels[0], []string{"quorum.gained"}, filled("$HALD_SERVICE", sv.labels[0], ""))
		case "quorum_down":
			r.script(inner, sv.labels[0], []string{"quorum.lost"}, filled("$HALD_SERVICE", sv.labels[0], ""))
		}
	}
	if len(sv.servers) == 0 {
		r.rewritten(s.at, "%s has no real server that came along; keepalived ignores it, and it is left out", said(s))
		return
	}
	r.finishService(sv)
	sv.order(serviceOrder...)
	r.services = append(r.services, sv.block)
}

func (r *reader) readOfService(sv *service, s *statement) {
	if r.paced(&sv.pace, s) {
		sv.comments = append(sv.comments, s.comments...)
		return
	}
	switch s.key() {
	case "lb_algo", "lvs_sched":
		if !slices.Contains(strings.Fields("rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos"), s.arg(0)) {
			r.rewritten(s.at, "%s: there is no such scheduler; it is wlc", said(s))
			return
		}
		sv.put("scheduler", text(s.arg(0)), s)
	case "lb_kind", "lvs_method":
		sv.method, sv.tunnel = r.forwarding(s, s.args())
		sv.put("forwarding", text(sv.method), s)
	case "protocol":
		if p := strings.ToLower(s.arg(0)); p == "tcp" || p == "udp" || p == "sctp" {
			sv.protocol = p
			sv.put("protocol", text(p), s)
		} else {
			r.lost(s.at, "%s: TCP, UDP or SCTP is possible", said(s))
		}
	case "persistence_timeout":
		n := 360
		if len(s.words) > 1 {
			n, _ = r.integer(s, 0, 0, 31*86400)
		}
		if n > 0 {
			sv.put("persistence", length(time.Duration(n)*time.Second), s)
		}
	case "persistence_granularity":
		sv.netmask = s
	case "persistence_engine":
		sv.put("persistence_engine", text(s.arg(0)), s)
	case "ops":
		sv.put("one_packet", "true", s)
	case "sh-port", "sh-fallback", "mh-port", "mh-fallback":
		was := strings.Trim(sv.value("scheduler_flags"), "[]")
		if was != "" {
			was += ", "
		}
		sv.set("scheduler_flags", "["+was+text(s.key())+"]", s.at)
	case "quorum":
		if n, ok := r.integer(s, 0, 1, 1<<30); ok {
			sv.quorum = n
			sv.put("quorum", number(n), s)
		}
	case "hysteresis":
		if n, ok := r.integer(s, 0, 0, 1<<30); ok {
			sv.buffer = n
			sv.put("hysteresis", number(n), s)
		}
	case "ip_family":
		sv.put("family", text(map[string]string{"inet6": "ipv6"}[s.arg(0)]), s)
		if s.arg(0) != "inet6" {
			sv.set("family", text("ipv4"), s.at)
		}
	case "smtp_alert":
		r.alerted(s, &r.letters.quorum)
	case "real_server", "sorry_server", "quorum_up", "quorum_down":
	default:
		sv.comments = append(sv.comments, s.comments...)
		r.elsewhere(s, ofService)
	}
}

// ofService are the keywords of services and servers that hald has nothing for.
var ofService = merged(map[string]fate{
	"ha_suspend":              {Lost, "checks go on on a backup, so that it knows when it takes over"},
	"omega":                   {Note, "at the stop no server goes down in hald, and no program is run for it"},
	"snmp_name":               {Lost, "there is no SNMP"},
	"sorry_server_inhibit":    {Lost, "a sorry_server comes and goes whole"},
	"sorry_server_lvs_method": {Note, "it is with the sorry_server"},
	"flag-1":                  {Lost, "flags have names: sh-fallback or mh-fallback"},
	"flag-2":                  {Lost, "flags have names: sh-port or mh-port"},
	"flag-3":                  {Lost, "the kernel has no third flag"},
}, scripts)

// paced reads what services, servers and checks have in common.
func (r *reader) paced(p *rhythm, s *statement) bool {
	timer := func(to *time.Duration) {
		if d, ok := r.timer(s, 0); ok && d > 0 {
			*to = d
		}
	}
	switch s.key() {
	case "delay_loop":
		timer(&p.loop)
	case "connect_timeout":
		timer(&p.timeout)
	case "delay_before_retry":
		timer(&p.pause)
	case "retry", "nb_get_retry", "nb_sock_retry":
		if n, ok := r.integer(s, 0, 0, 999); ok {
			p.retry = n
		}
	case "virtualhost":
		p.host = s.arg(0)
	case "alpha":
		p.alpha = r.switched(s)
	case "inhibit_on_failure":
		p.inhibit = r.switched(s)
	case "warmup":
		r.note(s.at, "%s: hald spreads the first probes over an interval, one second at most", said(s))
	case "log_all_failures":
		r.note(s.at, "%s: the status has every error, an event each change of the verdict", said(s))
	default:
		return false
	}
	return true
}

// forwarding reads NAT, DR or TUN with its type.
func (r *reader) forwarding(s *statement, words []string) (method string, tunnel *block) {
	if len(words) == 0 {
		words = []string{""}
	}
	method = strings.ToLower(words[0])
	if method != "nat" && method != "dr" && method != "tun" {
		r.rewritten(s.at, "%s: there is no such method; it is NAT", said(s))
		return "nat", nil
	}
	for i := 1; i < len(words); i++ {
		if tunnel == nil {
			tunnel = newBlock("tunnel", s.at)
		}
		switch word := words[i]; word {
		case "type":
			if i++; i < len(words) {
				tunnel.set("type", text(words[i]), s.at)
			}
		case "port":
			if i++; i < len(words) {
				if n, ok := whole(words[i]); ok {
					tunnel.set("port", number(n), s.at)
				}
			}
		case "csum":
			tunnel.set("checksum", "true", s.at)
		case "nocsum":
		default:
			r.lost(s.at, "%s: %q has no counterpart", said(s), word)
		}
	}
	if method != "tun" {
		tunnel = nil
	}
	return method, tunnel
}
