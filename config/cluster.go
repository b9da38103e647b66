package config

import (
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// survey is what has to be known before any director's view can be read: the
// cluster, its directors and the locals.
type survey struct {
	source    *source
	locals    map[string]*hcl.Attribute
	cluster   string
	at        *hcl.Range // the cluster's header, nil without a cluster
	directors []locatedDirector
}

type locatedDirector struct {
	Director
	refused bool // its address was
}

// survey checks all names and reads the cluster block. Only what does not
// depend on the director can be used there.
func (s *source) survey() *survey {
	w := &survey{source: s}
	if s.body == nil {
		return w
	}
	s.checkNames(s.body, language, "at the top level")
	w.locals = s.findLocals()

	r := &reader{source: s, whole: w}
	r.ctx = &hcl.EvalContext{Functions: r.functions(func() { r.secrets++ }), Variables: map[string]cty.Value{}}
	r.ctx.Variables["local"] = r.evaluateLocals(w.locals, true)
	onlyCluster := &grammar{blocks: map[string]*grammar{"cluster": language.blocks["cluster"]}}
	clusters := r.open(r.expand(s.body), onlyCluster, nil).nested["cluster"]
	switch {
	case len(clusters) == 0:
		s.fail(s.start(), "Missing cluster", "The configuration needs one cluster \"NAME\" block with a director \"NAME\" block in it for each director.")
		return w
	case len(clusters) > 1:
		for _, c := range clusters[1:] {
			r.fail(c.at, "Second cluster", fmt.Sprintf("A configuration describes exactly one cluster; the first is at %s.", position(clusters[0].at)))
		}
	}
	c := clusters[0]
	r.checkLabel(c)
	w.cluster, w.at = c.label, &c.at
	r.readDirectors(c)
	return w
}

// start is the beginning of the first file.
func (s *source) start() *hcl.Range {
	names := sortedKeys(s.files)
	if len(names) == 0 {
		return nil
	}
	return &hcl.Range{Filename: names[0], Start: hcl.InitialPos, End: hcl.InitialPos}
}

func (r *reader) readDirectors(c *block) {
	if len(c.nested["director"]) == 0 {
		r.fail(c.at, "Empty cluster", fmt.Sprintf("%s has no director. Name at least one: director \"lb1\" {}.", c.title()))
	}
	names := map[string]hcl.Range{}
	addresses := map[netip.Addr]string{}
	for _, b := range c.nested["director"] {
		r.checkLabel(b)
		if !r.unique(names, b.label, b.labelAt, "Duplicate director") {
			continue
		}
		address := read(r, b, "address", hostAddress)
		if address.given && address.ok {
			if other, taken := addresses[address.value]; taken {
				r.fail(address.at, "Duplicate address", fmt.Sprintf("Director %q has the same address.", other))
			}
			addresses[address.value] = b.label
		}
		r.whole.directors = append(r.whole.directors, locatedDirector{Director{Name: b.label, Address: address.value}, address.given && !address.ok})
	}
}

// unique reports a name that was used before; kind is the error's summary.
func (r *reader) unique(seen map[string]hcl.Range, name string, at hcl.Range, kind string) bool {
	if first, again := seen[name]; again {
		r.fail(at, kind, fmt.Sprintf("The name %q is already used at %s.", name, position(first)))
		return false
	}
	seen[name] = at
	return true
}

func (w *survey) directorList() []Director {
	list := make([]Director, 0, len(w.directors))
	for _, d := range w.directors {
		list = append(list, d.Director)
	}
	return list
}

// eachDirector is every director to read the text for. Without any the text is
// still read once, so that everything wrong with it is found.
func (w *survey) eachDirector() []Director {
	if len(w.directors) == 0 {
		return []Director{{}}
	}
	return w.directorList()
}

// find is the director with this name, or the one named like this machine.
// When there is none, that is reported and the first stands in.
func (w *survey) find(name string) Director {
	all := w.eachDirector()
	if w.at == nil || len(w.directors) == 0 {
		return all[0]
	}
	candidates := []string{name}
	what := fmt.Sprintf("%q", name)
	if name == "" {
		host, err := os.Hostname()
		if err != nil {
			w.source.fail(w.at, "Which director is this?", "The host name cannot be read: "+err.Error()+". Give the director's name.")
			return all[0]
		}
		short, _, _ := strings.Cut(host, ".")
		candidates = []string{host, short}
		what = fmt.Sprintf("This machine's host name, %q,", host)
	}
	var names []string
	for _, d := range all {
		names = append(names, d.Name)
	}
	for _, candidate := range candidates {
		for _, d := range all {
			if d.Name == candidate || name == "" && strings.EqualFold(d.Name, candidate) {
				return d
			}
		}
	}
	w.source.fail(w.at, "Which director is this?", fmt.Sprintf(
		"%s is not a director of cluster %q; its directors are %s.%s Name one with --director or $HALD_DIRECTOR.",
		what, w.cluster, enumerate(names, "and"), didYouMean(candidates[0], names)))
	return all[0]
}
