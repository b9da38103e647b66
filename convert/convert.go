package convert

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hald-project/hald/config"
)

// Input is what one director is configured with.
type Input struct {
	Director string // its name in the cluster
	Path     string
}

// Keepalived makes one configuration of a cluster of the directors' keepalived.conf.
// All directors may have the same file: lines that begin with @ are taken by name. The
// result is laid out and, unless the report tells what is missing, valid. The error is
// that of a file that cannot be read.
func Keepalived(cluster string, inputs []Input) ([]byte, *Report, error) {
	report := &Report{}
	var all []director
	for _, in := range inputs {
		id, _, _ := strings.Cut(in.Director, ".")
		s := &source{most: maxLines, id: id, report: report, names: map[string]string{}}
		if err := s.read(in.Path, 0); err != nil {
			return nil, report, err
		}
		d := director{name: in.Director}
		d.top, d.rest = tree(s.lines, report)
		all = append(all, d)
	}
	written := write(cluster, all, report)
	verify(written, inputs[0].Path, report)
	report.sort()
	return written, report, nil
}

// director is what the files of one say.
type director struct {
	name string
	top  []*statement
	rest []string // comments after the last statement
}

// write makes the configuration of what the directors' files say.
func write(cluster string, directors []director, report *Report) []byte {
	var readers []*reader
	var tail []string
	for _, d := range directors {
		r := &reader{Report: report, director: d.name}
		r.read(d.top)
		readers = append(readers, r)
		tail = append(tail, d.rest...)
	}
	all := combine(cluster, readers)
	var head []string
	for _, c := range append(readers[0].spare, tail...) {
		if !slices.Contains(head, c) {
			head = append(head, c)
		}
	}
	return render(head, all)
}

// combine makes the cluster of what each director has.
func combine(cluster string, readers []*reader) []*block {
	c := newBlock("cluster", place{}, cluster)
	p := &pairer{Report: readers[0].Report}
	known, taken := map[netip.Addr]bool{}, map[netip.Addr]bool{}
	for _, r := range readers {
		known[r.own] = r.own.IsValid()
	}
	for _, r := range readers {
		d := c.add(newBlock("director", place{}, r.director))
		if taken[r.own] && r.own.IsValid() {
			p.lost(r.ownAt, "director %q has the unicast source of another, %s", r.director, r.own)
		} else if r.own.IsValid() {
			taken[r.own] = true
			d.set("address", text(r.own.String()), place{})
		}
		p.directors = append(p.directors, r.director)
	}
	p.strangers(c, readers, known)
	lists := func(of func(*reader) []*block) (all [][]*block) {
		for _, r := range readers {
			all = append(all, of(r))
		}
		return all
	}
	all := []*block{c}
	routers := p.pair(lists(func(r *reader) []*block { return r.routers }), func(b *block) string { return b.value("virtual_router_id") }, sameRouter)
	p.stand(c, routers, len(readers))
	all = append(all, distinct(p.Report, p.clashes(routers))...)
	all = append(all, p.pair(lists(func(r *reader) []*block { return r.groups }), (*block).name, always)...)
	all = append(all, distinct(p.Report, p.servicesApart(p.pair(lists(func(r *reader) []*block { return r.services }), (*block).name, always)))...)
	ipvs := p.pair(lists(func(r *reader) []*block {
		if len(r.ipvs.attrs)+len(r.ipvs.blocks) == 0 {
			return nil
		}
		return []*block{r.ipvs}
	}), (*block).name, always)
	all = append(all, ipvs...)
	return append(all, distinct(p.Report, p.pair(lists(func(r *reader) []*block { return r.notifiers }), (*block).name, always))...)
}

