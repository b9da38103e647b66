package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/dynblock"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// reader evaluates the text for one director.
type reader struct {
	*source
	whole    *survey
	director Director
	ctx      *hcl.EvalContext
	services []string // the names of all virtual servers
	synced   bool     // ipvs.connection_sync is there
	modules  []string // of IPVS in this kernel, once they were looked for
	rack     rack
	secrets  int // how many values file() and env() handed out
}

// view reads the whole configuration as one director sees it. The value is
// complete only if the source has no errors afterwards.
func (w *survey) view(d Director) *Config {
	if w.source.body == nil {
		return nil
	}
	r := &reader{source: w.source, whole: w, director: d}
	r.ctx = &hcl.EvalContext{Functions: r.functions(func() { r.secrets++ }), Variables: map[string]cty.Value{
		"cluster":  cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal(w.cluster)}),
		"director": directorValue(d),
	}}
	r.ctx.Variables["local"] = r.evaluateLocals(w.locals, false)

	root := r.open(r.expand(w.source.body), language, nil)
	c := &Config{Cluster: w.cluster, Director: d, Directors: w.directorList(), Hash: w.source.hash}
	c.Log = r.readLog(root)
	c.Admin = r.readAdmin(root)
	c.Notifiers = r.readNotifiers(root)
	listed := r.listed(root)
	for _, l := range listed {
		r.services = append(r.services, l.name())
	}
	instances := r.readInstances(root)
	c.Groups = r.readSyncGroups(root, instances)
	c.IPVS = r.readIPVS(root, instances)
	services := r.readServices(root, listed)
	r.source.locals, r.source.synced = r.ctx.Variables["local"], r.synced
	for _, in := range instances {
		c.Instances = append(c.Instances, in.Instance)
	}
	c.Services = slices.Grow(c.Services, len(services)) // nil: none
	for _, sv := range services {
		c.Services = append(c.Services, sv.Service)
	}
	r.checkHeld(services, instances)
	return c
}

// expand makes the dynamic blocks of a body real. The library forgets where the
// elements of a hidden collection come from, so those are refused.
func (r *reader) expand(body hcl.Body) hcl.Body {
	return dynblock.Expand(body, r.ctx, dynblock.OptCheckForEach(
		func(v cty.Value, expr hcl.Expression, _ *hcl.EvalContext) hcl.Diagnostics {
			if !v.IsMarked() {
				return nil
			}
			return hcl.Diagnostics{{
				Severity: hcl.DiagError,
				Summary:  hiddenForEach,
				Detail:   "A dynamic block cannot repeat over what comes from file() or env(): it would show the values as blocks.",
				Subject:  expr.Range().Ptr(),
			}}
		}))
}

const hiddenForEach = "Hidden for_each value"

func directorValue(d Director) cty.Value {
	address := cty.NullVal(cty.String)
	if d.Address.IsValid() {
		address = cty.StringVal(d.Address.String())
	}
	return cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal(d.Name), "address": address})
}

// lookup finds and evaluates an attribute of a block or of its defaults. An
// attribute that is null counts as left out. ok is false when there is no value
// to go on with; unless it was left out, that was reported.
func (r *reader) lookup(b *block, name string) (v value, given, ok bool) {
	attr := b.attribute(name)
	if attr == nil {
		return value{}, false, false
	}
	result, ok := r.evaluate(attr.Expr, isKey(b, name))
	if !ok {
		return value{}, true, false
	}
	if result.v.IsNull() {
		delete(b.attributes, name) // the defaults' turn
		if b.fallback != nil {
			return r.lookup(b, name)
		}
		return value{}, false, false
	}
	return result, true, true
}

