package convert

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strings"
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
	source   netip.Addr
	noStrict bool
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
				r.peers = append(r.peers, a)
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
	default:
		in.comments = append(in.comments, s.comments...)
		r.elsewhere(s, ofInstance)
	}
}

func (r *reader) announce(in *router, name string, s *statement) {
	if d, ok := r.timer(s, 0); ok {
		in.garp.put(name, length(d), s)
	}
}

// ofInstance are the keywords of an instance that hald has nothing for.
var ofInstance = merged(map[string]fate{
	"dont_track_primary":         {Lost, "an interface that is down is a fault here"},
	"track_src_ip":               {Note, "a director without its own address is in fault: always"},
	"check_unicast_src":          {Note, "only the peers are believed: always"},
	"unicast_ttl":                {Lost, "hald sends with 255"},
	"unicast_fault_no_peer":      {Note, "unicast without peers is refused: always"},
	"old_unicast_checksum":       {Lost, "it is for keepalived before 1.3.7"},
	"garp_lower_prio_delay":      {Note, "hald announces anew when another master was heard"},
	"garp_lower_prio_repeat":     {Note, "hald announces anew when another master was heard"},
	"garp_master_refresh_repeat": {Lost, "hald sends one frame an address at each refresh"},
	"garp_extra_if":              {Note, "hald announces every address on its own interface"},
	"down_timer_adverts":         {Lost, "the down interval is three adverts and the skew, as the RFC has it"},
	"lower_prio_no_advert":       {Lost, "a master answers an advert of lower priority, as RFC 9568 has it"},
	"higher_prio_send_advert":    {Note, "hald's masters announce anew when there were two"},
	"skip_check_adv_addr":        {Note, "addresses that differ are reported, and the advert is believed: always"},
	"strict_mode":                {Lost, "hald refuses no deviation; what is written stands"},
	"mcast_dst_ip":               {Lost, "adverts go to 224.0.0.18 and ff02::12"},
	"vrf":                        {Lost, "an instance has an interface"},
	"use_vmac_addr":              {Lost, "addresses on other interfaces have those interfaces' MAC"},
	"vmac_xmit_base":             {Note, "adverts leave by the virtual MAC, as the RFC has it"},
	"use_ipvlan":                 {Lost, "there is no ipvlan"},
	"native_ipv6":                {Note, "the addresses decide the family"},
	"promote_secondaries":        {Note, "hald keeps secondary addresses when their primary goes"},
	"debug":                      {Note, "it has no effect in keepalived"},
	"kernel_rx_buf_size":         {Note, "it tunes keepalived's own processes"},
	"linkbeat_use_polling":       {Note, "the kernel tells of links; nothing is polled"},
	"no_virtual_ipaddress":       {Note, "an instance without addresses is written out"},
	"lvs_sync_daemon_interface":  {Lost, "keepalived has it no more: lvs_sync_daemon in global_defs"},
	"notify_priority_changes":    {Note, "vrrp.priority is an event"},
}, scripts)

// scripts are run when something changed.
var scripts = each(Lost, "hald runs programs by notify blocks with exec, which this version of the converter does not write",
	"notify", "notify_master", "notify_backup", "notify_fault", "notify_stop", "notify_deleted", "notify_master_rx_lower_pri", "smtp_alert",
	"notify_up", "notify_down", "quorum_up", "quorum_down")

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

// finishElection makes what keepalived makes of what does not go together.
func (r *reader) finishElection(in *router) {
	if in.priority == 0 && in.master {
		r.rewritten(in.at, "%s: state MASTER without a priority makes it 255, the address owner", said(in.s))
		in.priority = 255
		in.set("priority", "255", in.at)
	}
	if in.priority == 0 {
		in.priority = 100
		in.set("priority", "100", in.at)
	}
	if in.master {
		r.note(in.at, "%s: state MASTER is no more than where it begins; the priority decides", said(in.s))
	}
	for _, name := range []string{"preempt", "preempt_delay"} {
		if a := in.get(name); a != nil && in.master {
			r.rewritten(a.at, "%s of %s has no effect beside state MASTER, and is left out", map[string]string{"preempt": "nopreempt", "preempt_delay": "preempt_delay"}[name], said(in.s))
			in.drop(name)
		}
	}
	if a := in.get("preempt_delay"); a != nil && in.get("preempt") != nil {
		r.rewritten(a.at, "preempt_delay of %s has no effect beside nopreempt, and is left out", said(in.s))
		in.drop("preempt_delay")
	}
	if in.link == "" {
		in.link = cmp.Or(r.globals.link, "eth0")
		in.set("interface", text(in.link), in.at)
		r.lost(in.at, "%s names no interface; %s was taken", said(in.s), in.link)
	}
	if in.get("virtual_mac") != nil && (in.unicast != nil || in.priority == 255) {
		r.lost(in.get("virtual_mac").at, "use_vmac: hald has virtual MACs neither in unicast nor for an address owner")
		in.drop("virtual_mac")
	}
	if r.globals.strict && in.accept == nil && in.priority < 255 {
		r.rewritten(in.at, "%s: vrrp_strict makes it no_accept", said(in.s))
		in.set("accept", "false", in.at)
	}
	if in.get("accept") != nil && in.priority == 255 {
		r.rewritten(in.at, "%s: an address owner accepts always", said(in.s))
		in.drop("accept")
	}
}

