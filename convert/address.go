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
