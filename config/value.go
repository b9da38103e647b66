package config

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// value is a known value with its place in the text. A hidden one never
// appears in a message.
type value struct {
	v      cty.Value
	at     hcl.Range
	hidden bool
}

// String is how messages show a value.
func (v value) String() string {
	if v.hidden {
		return "the value (not shown: it comes from file() or env())"
	}
	switch t := v.v.Type(); {
	case v.v.IsNull():
		return "null"
	case t == cty.String:
		return fmt.Sprintf("%q", v.v.AsString())
	case t == cty.Number:
		return v.v.AsBigFloat().Text('g', -1)
	case t == cty.Bool && v.v.True():
		return "true"
	case t == cty.Bool:
		return "false"
	case isList(t):
		return "a list"
	default:
		return "a map"
	}
}

// computed is a text made from values, empty where one of them is hidden.
func computed(text string, from ...value) string {
	for _, v := range from {
		if v.hidden {
			return ""
		}
	}
	return text
}

func isList(t cty.Type) bool { return t.IsTupleType() || t.IsListType() || t.IsSetType() }
func isMap(t cty.Type) bool  { return t.IsObjectType() || t.IsMapType() }

// field is one attribute's value, or its default.
type field[T any] struct {
	value T
	at    hcl.Range // of the expression; of the block's header for a default
	text  value     // as it was written, where it was
	given bool      // written down
	ok    bool      // usable: valid, or the default
}

// or fills in the default of an attribute that was left out.
func (f field[T]) or(def T) field[T] {
	if !f.given {
		f.value, f.ok = def, true
	}
	return f
}

// shown is the value as messages show it.
func (f field[T]) shown() string {
	if f.given {
		return f.text.String()
	}
	return fmt.Sprint(f.value)
}

// read reads one attribute. Where it is left out, given is false; where it is
// wrong, that was reported and ok is false.
func read[T any](r *reader, b *block, name string, parse func(value) (T, error)) field[T] {
	v, given, ok := r.lookup(b, name)
	f := field[T]{at: b.at, given: given}
	if !ok {
		return f
	}
	return parsed(r, name, v, parse)
}

// need is read for an attribute that must be there.
func need[T any](r *reader, b *block, name, why string, parse func(value) (T, error)) field[T] {
	f := read(r, b, name, parse)
	r.mustBeGiven(b, name, why, f.given)
	return f
}

// mustBeGiven reports an attribute that was left out; why says what it is.
func (r *reader) mustBeGiven(b *block, name, why string, given bool) {
	if !given && !b.defaults {
		r.fail(b.at, "Missing attribute "+name, fmt.Sprintf("%s needs %s: %s.", b.title(), name, why))
	}
}

// readList reads a list, element by element. The outer field is not ok when
// any element is wrong.
func readList[T any](r *reader, b *block, name string, parse func(value) (T, error)) field[[]field[T]] {
	v, given, ok := r.lookup(b, name)
	list := field[[]field[T]]{at: b.at, given: given}
	if !ok {
		return list
	}
	list.at, list.ok = v.at, true
	if !isList(v.v.Type()) {
		r.fail(v.at, "Invalid "+name, fmt.Sprintf("%s is not a list. Write it in brackets: %s = […].", v.String(), name))
		list.ok = false
		return list
	}
	places := elementRanges(b.attribute(name).Expr, v.v.LengthInt())
	i := 0
	for it := v.v.ElementIterator(); it.Next(); i++ {
		_, e := it.Element()
		element := value{v: e, at: v.at, hidden: v.hidden}
		if places != nil {
			element.at = places[i]
		}
		f := parsed(r, name, element, parse)
		list.value = append(list.value, f)
		list.ok = list.ok && f.ok
	}
	return list
}

// readPerDirector reads an attribute that takes one value for all directors or
// a map from each director's name to its value. All entries of a map are
// checked, one is used.
func readPerDirector[T any](r *reader, b *block, name string, parse func(value) (T, error)) field[T] {
	v, given, ok := r.lookup(b, name)
	mine := field[T]{at: b.at, given: given}
	if !ok {
		return mine
	}
	if !isMap(v.v.Type()) {
		return parsed(r, name, v, parse)
	}
	mine.at = v.at
	if len(r.whole.directors) == 0 {
		return mine // that the cluster has none was reported
	}
	keys, values := entryRanges(b.attribute(name).Expr)
	entries := v.v.AsValueMap()
	for _, director := range sortedKeys(entries) {
		if !r.isDirector(director) {
			at, found := keys[director]
			if !found {
				at = v.at
			}
			r.fail(at, "Unknown director", fmt.Sprintf("The cluster has no director %s; it has %s.%s",
				value{v: cty.StringVal(director), hidden: v.hidden}, enumerate(r.directorNames(), "and"), didYouMean(director, r.directorNames())))
		}
	}
	for _, director := range r.directorNames() {
		e, found := entries[director]
		if !found {
			r.fail(v.at, "Director missing in "+name, fmt.Sprintf(
				"A map from director to value names every director; %q is missing.", director))
			continue
		}
		at, found := values[director]
		if !found {
			at = v.at
		}
		f := parsed(r, name, value{v: e, at: at, hidden: v.hidden}, parse)
		if director == r.director.Name {
			mine = f
		}
	}
	return mine
}

// parsed turns one value into what it stands for, or reports why not.
func parsed[T any](r *reader, name string, v value, parse func(value) (T, error)) field[T] {
	f := field[T]{at: v.at, text: v, given: true}
	if v.v.IsNull() {
		r.fail(v.at, "Invalid "+name, "A value is needed here, not null.")
		return f
	}
	result, err := parse(v)
	switch {
	case err == nil:
		f.value, f.ok = result, true
	case isMap(v.v.Type()):
		r.fail(v.at, "Invalid "+name, err.Error()+" Only interface, priority, source_address, label, source, http and peer can differ between directors.")
	default:
		r.fail(v.at, "Invalid "+name, err.Error())
	}
	return f
}

// elementRanges are the places of a literal list's n elements, nil when the
// list is computed.
func elementRanges(expr hcl.Expression, n int) []hcl.Range {
	elements, diags := hcl.ExprList(expr)
	if diags.HasErrors() || len(elements) != n {
		return nil
	}
	ranges := make([]hcl.Range, n)
	for i, e := range elements {
		ranges[i] = e.Range()
	}
	return ranges
}

// entryRanges are the places of a literal map's keys and values, as far as the
// keys are literal too.
func entryRanges(expr hcl.Expression) (keys, values map[string]hcl.Range) {
	pairs, diags := hcl.ExprMap(expr)
	if diags.HasErrors() {
		return nil, nil
	}
	keys, values = map[string]hcl.Range{}, map[string]hcl.Range{}
	for _, pair := range pairs {
		key, diags := pair.Key.Value(nil)
		if diags.HasErrors() || key.IsNull() || !key.IsKnown() || key.Type() != cty.String {
			continue
		}
		keys[key.AsString()] = pair.Key.Range()
		values[key.AsString()] = pair.Value.Range()
	}
	return keys, values
}
