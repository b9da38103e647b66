package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// findLocals collects the attributes of all locals blocks.
func (s *source) findLocals() map[string]*hcl.Attribute {
	content, _, _ := s.body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "locals"}}})
	locals := map[string]*hcl.Attribute{}
	for _, b := range content.Blocks {
		attributes, diags := b.Body.JustAttributes()
		s.report(diags)
		for _, name := range sortedKeys(attributes) {
			attr := attributes[name]
			if first, again := locals[name]; again {
				s.fail(&attr.NameRange, "Duplicate local", fmt.Sprintf("local.%s is already set at %s.", name, position(first.NameRange)))
				continue
			}
			locals[name] = attr
		}
	}
	return locals
}

// evaluateLocals computes the object behind local.x. Locals may refer to each
// other in any order. One that fails is unknown, which silences everything
// computed from it. With clusterOnly those that need the director are left out.
func (r *reader) evaluateLocals(locals map[string]*hcl.Attribute, clusterOnly bool) cty.Value {
	e := &localsEvaluation{reader: r, locals: locals, clusterOnly: clusterOnly, values: map[string]cty.Value{}, done: map[string]bool{}, skipped: map[string]bool{}}
	for name := range locals {
		e.values[name] = cty.DynamicVal
	}
	for _, name := range sortedKeys(locals) {
		e.evaluate(name)
	}
	return cty.ObjectVal(e.values)
}

type localsEvaluation struct {
	*reader
	locals      map[string]*hcl.Attribute
	clusterOnly bool
	values      map[string]cty.Value // unknown until done
	done        map[string]bool
	skipped     map[string]bool // need the director
	path        []string        // the locals being evaluated now
}

func (e *localsEvaluation) evaluate(name string) {
	if e.done[name] {
		return
	}
	attr := e.locals[name]
	if at := slices.Index(e.path, name); at >= 0 {
		e.fail(attr.NameRange, "Locals refer to each other in a circle",
			fmt.Sprintf("local.%s needs local.%s.", name, strings.Join(append(slices.Clone(e.path[at+1:]), name), ", which needs local.")))
		e.done[name] = true
		return
	}
	if len(e.path) == maxLocals {
		e.fail(attr.NameRange, "Locals nested too deeply", fmt.Sprintf("More than %d locals need each other in a row.", maxLocals))
		e.done[name] = true
		return
	}
	e.path = append(e.path, name)
	defer func() { e.path = e.path[:len(e.path)-1] }()
	needs := map[string]cty.Value{}
	for _, ref := range attr.Expr.Variables() {
		if ref.RootName() == "director" && e.clusterOnly {
			e.done[name], e.skipped[name] = true, true
			return
		}
		for _, needed := range e.referred(ref) {
			e.evaluate(needed)
			if e.skipped[needed] {
				e.done[name], e.skipped[name] = true, true
				return
			}
			needs[needed] = e.values[needed]
		}
	}
	if e.done[name] {
		return // part of a circle
	}
	e.done[name] = true
	before := e.secrets
	v, diags := attr.Expr.Value(e.with(needs))
	if diags.HasErrors() {
		_, diags = attr.Expr.Value(e.with(e.values)) // to suggest from all names
	} else {
		e.values[name] = v
	}
	e.reportEvaluation(diags, e.secrets > before)
}

// with is the context of the other references with some locals.
func (e *localsEvaluation) with(locals map[string]cty.Value) *hcl.EvalContext {
	ctx := e.ctx.NewChild()
	ctx.Variables = maps.Clone(e.ctx.Variables)
	ctx.Variables["local"] = cty.ObjectVal(locals)
	return ctx
}

// referred are the locals that a reference needs: one, or all of them when the
// object is used as a whole.
func (e *localsEvaluation) referred(ref hcl.Traversal) []string {
	if ref.RootName() != "local" {
		return nil
	}
	if len(ref) > 1 {
		name := ""
		switch step := ref[1].(type) {
		case hcl.TraverseAttr:
			name = step.Name
		case hcl.TraverseIndex:
			if step.Key.Type() == cty.String && step.Key.IsKnown() && !step.Key.IsNull() {
				name = step.Key.AsString()
			}
		}
		if name != "" {
			if e.locals[name] == nil {
				return nil
			}
			return []string{name}
		}
	}
	return sortedKeys(e.locals)
}
