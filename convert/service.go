package convert

import (
	"net/netip"
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
	case "real_server", "sorry_server":
	default:
		sv.comments = append(sv.comments, s.comments...)
		r.elsewhere(s, ofService)
	}
}

// ofService are the keywords of services and servers that hald has nothing for.
var ofService = merged(map[string]fate{
	"ha_suspend":              {Lost, "checks go on on a backup, so that it knows when it takes over"},
	"omega":                   {Note, "it is for scripts at the stop that did not come along"},
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

// who reads what a service is called by: an address, a mark, a group of them.
func (r *reader) who(sv *service) bool {
	words := sv.s.args()
	protocol := sv.protocol
	if protocol == "" {
		protocol = "udp"
	}
	switch {
	case len(words) == 2 && words[0] == "fwmark":
		n, ok := r.integer(sv.s, 1, 1, 1<<31-1)
		sv.labels = []string{"fwmark-" + words[1]}
		sv.set("fwmark", number(n), sv.at)
		r.marked(sv)
		return ok
	case len(words) == 2 && words[0] == "group":
		group := r.ranges[words[1]]
		if group == nil {
			r.lost(sv.at, "%s: there is no such virtual_server_group", said(sv.s))
			return false
		}
		group.used = true
		sv.labels = []string{r.named(sv.s, words[1])}
		return r.members(sv, group, protocol)
	case len(words) == 1 || len(words) == 2:
		a, ok := r.address(sv.s, 0)
		if !ok {
			return false
		}
		port := "0"
		if len(words) == 2 {
			port = words[1]
		}
		if n, ok := whole(port); !ok || n > 65535 {
			r.lost(sv.at, "%s: %q is no port", said(sv.s), port)
			return false
		} else if n == 0 {
			r.lost(sv.at, "%s: hald has no service of all ports; it is left out (a firewall mark can stand for them: fwmark)", said(sv.s))
			return false
		}
		sv.port = port
		sv.labels = []string{protocol + "-" + a.String() + "-" + port}
		sv.set("addresses", list([]string{text(joined(a, port))}), sv.at)
	default:
		r.lost(sv.at, "%s: an address and a port, fwmark N or group NAME is needed", said(sv.s))
		return false
	}
	r.spoken(sv)
	return true
}

func joined(a netip.Addr, port string) string {
	if a.Is6() {
		return "[" + a.String() + "]:" + port
	}
	return a.String() + ":" + port
}

// spoken is the protocol that keepalived takes where none is told.
func (r *reader) spoken(sv *service) {
	if sv.protocol == "" {
		r.rewritten(sv.at, "%s: no protocol is told; it is UDP", said(sv.s))
		sv.protocol = "udp"
		sv.set("protocol", text("udp"), sv.at)
	}
	sv.drop("family")
}

// marked is a service of a firewall mark: it has a family and no protocol.
func (r *reader) marked(sv *service) {
	if a := sv.get("protocol"); a != nil {
		r.note(a.at, "protocol of %s: a firewall mark stands for packets of any protocol", said(sv.s))
	}
	sv.drop("protocol")
	sv.protocol = ""
	if sv.value("family") == "" {
		sv.set("family", text("ipv4"), sv.at)
	}
}

// members reads the addresses of a group. A firewall mark cannot share a service with
// addresses here: each becomes a service of its own, read again from the statement.
func (r *reader) members(sv *service, group *statement, protocol string) bool {
	var addresses []string
	known := map[string]bool{}
	var marks []*statement
	for _, m := range group.block {
		if m.key() == "fwmark" {
			marks = append(marks, m)
			continue
		}
		port := "0"
		if len(m.words) > 1 {
			port = m.arg(0)
		}
		all, ok := addressesOf(m.key())
		if n, is := whole(port); !ok || !is || n < 1 || n > 65535 {
			r.lost(m.at, "%s is no address, or range of 4096 addresses at most, with a port of 1 to 65535", said(m))
			continue
		}
		for _, a := range all {
			value := text(joined(a, port))
			if !known[value] {
				known[value] = true
				addresses = append(addresses, value)
			}
		}
		if sv.port == "" {
			sv.port = port
		}
	}
	for i, m := range marks {
		if i == 0 && len(addresses) == 0 {
			continue
		}
		if _, ok := whole(m.arg(0)); !ok {
			r.lost(m.at, "%s: there is no mark", said(m))
			continue
		}
		again := *sv.s
		again.words = []word{sv.s.words[0], {"fwmark", false}, {m.arg(0), false}}
		again.comments = nil
		if m.arg(1) == "inet6" {
			again.block = append(slices.Clone(again.block), &statement{words: []word{{"ip_family", false}, {"inet6", false}}, at: m.at})
		}
		r.note(m.at, "%s of %s is a virtual_server of its own", said(m), said(sv.s))
		r.readService(&again)
	}
	if len(addresses) > 0 {
		sv.set("addresses", list(addresses), group.at)
		r.spoken(sv)
		return true
	}
	if len(marks) == 0 {
		r.lost(group.at, "%s is empty", said(group))
		return false
	}
	n, ok := r.integer(marks[0], 0, 1, 1<<31-1)
	sv.set("fwmark", number(n), marks[0].at)
	if marks[0].arg(1) == "inet6" {
		sv.set("family", text("ipv6"), marks[0].at)
	}
	r.marked(sv)
	return ok
}

// addressesOf are those of an address, of a range FROM-TO or of a network.
func addressesOf(s string) (all []netip.Addr, ok bool) {
	const most = 4096
	from, to, ranged := strings.Cut(s, "-")
	if network, err := netip.ParsePrefix(s); err == nil {
		for a := network.Masked().Addr(); network.Contains(a) && len(all) <= most; a = a.Next() {
			all = append(all, a)
		}
		return all, len(all) <= most
	}
	first, err := netip.ParseAddr(from)
	if err != nil || first.Zone() != "" {
		return nil, false
	}
	last := first
	if ranged {
		if last, err = netip.ParseAddr(to); err != nil {
			cut := strings.LastIndexAny(from, ".:")
			if last, err = netip.ParseAddr(from[:cut+1] + to); err != nil {
				return nil, false
			}
		}
	}
	for a := first; len(all) <= most && a.IsValid() && a.Compare(last) <= 0; a = a.Next() {
		all = append(all, a)
	}
	return all, len(all) > 0 && len(all) <= most
}
