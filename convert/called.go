package convert

import (
	"net/netip"
	"slices"
	"strings"
)

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
