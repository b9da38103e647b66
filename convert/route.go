package convert

import (
	"net/netip"
	"slices"
	"strings"
)

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