// evaluate computes an expression; ok is false when that failed. A key is
// hidden, wherever it comes from.
func (r *reader) evaluate(expr hcl.Expression, key bool) (value, bool) {
	if v, is := literal(expr); is {
		return value{v: v, at: expr.Range(), hidden: key}, true
	}
	before := r.secrets
	v, diags := expr.Value(r.ctx)
	if key {
		diags = aboutKey(diags)
	}
	r.reportEvaluation(diags, r.secrets > before)
	if diags.HasErrors() {
		return value{}, false
	}
	hide := v.ContainsMarked()
	v, _ = v.UnmarkDeep()
	if !v.IsWhollyKnown() {
		if !r.diags.HasErrors() {
			r.fail(expr.Range(), "Unknown value", "This value depends on the director, which the cluster block itself describes.")
		}
		return value{}, false
	}
	return value{v: v, at: expr.Range(), hidden: hide || key}, true
}

// literal is the value of an expression that is one, as most are: nothing has to be computed.
func literal(expr hcl.Expression) (cty.Value, bool) {
	if template, is := expr.(*hclsyntax.TemplateExpr); is && template.IsStringLiteral() {
		expr = template.Parts[0]
	}
	if l, is := expr.(*hclsyntax.LiteralValueExpr); is {
		return l.Val, true
	}
	return cty.NilVal, false
}

// reportEvaluation reports what the library found wrong with an expression.
func (r *reader) reportEvaluation(diags hcl.Diagnostics, secretsRead bool) {
	for _, d := range diags {
		d := *d
		if detail := explainReference(&d); detail != "" {
			d.Summary, d.Detail = "Unknown reference", detail
		}
		if strings.Contains(d.Detail, "dynamic marks") {
			d.Detail = "A name cannot come from file() or env()."
		} else if (secretsRead || usesHidden(&d)) && mayQuote(&d) {
			d.Detail = "The reason is not shown, because the expression uses file() or env()."
		}
		r.report(hcl.Diagnostics{&d})
	}
}

// mayQuote says whether the library may have put a value into a message.
func mayQuote(d *hcl.Diagnostic) bool {
	if call, ok := hcl.DiagnosticExtra[interface{ CalledFunctionName() string }](d); ok {
		name := call.CalledFunctionName()
		return name != "env" && name != "file"
	}
	switch d.Summary {
	case "Call to unknown function", "Unknown variable", "Unknown reference", hiddenForEach, "Not enough function arguments",
		"Too many function arguments", "Unsupported block type", "Missing required argument":
		return false
	}
	return true
}

// usesHidden says whether a message's expression refers to a hidden value.
func usesHidden(d *hcl.Diagnostic) bool {
	if d.Expression == nil || d.EvalContext == nil {
		return false
	}
	for _, ref := range d.Expression.Variables() {
		if v, _ := ref.TraverseAbs(d.EvalContext); v.ContainsMarked() {
			return true
		}
	}
	return false
}

// explainReference words the message for a local.x, director.x or cluster.x
// that does not exist; empty where the message is about something else.
func explainReference(d *hcl.Diagnostic) string {
	if d.Summary != "Unsupported attribute" || d.Expression == nil || d.EvalContext == nil || d.Subject == nil {
		return ""
	}
	for _, ref := range d.Expression.Variables() {
		if len(ref) < 2 || ref[1].SourceRange() != *d.Subject {
			continue
		}
		step, ok := ref[1].(hcl.TraverseAttr)
		object, diags := ref[:1].TraverseAbs(d.EvalContext)
		if !ok || diags.HasErrors() || !object.Type().IsObjectType() {
			return ""
		}
		known := sortedKeys(object.Type().AttributeTypes())
		detail := fmt.Sprintf("There is no %s.%s.", ref.RootName(), step.Name)
		if hint := didYouMean(step.Name, known); hint != "" {
			return detail + hint
		}
		if len(known) > 0 {
			return detail + fmt.Sprintf(" %s has %s.", ref.RootName(), enumerate(known, "and"))
		}
		return detail
	}
	return ""
}

// fail reports an error at a place.
func (r *reader) fail(at hcl.Range, summary, detail string) { r.source.fail(&at, summary, detail) }

func (r *reader) directorNames() []string {
	var names []string
	for _, d := range r.whole.directors {
		names = append(names, d.Name)
	}
	return names
}

func (r *reader) isDirector(name string) bool {
	for _, d := range r.whole.directors {
		if d.Name == name {
			return true
		}
	}
	return false
}
