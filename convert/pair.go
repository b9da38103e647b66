package convert

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// perDirector are the attributes that may have a value for each director, with what
// they are where nobody says it. The kind of block is before the name.
var perDirector = map[string]string{
	"vrrp_instance priority":       "100",
	"vrrp_instance interface":      "",
	"vrrp_instance source_address": "",
	"virtual_address interface":    "",
	"virtual_address label":        "",
	"virtual_route interface":      "",
	"virtual_route source":         "",
	"virtual_rule iif":             "",
	"virtual_rule oif":             "",
	"connection_sync interface":    "",
}

// pairer makes one block of those that the directors have for the same thing.
type pairer struct {
	*Report
	directors []string
}

// pair makes one list of the directors' lists, in the order of the first. The key tells
// what may be for the same thing, and same whether it is.
func (p *pairer) pair(lists [][]*block, key func(*block) string, same func(a, b *block) bool) (all []*block) {
	taken := map[*block]bool{}
	candidates := make([]map[string][]*block, len(lists))
	for i, list := range lists {
		candidates[i] = map[string][]*block{}
		for _, b := range list {
			candidates[i][key(b)] = append(candidates[i][key(b)], b)
		}
	}
	for i, list := range lists {
		for _, b := range list {
			if taken[b] {
				continue
			}
			versions := make([]*block, len(lists))
			versions[i] = b
			taken[b] = true
			for j := i + 1; j < len(lists); j++ {
				for _, other := range candidates[j][key(b)] {
					if !taken[other] && same(b, other) {
						versions[j] = other
						taken[other] = true
						break
					}
				}
			}
			all = append(all, p.merge(versions))
		}
	}
	return all
}

// always is for keys that say it all.
func always(_, _ *block) bool { return true }

// merge makes one block of the versions of it, of which those that a director does not
// have are nil.
func (p *pairer) merge(versions []*block) *block {
	first := versions[slices.IndexFunc(versions, func(b *block) bool { return b != nil })]
	var without []string
	for i, v := range versions {
		if v == nil {
			without = append(without, p.directors[i])
		}
	}
	if len(without) > 0 {
		p.lost(first.at, "%s: %s has none, and has it now like the others", title(first), quote(without))
	}
	one := newBlock(first.kind, first.at, first.labels...)
	one.comments = first.comments
	var names []string
	for _, v := range versions {
		if v == nil {
			continue
		}
		for _, a := range v.attrs {
			if !slices.Contains(names, a.name) {
				names = append(names, a.name)
			}
		}
	}
	for _, name := range names {
		p.mergeAttribute(one, name, versions)
	}
	inner := make([][]*block, len(versions))
	for i, v := range versions {
		if v != nil {
			inner[i] = numbered(v.blocks)
		} else {
			inner[i] = numbered(first.blocks)
		}
	}
	one.blocks = p.pair(inner, (*block).key, always)
	return one
}

// numbered tells blocks of the same name apart by how many there were before.
func numbered(blocks []*block) []*block {
	seen := map[string]int{}
	for _, b := range blocks {
		b.index = seen[b.name()]
		seen[b.name()]++
	}
	return blocks
}

func (p *pairer) mergeAttribute(one *block, name string, versions []*block) {
	values := make([]string, len(versions))
	var from *attribute
	missing := false
	for i, v := range versions {
		if v == nil {
			continue
		}
		a := v.get(name)
		if a == nil {
			missing = true
			continue
		}
		values[i] = a.value
		if from == nil {
			from = a
		}
	}
	kind := one.kind + " " + name
	fallback, each := perDirector[kind]
	one.attrs = append(one.attrs, &attribute{name, from.value, from.at, from.comments, from.trailing})
	last := one.attrs[len(one.attrs)-1]
	differ := missing
	for i, v := range values {
		if v == "" && versions[i] != nil && fallback != "" {
			values[i] = fallback
		}
		if versions[i] == nil {
			if values[i] = from.value; kind == "vrrp_instance priority" {
				values[i] = fallback
			}
		}
		differ = differ || values[i] != from.value
	}
	if !differ {
		return
	}
	if each && !slices.Contains(values, "") {
		var pairs []string
		for i, v := range values {
			pairs = append(pairs, keyOf(p.directors[i])+" = "+v)
		}
		last.value = "{ " + strings.Join(pairs, ", ") + " }"
		return
	}
	var told []string
	for i, v := range values {
		told = append(told, p.directors[i]+" "+or(strings.ReplaceAll(v, "\n", " "), "none"))
	}
	p.lost(from.at, "%s of %s differs between the directors (%s); all have %s now", name, title(one), strings.Join(told, ", "), strings.ReplaceAll(from.value, "\n", " "))
}

// keyOf is a director's name as a key of a map.
func keyOf(director string) string {
	if hclsyntax.ValidIdentifier(director) {
		return director
	}
	return text(director)
}

// title is a block as messages name it.
func title(b *block) string {
	if len(b.labels) == 0 {
		return b.kind
	}
	return b.kind + " " + quote(b.labels)
}

// sameRouter tells whether two directors mean the same virtual router by one id: with a
// name or an address in common.
func sameRouter(a, b *block) bool {
	if a.labels[0] == b.labels[0] {
		return true
	}
	mine := addressesIn(a)
	return slices.ContainsFunc(addressesIn(b), func(s string) bool { return slices.Contains(mine, s) }) || len(mine) == 0 && len(addressesIn(b)) == 0
}

// addressesIn are the virtual addresses of an instance as they are written.
func addressesIn(b *block) []string {
	all := quoted(b.value("virtual_addresses"))
	for _, a := range b.of("virtual_address") {
		all = append(all, a.labels[0])
	}
	return all
}