// strangers makes directors of the unicast peers whose files were not given.
func (p *pairer) strangers(c *block, readers []*reader, known map[netip.Addr]bool) {
	for _, r := range readers {
		for _, other := range readers {
			if len(r.peers) > 0 && other != r && other.own.IsValid() && !slices.ContainsFunc(r.peers, func(p peer) bool { return p.address == other.own }) {
				p.note(r.peers[0].at, "the unicast peers of %q do not name %q, %s; in a cluster each director sends to all others", r.director, other.director, other.own)
			}
		}
		for _, peer := range r.peers {
			if known[peer.address] || r.own.IsValid() && peer.address.Is6() != r.own.Is6() {
				continue
			}
			known[peer.address] = true
			name := fmt.Sprintf("lb%d", len(p.directors)+1)
			for slices.Contains(p.directors, name) {
				name += "x"
			}
			d := c.add(newBlock("director", place{}, name))
			d.set("address", text(peer.address.String()), place{})
			p.directors = append(p.directors, name)
			p.lost(peer.at, "the unicast peer %s has no file here: it is director %q, with what the others have, and needs its own name and priority", peer.address, name)
		}
	}
}

// at is where its file begins.
func (r *reader) at() place {
	for _, b := range slices.Concat(r.routers, r.services) {
		return place{file: b.at.file}
	}
	return place{}
}

// stand gives directors without a file a value where the others have one each, and
// tells which instances cannot go by unicast.
func (p *pairer) stand(c *block, routers []*block, files int) {
	lacking := slices.ContainsFunc(c.blocks, func(d *block) bool { return d.value("address") == "" })
	for _, b := range routers {
		for _, a := range b.attrs {
			if a.name == "priority" && files < len(p.directors) && !strings.HasPrefix(a.value, "{") {
				a.value = "{ " + keyOf(p.directors[0]) + " = " + a.value + " }"
			}
			if !strings.HasPrefix(a.value, "{") {
				continue
			}
			fallback := "100"
			if a.name != "priority" {
				fallback = strings.TrimSuffix(strings.TrimSpace(strings.SplitAfterN(a.value, "= ", 2)[1]), " }")
				fallback, _, _ = strings.Cut(fallback, ",")
			}
			for _, d := range p.directors {
				if d = keyOf(d); !strings.Contains(a.value, " "+d+" = ") {
					a.value = strings.TrimSuffix(a.value, " }") + ", " + d + " = " + fallback + " }"
				}
			}
		}
		if b.value("unicast") != "" && (lacking || len(p.directors) < 2) {
			p.lost(b.at, "%s is unicast, and a director's own address (unicast_src_ip) is told nowhere: it goes by multicast now", title(b))
			b.drop("unicast")
		}
	}
}

// distinct gives blocks of the same name names of their own.
func distinct(r *Report, blocks []*block) []*block {
	seen := map[string]bool{}
	for _, b := range blocks {
		was := b.labels[0]
		for n := 2; seen[b.labels[0]]; n++ {
			b.labels[0] = fmt.Sprintf("%s-%d", was, n)
		}
		seen[b.labels[0]] = true
		if b.labels[0] != was {
			r.note(b.at, "another %s is called %q; this one is %q", b.kind, was, b.labels[0])
		}
	}
	return blocks
}

// verify has hald itself look at the result. What it refuses is reported as lost: it is
// a thing that keepalived lets pass.
func verify(written []byte, beside string, report *Report) {
	folder, err := os.MkdirTemp("", "hald-convert-")
	if err != nil {
		report.lost(place{file: beside}, "the result was not looked at: %v", err)
		return
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "cluster.hcl")
	if err := os.WriteFile(path, written, 0o600); err != nil {
		report.lost(place{file: beside}, "the result was not looked at: %v", err)
		return
	}
	_, diags := config.LoadAll(path)
	lines := strings.Split(string(written), "\n")
	for _, m := range diags.Messages() {
		if m.Severity != "error" {
			continue
		}
		where := ""
		if m.Line > 0 && m.Line <= len(lines) {
			where = fmt.Sprintf(", line %d of the result: %s", m.Line, strings.TrimSpace(lines[m.Line-1]))
		}
		report.lost(place{file: beside}, "hald check refuses the result: %s: %s%s", m.Summary, m.Detail, where)
	}
}
