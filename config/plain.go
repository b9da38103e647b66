package config

import (
	"bytes"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// plainBlock is a virtual_server block on its way to be opened without the library, which takes ten times as long. It
// is for what ten thousand servers mostly are: known names, one to a line, with texts, whole numbers, words of truth and lists of
// these in a line. The first thing that is none of that ends it, and the library reads the block.
type plainBlock struct {
	*piece
	*paper
	next  int // byte of the text
	line  int // it is in
	begin int // of that line
}

// plain opens the block as open does, its names checked; nil if it is not so simple.
func (p *piece) plain(sheet *paper) *block {
	sheet.erase()
	r := &plainBlock{piece: p, paper: sheet, line: p.at.Line}
	from := r.pos()
	kind := r.word()
	if language.blocks[kind] == nil {
		return nil
	}
	b := r.block(kind, r.since(from), language.blocks[kind])
	if b == nil || r.next != len(p.text) || b.label != p.label {
		return nil
	}
	return b
}

func (r *plainBlock) pos() hcl.Pos {
	return hcl.Pos{Line: r.line, Column: r.next - r.begin + 1, Byte: r.from + r.next}
}

func (r *plainBlock) since(from hcl.Pos) hcl.Range {
	return hcl.Range{Filename: r.file, Start: from, End: r.pos()}
}

// peek is the next byte behind spaces; 0 at the end.
func (r *plainBlock) peek() byte {
	for r.next < len(r.text) && (r.text[r.next] == ' ' || r.text[r.next] == '\t') {
		r.next++
	}
	if r.next == len(r.text) {
		return 0
	}
	return r.text[r.next]
}

// take passes a byte, if it is the next one behind spaces.
func (r *plainBlock) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.next++
	return true
}

// word passes a name, empty if there is none. It stays in the text.
func (r *plainBlock) word() string {
	from := r.next
	for r.next < len(r.text) && isWord(r.text[r.next]) {
		r.next++
	}
	if from == r.next || !isLetter(r.text[from]) {
		return ""
	}
	return string(r.text[from:r.next])
}

// quoted passes a string in which every character is itself and has one column.
func (r *plainBlock) quoted() (s string, ok bool) {
	if !r.take('"') {
		return "", false
	}
	for from := r.next; r.next < len(r.text); r.next++ {
		switch c := r.text[r.next]; {
		case c == '"':
			r.next++
			return string(r.text[from : r.next-1]), true
		case c < ' ' || c > '~' || c == '\\' || c == '$' || c == '%':
			return "", false
		}
	}
	return "", false
}

// endLine goes to the end of the line, over a comment; false if there is something else.
func (r *plainBlock) endLine() bool {
	r.peek()
	if rest := r.text[r.next:]; isComment(rest) {
		r.next += max(0, bytes.IndexByte(rest, '\n'))
	}
	return r.peek() == '\n'
}

// block reads a block from behind its type on. None in a virtual server has more than one label.
func (r *plainBlock) block(kind string, at hcl.Range, g *grammar) *block {
	b := r.newBlock()
	b.kind, b.at, b.labelAt = kind, at, at
	var labels []string
	if r.peek() == '"' {
		from := r.pos()
		label, ok := r.quoted()
		if !ok {
			return nil
		}
		labels = []string{label}
		b.label, b.labelAt, b.at = label, r.since(from), r.since(at.Start)
	}
	if len(labels) != len(g.labels) || g.kinds != nil && g.kinds[b.label] == nil || !r.take('{') || !r.body(b, g.of(labels)) {
		return nil
	}
	return b
}

// body reads what is in a block, and the brace behind it.
func (r *plainBlock) body(b *block, g *grammar) bool {
	for alone := r.peek() != '\n' && !isComment(r.text[r.next:]); ; {
		for !alone && r.endLine() {
			r.next++
			r.line, r.begin = r.line+1, r.next
		}
		if r.take('}') {
			return true
		}
		if !r.item(b, g, alone) || alone && r.peek() != '}' || !alone && !r.endLine() {
			return false
		}
	}
}

// item reads an attribute or a nested block.
func (r *plainBlock) item(b *block, g *grammar, alone bool) bool {
	from := r.pos()
	name := r.word()
	named := r.since(from)
	if r.take('=') {
		expr := r.value()
		if expr == nil || !slices.Contains(g.attributes, name) || b.attributes[name] != nil {
			return false
		}
		a := r.attributes.next()
		*a = hcl.Attribute{Name: name, Expr: expr, Range: r.since(from), NameRange: named}
		b.attributes[name] = a
		return true
	}
	in := g.blocks[name]
	if in == nil || alone || in.single && len(b.nested[name]) > 0 {
		return false
	}
	inner := r.block(name, named, in)
	if inner == nil {
		return false
	}
	if b.nested == nil {
		b.nested = make(map[string][]*block)
	}
	b.nested[name] = append(b.nested[name], inner)
	return true
}

// value reads an expression; nil if it is no plain one.
func (r *plainBlock) value() hcl.Expression {
	if r.peek() != '[' {
		if l := r.literal(); l != nil {
			return l
		}
		return nil
	}
	list, from := &hclsyntax.TupleConsExpr{}, r.pos()
	r.next++
	for !r.take(']') {
		l := r.literal()
		if l == nil || r.peek() != ']' && !r.take(',') {
			return nil
		}
		list.Exprs = append(list.Exprs, l)
	}
	list.SrcRange = r.since(from)
	return list
}

// literal reads a value that is not computed; nil if it is none.
func (r *plainBlock) literal() *hclsyntax.LiteralValueExpr {
	c, from := r.peek(), r.pos()
	l := r.literals.next()
	switch {
	case c == '"':
		s, ok := r.quoted()
		if !ok {
			return nil
		}
		l.Val = cty.StringVal(s)
	case c >= '1' && c <= '9' || c == '0':
		n, digits := int64(0), r.next
		for ; r.next < len(r.text) && r.text[r.next] >= '0' && r.text[r.next] <= '9'; r.next++ {
			n = 10*n + int64(r.text[r.next]-'0')
		}
		if r.next-digits > 10 || c == '0' && r.next-digits > 1 {
			return nil
		}
		l.Val = cty.NumberIntVal(n)
	default:
		word := r.word()
		if word != "true" && word != "false" {
			return nil
		}
		l.Val = cty.BoolVal(word == "true")
	}
	l.SrcRange = r.since(from)
	return l
}
