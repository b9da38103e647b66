package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// checkNames reports every name in a body that the language does not know,
// without evaluating anything: it also sees the contents of dynamic blocks that
// expand to nothing.
func (s *source) checkNames(body hcl.Body, g *grammar, where string) {
	if g.open {
		return
	}
	content, diags := body.Content(g.names())
	for _, d := range diags {
		s.report(hcl.Diagnostics{s.explainName(d, g, where)})
	}
	for _, b := range content.Blocks {
		kind, inner, labels := b.Type, b.Body, b.Labels
		if kind == "dynamic" {
			kind, labels = b.Labels[0], nil
			if _, ok := g.blocks[kind]; !ok {
				s.unknown(b.LabelRanges[0], kind, g, where)
				continue
			}
			inner = s.dynamicContent(b)
		}
		s.checkBlock(g.blocks[kind], kind, labels, b, inner)
	}
}

// checkBlock checks one nested block; labels are nil where they are computed.
func (s *source) checkBlock(g *grammar, kind string, labels []string, b *hcl.Block, body hcl.Body) {
	if body == nil {
		return
	}
	where := "in " + kind
	if g.kinds != nil {
		if labels == nil {
			return // checked when the label is known
		}
		if !s.checkKind(g, kind, labels[0], b.LabelRanges[0]) {
			return
		}
		where = fmt.Sprintf("in %s %q", kind, labels[0])
	}
	s.checkNames(body, g.of(labels), where)
}

// checkKind reports a label that does not name a kind.
func (s *source) checkKind(g *grammar, kind, label string, at hcl.Range) bool {
	if g.kinds[label] != nil {
		return true
	}
	known := sortedKeys(g.kinds)
	s.fail(&at, fmt.Sprintf("Unknown %s kind", kind),
		fmt.Sprintf("There is no %s %q.%s The kinds are %s.", kind, label, didYouMean(label, known), enumerate(known, "and")))
	return false
}

// dynamicContent finds the content block of a dynamic block, nil when there is
// none. What else is wrong with the dynamic block is found by its expansion.
func (s *source) dynamicContent(b *hcl.Block) hcl.Body {
	content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "content"}}})
	if len(content.Blocks) != 1 {
		return nil
	}
	return content.Blocks[0].Body
}

// explainName gives the library's messages about unknown names our hints.
func (s *source) explainName(d *hcl.Diagnostic, g *grammar, where string) *hcl.Diagnostic {
	switch d.Summary {
	case "Unsupported argument", "Unsupported block type", "Extraneous JSON object property":
	default:
		return d
	}
	file := s.files[d.Subject.Filename]
	if !d.Subject.CanSliceBytes(file.Bytes) {
		return d
	}
	name := strings.Trim(string(d.Subject.SliceBytes(file.Bytes)), `"`)
	return s.unknownName(*d.Subject, name, g, where)
}

func (s *source) unknown(at hcl.Range, name string, g *grammar, where string) {
	s.report(hcl.Diagnostics{s.unknownName(at, name, g, where)})
}

func (s *source) unknownName(at hcl.Range, name string, g *grammar, where string) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  "Unknown name",
		Detail:   fmt.Sprintf("There is no %q %s.%s", name, where, nameHint(name, g)),
		Subject:  &at,
	}
}
