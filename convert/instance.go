package convert

import (
	"net/netip"
	"slices"
	"time"
)

// instanceOrder is how people read an instance.
var instanceOrder = []string{"interface", "virtual_router_id", "version", "priority", "advertisement_interval", "virtual_addresses",
	"preempt", "preempt_delay", "accept", "virtual_mac", "unicast", "source_address", "start_delay"}

// router is a vrrp_instance while it is read.
type router struct {
	*block
	s        *statement
	master   bool // state MASTER
	priority int  // 0: none was told
	version  int
	interval time.Duration
	link     string
	shown    []netip.Prefix // what adverts name
	held     map[netip.Prefix]bool
	routes   map[string]bool // by network, table and metric
	rules    int
	simple   []string
	unicast  *statement
	peers    []peer
	source   netip.Addr
	password *statement
	kind     string // of authentication
	accept   *bool
	garp     *block
}

func (r *reader) readInstance(s *statement) {
	in := &router{s: s, block: newBlock("vrrp_instance", s.at), priority: 0, interval: time.Second, held: map[netip.Prefix]bool{}, routes: map[string]bool{}}
	in.comments = s.comments
	name := r.named(s, s.arg(0))
	if _, again := r.names[s.arg(0)]; again {
		r.rewritten(s.at, "%s: there is one of this name already; keepalived ignores this one, and it is left out", said(s))
		return
	}
	in.labels = []string{name}
	in.garp = newBlock("gratuitous_arp", s.at)
	r.inherit(in)
	for _, inner := range s.block {
		r.readOfInstance(in, inner)
	}
	if in.value("virtual_router_id") == "" {
		r.lost(s.at, "%s: without a virtual_router_id keepalived leaves the instance out, and so it is here", said(s))
		return
	}
	r.finishElection(in)
	r.finishAddresses(in)
	r.finishUnicast(in)
	if len(in.garp.attrs) > 0 {
		in.garp.order("count", "delay", "refresh", "interval")
		in.blocks = slices.Insert(in.blocks, 0, in.garp)
	}
	in.order(instanceOrder...)
	r.names[s.arg(0)] = name
	r.routers = append(r.routers, in.block)
}

// inherit sets what global_defs says for all instances.
func (r *reader) inherit(in *router) {
	g := r.globals
	if g.minimal {
		in.garp.set("count", "1", in.at)
		in.garp.set("delay", text("0s"), in.at)
	}
	if g.count > 0 {
		in.garp.set("count", number(g.count), in.at)
	}
	for name, d := range map[string]*time.Duration{"delay": g.delay, "refresh": g.refresh, "interval": g.pace} {
		if d != nil {
			in.garp.set(name, length(*d), in.at)
		}
	}
	if g.start != nil {
		in.set("start_delay", length(g.start.Round(time.Millisecond)), in.at)
	}
	in.version = g.version
}

func (r *reader) readOfInstance(in *router, s *statement) {
	switch s.key() {
	case "state":
		in.master = s.arg(0) == "MASTER"
		if !in.master && s.arg(0) != "BACKUP" {
			r.rewritten(s.at, "%s is taken for BACKUP", said(s))
		}
		in.comments = append(in.comments, s.comments...)
	case "interface":
		in.link = s.arg(0)
		in.put("interface", text(in.link), s)
	case "virtual_router_id":
		if n, ok := r.integer(s, 0, 1, 255); ok {
			in.put("virtual_router_id", number(n), s)
		}
	case "priority":
		n, ok := whole(s.arg(0))
		if !ok || n < 1 || n > 255 {
			r.rewritten(s.at, "%s is not 1 to 255; it is 100", said(s))
			n = 100
		}
		in.priority = n
		in.put("priority", number(n), s)
	case "version":
		if n, ok := r.integer(s, 0, 2, 3); ok {
			in.version = n
			in.put("version", number(n), s)
		}
	case "advert_int":
		if d, ok := r.timer(s, 0); ok {
			in.interval = d
			in.put("advertisement_interval", length(d), s)
		}
	case "virtual_ipaddress":
		in.comments = append(in.comments, s.comments...)
		for _, a := range s.block {
			r.readAddress(in, a, true)
		}
	case "virtual_ipaddress_excluded":
		in.comments = append(in.comments, s.comments...)
		for _, a := range s.block {
			r.readAddress(in, a, false)
		}
	case "virtual_routes":
		for _, route := range s.block {
			r.readRoute(in, route)
		}
	case "virtual_rules":
		for _, rule := range s.block {
			r.readRule(in, rule)
		}
	case "nopreempt":
		in.put("preempt", "false", s)
	case "preempt":
		in.drop("preempt")
	case "preempt_delay":
		if d, ok := r.timer(s, 0); ok && d > 0 {
			in.put("preempt_delay", length(d.Round(time.Millisecond)), s)
		}
	case "accept", "no_accept":
		is := s.key() == "accept"
		in.accept = &is
		if !is {
			in.put("accept", "false", s)
		}
	case "use_vmac":
		in.put("virtual_mac", "true", s)
		if len(s.words) > 1 {
			r.lost(s.at, "%s: the link and its MAC have names of hald's", said(s))
		}
	case "unicast_peer":
		in.unicast = s
		for _, p := range s.block {
			if a, err := netip.ParseAddr(p.key()); err != nil {
				r.lost(p.at, "%s is no address", said(p))
			} else {
				in.peers = append(in.peers, peer{a, p.at})
			}
			if len(p.words) > 1 {
				r.lost(p.at, "%s: hald does not look at the TTL of what peers send by unicast", said(p))
			}
		}
	case "unicast_src_ip", "mcast_src_ip":
		if a, ok := r.address(s, 0); ok {
			in.source = a
			in.put("source_address", text(a.String()), s)
		}
	case "authentication":
		for _, a := range s.block {
			switch a.key() {
			case "auth_type":
				in.kind = a.arg(0)
			case "auth_pass":
				in.password = a
			default:
				r.elsewhere(a, nil)
			}
		}
	case "garp_master_repeat":
		if n, ok := r.integer(s, 0, 1, 100); ok {
			in.garp.put("count", number(n), s)
		}
	case "garp_master_delay":
		r.announce(in, "delay", s)
	case "garp_master_refresh":
		r.announce(in, "refresh", s)
	case "track_interface", "track_script", "track_process", "track_file", "track_bfd":
		r.readTrack(in.block, s)
	case "smtp_alert":
		r.alerted(s, &r.letters.vrrp)
	default:
		if !r.ofState(s, in.labels[0], "INSTANCE", in.labels[0]) {
			in.comments = append(in.comments, s.comments...)
			r.elsewhere(s, ofInstance)
		}
	}
}

func (r *reader) announce(in *router, name string, s *statement) {
	if d, ok := r.timer(s, 0); ok {
		in.garp.put(name, length(d), s)
	}
}

func whole(s string) (n int, ok bool) {
	if s == "" || len(s) > 9 {
		return 0, false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}
