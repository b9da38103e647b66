package convert

import (
	"cmp"
	"math"
	"strings"
	"time"
)

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
			r.own, r.ownAt = in.source, in.unicast.at
		}
		r.peers = append(r.peers, in.peers...)
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
