package convert

import "slices"

// readGroup reads a vrrp_sync_group. Its trackers are those of every member: the group
// has the lowest of their priorities.
func (r *reader) readGroup(s *statement) {
	g := newBlock("vrrp_sync_group", s.at, r.named(s, s.arg(0)))
	g.comments = s.comments
	var members []*block
	for _, inner := range s.block {
		switch inner.key() {
		case "group":
			for _, m := range inner.block {
				for _, name := range append([]string{m.key()}, m.args()...) {
					i := slices.IndexFunc(r.routers, func(b *block) bool { return b.labels[0] == r.names[name] })
					if i < 0 || r.names[name] == "" {
						r.rewritten(m.at, "%s: there is no vrrp_instance %q that came along; it is left out", said(s), name)
					} else if slices.Contains(members, r.routers[i]) || r.grouped[r.routers[i]] {
						r.rewritten(m.at, "%s: %q is in a group already, and is left out", said(s), name)
					} else {
						members = append(members, r.routers[i])
						r.grouped[r.routers[i]] = true
					}
				}
			}
		case "track_interface", "track_script", "track_process", "track_file", "track_bfd":
			if len(members) == 0 {
				r.lost(inner.at, "%s before the group's members, or without any", said(inner))
				continue
			}
			r.readTrack(members[0], inner)
		case "smtp_alert":
			r.alerted(inner, &r.letters.vrrp)
		default:
			if len(members) > 0 && r.ofState(inner, members[0].labels[0], "GROUP", g.labels[0]) {
				continue
			}
			g.comments = append(g.comments, inner.comments...)
			r.elsewhere(inner, ofGroup)
		}
	}
	if len(members) < 2 {
		r.rewritten(s.at, "%s has %d members: it binds nothing together, and is left out", said(s), len(members))
		return
	}
	r.agree(s, members)
	var names []string
	for _, m := range members {
		names = append(names, m.labels[0])
	}
	g.set("members", texts(names), s.at)
	r.groups = append(r.groups, g)
}

var ofGroup = merged(map[string]fate{
	"global_tracking":            {Note, "a member's tracker counts for the group: always"},
	"sync_group_tracking_weight": {Note, "a member's tracker counts for the group: always"},
	"notify_priority_changes":    {Note, "vrrp.priority is an event"},
}, scripts)

// agree gives the members what a group has once: it holds one election.
func (r *reader) agree(s *statement, members []*block) {
	first := members[0]
	for _, m := range members[1:] {
		for _, name := range []string{"priority", "advertisement_interval", "preempt", "preempt_delay"} {
			was, is := m.value(name), first.value(name)
			if was == is || name == "advertisement_interval" && or(was, `"1s"`) == or(is, `"1s"`) {
				continue
			}
			r.lost(m.at, "%s has one election: %s of %q is %s now, as in %q, and was %s", said(s), name, m.labels[0], or(is, "the default"), first.labels[0], or(was, "the default"))
			if is == "" {
				m.drop(name)
			} else {
				m.set(name, is, m.at)
				m.order(instanceOrder...)
			}
		}
	}
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// readPace reads a garp_group: the pause between frames on its interfaces.
func (r *reader) readPace(s *statement) {
	var links []string
	pace := ""
	for _, inner := range s.block {
		switch inner.key() {
		case "garp_interval":
			if d, ok := r.timer(inner, 0); ok {
				pace = length(d)
			}
		case "interface":
			links = append(links, text(inner.arg(0)))
		case "interfaces":
			for _, l := range inner.block {
				links = append(links, text(l.key()))
			}
			r.lost(inner.at, "interfaces of garp_group: hald paces each instance by itself, not several interfaces together")
		default:
			r.elsewhere(inner, map[string]fate{"gna_interval": {Lost, "interval of gratuitous_arp holds for both families; only garp_interval was taken"}})
		}
	}
	if pace == "" {
		return
	}
	for _, l := range links {
		if !slices.ContainsFunc(r.routers, func(b *block) bool { return b.value("interface") == l }) {
			r.note(s.at, "garp_group: no vrrp_instance is on %s, and the pace of %s there is left out", l, pace)
		}
	}
	for _, b := range r.routers {
		if !slices.Contains(links, b.value("interface")) {
			continue
		}
		garp := b.of("gratuitous_arp")
		if len(garp) == 0 {
			garp = []*block{newBlock("gratuitous_arp", s.at)}
			b.blocks = slices.Insert(b.blocks, 0, garp[0])
		}
		garp[0].set("interval", pace, s.at)
	}
}
