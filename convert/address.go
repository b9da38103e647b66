package convert

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// readAddress reads an address of an instance with what iproute2 would be told.
func (r *reader) readAddress(in *router, s *statement, shown bool) {
	prefix, ok := prefixOf(s.key())
	if !ok {
		r.lost(s.at, "%s is no address", said(s))
		in.comments = append(in.comments, s.comments...)
		return
	}
	if !strings.Contains(s.key(), "/") {
		r.note(s.at, "%s has no prefix; it is %s", s.key(), prefix)
	}
	if in.held[prefix] {
		r.rewritten(s.at, "%s stands here a second time, and is left out", prefix)
		return
	}
	in.held[prefix] = true
	b := newBlock("virtual_address", s.at, prefix.String())
	b.comments = s.comments
	link := ""
	for i := 0; i < len(s.words)-1; i++ {
		word := s.arg(i)
		switch word {
		case "dev":
			i++
			link = s.arg(i)
			b.set("interface", text(link), s.at)
		case "label":
			i++
			b.set("label", text(s.arg(i)), s.at)
		case "scope":
			i++
			if scope := s.arg(i); slices.Contains([]string{"site", "link", "host"}, scope) {
				b.set("scope", text(scope), s.at)
			} else if scope != "global" {
				r.lost(s.at, "%s: hald has the scopes global, site, link and host", said(s))
			}
		case "brd", "broadcast":
			i++
			r.lost(s.at, "%s %s: the kernel's own broadcast address is taken", word, s.arg(i))
		case "peer", "preferred_lft":
			i++
			r.lost(s.at, "%s %s: an address has no %s here", word, s.arg(i), word)
		case "track_group":
			i++
		case "no_track":
			r.lost(s.at, "%s: an address that somebody removes is put back: always", said(s))
		case "use_vmac":
			r.lost(s.at, "%s: an address on another interface has that interface's MAC", said(s))
		case "-nodad":
			r.note(s.at, "-nodad: hald's addresses are usable at once: always")
		default:
			r.lost(s.at, "%s: %q has no counterpart", said(s), word)
		}
	}
	if link == in.link {
		b.drop("interface")
	}
	if v := b.value("label"); v != "" {
		name := strings.Trim(v, `"`)
		if on := cmp.Or(link, in.link); !prefix.Addr().Is4() || on != "" && !strings.HasPrefix(name, on) || len(name) > 15 {
			r.lost(s.at, "label %s: a label is for IPv4, begins with the interface's name and has 15 characters at most", name)
			b.drop("label")
		}
	}
	if prefix.Addr().Is6() {
		b.drop("scope")
	}
	if !shown {
		if len(in.shown) == 0 || in.shown[0].Addr().Is6() == prefix.Addr().Is6() {
			b.set("advertise", "false", s.at)
		}
		in.add(b)
		return
	}
	if len(in.shown) > 0 && in.shown[0].Addr().Is6() != prefix.Addr().Is6() {
		r.rewritten(s.at, "%s is of another family than the first; keepalived moves it to virtual_ipaddress_excluded", prefix)
	} else {
		in.shown = append(in.shown, prefix)
	}
	if len(b.attrs) > 0 {
		in.add(b)
		return
	}
	value := text(prefix.String())
	for _, c := range s.comments {
		value = "# " + printable(c) + "\n" + value
	}
	in.simple = append(in.simple, value)
}

