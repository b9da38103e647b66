package config

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// block is one block with its dynamic blocks expanded, not yet evaluated.
type block struct {
	kind       string
	label      string    // the first label, empty without
	name       string    // the second label, empty without
	at         hcl.Range // the header
	labelAt    hcl.Range
	nameAt     hcl.Range
	attributes map[string]*hcl.Attribute
	nested     map[string][]*block
	broken     bool            // some nested blocks could not be made out
	refused    map[string]bool // kinds of which a nested block was refused by its label
	fallback   *block          // the defaults block, if any
	defaults   bool            // this is a defaults block: nothing in it is required
}

// title is how messages name the block.
func (b *block) title() string {
	if b.label == "" {
		return b.kind
	}
	if b.name != "" {
		return fmt.Sprintf("%s %q %q", b.kind, b.label, b.name)
	}
	return fmt.Sprintf("%s %q", b.kind, b.label)
}

// inside is title as part of a sentence.
func (b *block) inside() string {
	if b.kind == "" {
		return "at the top level"
	}
	return "in " + b.title()
}

// attribute finds an attribute here or in the defaults, nil if in neither.
func (b *block) attribute(name string) *hcl.Attribute {
	if attr := b.attributes[name]; attr != nil || b.fallback == nil {
		return attr
	}
	return b.fallback.attribute(name)
}

// blocks are the nested blocks of one kind, or the defaults' if there are none.
func (b *block) blocks(kind string) []*block {
	if own := b.nested[kind]; len(own) > 0 || b.fallback == nil {
		return own
	}
	return b.fallback.blocks(kind)
}

// tells says whether the text has a nested block of a kind here or in the
// defaults, be it a refused one.
func (b *block) tells(kind string) bool {
	return len(b.nested[kind]) > 0 || b.refused[kind] || b.broken || b.fallback != nil && b.fallback.tells(kind)
}

// only is the single nested block of a kind. One that is left out is empty and
// stands at its parent's header.
func (b *block) only(kind string) *block {
	if own := b.nested[kind]; len(own) > 0 {
		return own[0]
	}
	return &block{kind: kind, at: b.at, attributes: map[string]*hcl.Attribute{}, defaults: b.defaults}
}

// withDefaults puts a defaults block behind this one.
func (b *block) withDefaults(defaults *block) *block {
	b.fallback = defaults
	return b
}

// asDefaults marks a defaults block. The blocks in it are whole: what they
// need has to be there.
func (b *block) asDefaults() *block {
	b.defaults = true
	return b
}

// open reads a body's attributes and nested blocks. Names were checked before,
// except where a dynamic block computes the label they depend on.
func (r *reader) open(body hcl.Body, g *grammar, header *hcl.Block) *block {
	b := &block{nested: map[string][]*block{}, refused: map[string]bool{}}
	if header != nil {
		b.kind, b.at = header.Type, header.DefRange
		b.labelAt = b.at
		if len(header.Labels) > 0 {
			b.label, b.labelAt = header.Labels[0], header.LabelRanges[0]
		}
		if len(header.Labels) > 1 {
			b.name, b.nameAt = header.Labels[1], header.LabelRanges[1]
		}
	}
	before := r.secrets
	content, _, diags := body.PartialContent(g.schema())
	r.reportEvaluation(diags, r.secrets > before)
	b.broken = diags.HasErrors()
	b.attributes = content.Attributes
	if b.attributes == nil {
		b.attributes = map[string]*hcl.Attribute{}
	}
	for _, inner := range content.Blocks {
		in := g.blocks[inner.Type]
		if in.kinds != nil {
			if !r.checkKind(in, inner.Type, inner.Labels[0], inner.LabelRanges[0]) {
				b.refused[inner.Type] = true
				continue
			}
			r.checkNames(inner.Body, in.of(inner.Labels), fmt.Sprintf("in %s %q", inner.Type, inner.Labels[0]))
		}
		if in.single && len(b.nested[inner.Type]) > 0 {
			before := position(b.nested[inner.Type][0].at)
			r.fail(inner.DefRange, fmt.Sprintf("Second %s block", inner.Type),
				fmt.Sprintf("There is at most one %s block %s; the first is at %s. Join them.", inner.Type, b.inside(), before))
			continue
		}
		b.nested[inner.Type] = append(b.nested[inner.Type], r.open(inner.Body, in.of(inner.Labels), inner))
	}
	return b
}