// finishVersion settles version, interval and authentication once the family is known.
func (r *reader) finishVersion(in *router, six bool) {
	if six && in.version == 2 {
		r.rewritten(in.at, "%s: IPv6 has version 3 only", said(in.s))
	}
	switch {
	case six:
		in.version = 3
	case in.version == 0:
		in.version = 2
	}
	in.set("version", number(in.version), in.at)
	step, low, high := time.Second, time.Second, 255*time.Second
	if in.version == 3 {
		step, low, high = 10*time.Millisecond, 10*time.Millisecond, 40950*time.Millisecond
	}
	exact := max(low, min(high, time.Duration(math.Round(float64(in.interval)/float64(step)))*step))
	if exact != in.interval {
		r.rewritten(in.get("advertisement_interval").at, "advert_int %v of %s: version %d has steps of %v, from %v to %v; it is %v", in.interval, said(in.s), in.version, step, low, high, exact)
		in.get("advertisement_interval").value = length(exact)
	}
	if in.password == nil && in.kind == "" {
		return
	}
	switch {
	case in.version == 3:
		r.rewritten(in.at, "%s: version 3 has no authentication in keepalived, which leaves it out: adverts are believed unsigned (hald has hmac-sha256)", said(in.s))
	case in.kind == "AH":
		r.lost(in.at, "%s: hald has no authentication AH", said(in.s))
	case in.password == nil || in.password.arg(0) == "":
		r.lost(in.at, "%s: there is no auth_pass", said(in.s))
	default:
		key := in.password.arg(0)
		if len(key) > 8 {
			r.rewritten(in.password.at, "auth_pass is longer than 8 characters; the first 8 count")
			key = key[:8]
		}
		a := in.add(newBlock("authentication", in.password.at))
		a.set("type", text("simple"), in.password.at)
		a.put("key", text(key), in.password)
		r.note(in.password.at, "the password stands in the configuration now: move it into a file and write key = file(\"/etc/hald/…\")")
	}
}

// finishUnicast settles where adverts go.
func (r *reader) finishUnicast(in *router) {
	switch {
	case in.unicast != nil && len(in.unicast.block) > 0:
		in.put("unicast", "true", in.unicast)
		in.drop("source_address") // the director's address
		if in.source.IsValid() && r.own.IsValid() && r.own != in.source {
			r.lost(in.unicast.at, "%s: it has another source than the instances before; a director has one address, %s, and this instance goes by multicast now", said(in.s), r.own)
			in.drop("unicast")
			return
		}
		if in.source.IsValid() {
			r.own = in.source
		}
	case in.unicast != nil:
		r.rewritten(in.unicast.at, "%s: unicast_peer is empty, and keepalived goes by multicast", said(in.s))
	}
}

// finishAddresses writes the addresses, and what depends on their family.
func (r *reader) finishAddresses(in *router) {
	six := len(in.shown) > 0 && in.shown[0].Addr().Is6()
	if len(in.shown) == 0 {
		six = in.unicast != nil && in.source.Is6()
	}
	r.finishVersion(in, six)
	if len(in.simple) > 0 || len(in.shown) == 0 {
		a := in.set("virtual_addresses", list(in.simple), in.at)
		if len(in.simple) == 0 {
			a.value = "[]"
		}
	}
	if len(in.shown) == 0 {
		r.note(in.at, "%s: adverts name no address, which only hald and keepalived understand", said(in.s))
	}
	if in.source.Is6() && !in.source.IsLinkLocalUnicast() && in.unicast == nil {
		r.lost(in.at, "%s: the source of adverts over IPv6 is a link-local address; %s was left out", said(in.s), in.source)
		in.drop("source_address")
	}
	if in.source.IsValid() && in.source.Is6() != six && in.unicast == nil {
		r.lost(in.at, "%s: %s is not of the family of the adverts, and was left out", said(in.s), in.source)
		in.drop("source_address")
	}
	if strings.Count(in.value("virtual_addresses"), "\"") > 2*255 {
		r.lost(in.at, "%s: an advert names at most 255 addresses; divide them", said(in.s))
	}
}