// prefixOf is an address with its prefix; without one all bits count.
func prefixOf(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p, true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// tables are the routing tables that have a name everywhere.
var tables = map[string]string{"main": "254", "local": "255", "default": "253"}

// table is the number of a routing table.
func (r *reader) table(s *statement, name string) (string, bool) {
	if n, known := tables[name]; known {
		return n, true
	}
	if n, ok := whole(name); ok && n > 0 {
		return number(n), true
	}
	r.lost(s.at, "%s: table %q has a name of this machine's; its number is needed (/etc/iproute2/rt_tables)", said(s), name)
	return "", false
}

// readRoute reads a route as iproute2 and keepalived write them.
func (r *reader) readRoute(in *router, s *statement) {
	b := newBlock("virtual_route", s.at)
	b.comments = s.comments
	words := append([]string{s.key()}, s.args()...)
	for i := 0; i < len(words); i++ {
		next := func() string {
			if i++; i < len(words) {
				return words[i]
			}
			return ""
		}
		switch word := words[i]; word {
		case "src", "from":
			b.set("source", text(next()), s.at)
		case "to", "inet", "inet6", "unicast":
		case "via", "gw":
			b.set("via", text(strings.TrimPrefix(next(), "inet6 ")), s.at)
		case "dev", "oif":
			if link := next(); link != in.link {
				b.set("interface", text(link), s.at)
			}
		case "table":
			n, ok := r.table(s, next())
			if !ok {
				return
			}
			b.set("table", n, s.at)
		case "metric", "priority", "preference":
			if n, ok := whole(next()); ok {
				b.set("metric", number(n), s.at)
			}
		case "scope", "no_track", "append", "prepend", "add":
			if word == "scope" {
				next()
			}
			r.note(s.at, "%s of %s: hald has the kernel choose the scope, and puts back what is removed", word, said(s))
		default:
			p, ok := prefixOf(word)
			if word == "default" {
				p, ok = netip.MustParsePrefix("0.0.0.0/0"), true
			}
			if !ok || len(b.labels) > 0 {
				r.lost(s.at, "%s: %q has no counterpart, and the route was left out", said(s), word)
				in.comments = append(in.comments, s.comments...)
				return
			}
			if p.Masked() != p {
				r.note(s.at, "%s has host bits; the network is %s", p, p.Masked())
			}
			b.labels = []string{p.Masked().String()}
		}
	}
	if len(b.labels) == 0 {
		r.lost(s.at, "%s names no network", said(s))
		return
	}
	if v := b.value("source"); v != "" && !slices.ContainsFunc(in.shown, func(p netip.Prefix) bool { return text(p.Addr().String()) == v }) {
		r.lost(s.at, "%s: %s is no virtual address of the instance, which a route's source has to be; it was left out of the route", said(s), v)
		b.drop("source")
	}
	key := strings.Join([]string{b.labels[0], b.value("table"), b.value("metric")}, " ")
	if in.routes[key] {
		r.lost(s.at, "%s: a route to this network stands above, with the same table and metric", said(s))
		return
	}
	in.routes[key] = true
	b.order("via", "interface", "table", "metric", "source")
	in.add(b)
}

// readRule reads a rule of policy routing.
func (r *reader) readRule(in *router, s *statement) {
	b := newBlock("virtual_rule", s.at, "rule"+number(in.rules+1))
	b.comments = s.comments
	words := append([]string{s.key()}, s.args()...)
	for i := 0; i < len(words); i++ {
		next := func() string {
			if i++; i < len(words) {
				return words[i]
			}
			return ""
		}
		switch word := words[i]; word {
		case "from", "to":
			network := next()
			if network == "all" || network == "any" {
				network = "0.0.0.0/0"
			}
			p, ok := prefixOf(network)
			if !ok {
				r.lost(s.at, "%s: %q is no network, and the rule was left out", said(s), network)
				return
			}
			b.set(word, text(p.Masked().String()), s.at)
		case "iif", "oif", "dev":
			b.set(map[string]string{"dev": "iif"}[word]+map[string]string{"iif": "iif", "oif": "oif"}[word], text(next()), s.at)
		case "fwmark":
			b.set("fwmark", text(next()), s.at)
		case "table", "lookup":
			n, ok := r.table(s, next())
			if !ok {
				return
			}
			b.set("table", n, s.at)
		case "priority", "preference", "pref", "order":
			if n, ok := whole(next()); ok && n > 0 && n < 32766 {
				b.set("priority", number(n), s.at)
			}
		case "no_track", "inet", "inet6":
		default:
			r.lost(s.at, "%s: %q has no counterpart, and the rule was left out", said(s), word)
			return
		}
	}
	if b.value("table") == "" {
		r.lost(s.at, "%s: it leads to no table, and was left out", said(s))
		return
	}
	if b.value("priority") == "" {
		r.ruled++
		b.set("priority", number(30000+r.ruled), s.at)
		r.lost(s.at, "%s: which priority keepalived would give it depends on the machine; it is %d here", said(s), 30000+r.ruled)
	}
	in.rules++
	b.order("from", "to", "iif", "oif", "fwmark", "table", "priority")
	in.add(b)
}
