package convert

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// block is a block of the configuration that is written.
type block struct {
	kind     string
	labels   []string
	at       place
	comments []string
	attrs    []*attribute
	blocks   []*block
	index    int // among those of its name
}

// attribute is one of its attributes. The value is HCL, and the same value is the same
// text.
type attribute struct {
	name     string
	value    string
	at       place
	comments []string
	trailing string
}

func newBlock(kind string, at place, labels ...string) *block {
	return &block{kind: kind, labels: labels, at: at}
}

// set gives an attribute a value, in place of the one that it had.
func (b *block) set(name, value string, at place) *attribute {
	if a := b.get(name); a != nil {
		a.value, a.at = value, at
		return a
	}
	a := &attribute{name: name, value: value, at: at}
	b.attrs = append(b.attrs, a)
	return a
}

// put is set with the comments of where the value comes from.
func (b *block) put(name, value string, s *statement) {
	a := b.set(name, value, s.at)
	a.comments, a.trailing = s.comments, s.trailing
	s.comments, s.trailing = nil, ""
}

func (b *block) get(name string) *attribute {
	for _, a := range b.attrs {
		if a.name == name {
			return a
		}
	}
	return nil
}

// value is that of an attribute; empty if there is none.
func (b *block) value(name string) string {
	if a := b.get(name); a != nil {
		return a.value
	}
	return ""
}

func (b *block) drop(name string) {
	b.attrs = slices.DeleteFunc(b.attrs, func(a *attribute) bool { return a.name == name })
}

func (b *block) add(inner *block) *block {
	b.blocks = append(b.blocks, inner)
	return inner
}

// of are the blocks of a kind.
func (b *block) of(kind string) (all []*block) {
	for _, inner := range b.blocks {
		if inner.kind == kind {
			all = append(all, inner)
		}
	}
	return all
}

// name is what tells it from others of its kind.
func (b *block) name() string { return b.kind + "\x00" + strings.Join(b.labels, "\x00") }

// key tells it from all others beside it.
func (b *block) key() string { return b.name() + "\x00" + strconv.Itoa(b.index) }

// order puts the attributes into the order of the names, others behind them.
func (b *block) order(names ...string) {
	rank := func(a *attribute) int {
		if i := slices.Index(names, a.name); i >= 0 {
			return i
		}
		return len(names)
	}
	slices.SortStableFunc(b.attrs, func(x, y *attribute) int { return rank(x) - rank(y) })
}

// The values of attributes as HCL.

func text(s string) string {
	return string(hclwrite.TokensForValue(cty.StringVal(strings.ToValidUTF8(s, "�"))).Bytes())
}

func number(n int) string { return strconv.Itoa(n) }

func texts(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = text(s)
	}
	return list(quoted)
}

// list breaks lines where one would be long.
func list(values []string) string {
	if one := "[" + strings.Join(values, ", ") + "]"; len(one) < 90 && !strings.Contains(one, "\n") {
		return one
	}
	return "[\n" + strings.Join(values, ",\n") + ",\n]"
}

// length is a duration without empty units: 1m, not 1m0s.
func length(d time.Duration) string {
	s := d.String()
	s = strings.Replace(s, "m0s", "m", 1)
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return text(s)
}

// write appends the block as HCL without layout.
func (b *block) write(to *strings.Builder) {
	remark(to, b.comments)
	to.WriteString(b.kind)
	for _, l := range b.labels {
		to.WriteString(" " + text(l))
	}
	if len(b.attrs)+len(b.blocks) == 0 {
		to.WriteString(" {}\n")
		return
	}
	to.WriteString(" {\n")
	for _, a := range b.attrs {
		remark(to, a.comments)
		to.WriteString(a.name + " = " + a.value)
		if a.trailing != "" {
			to.WriteString(" # " + printable(a.trailing))
		}
		to.WriteString("\n")
	}
	for i, inner := range b.blocks {
		if empty := len(inner.attrs)+len(inner.blocks)+len(inner.comments) == 0; i == 0 && len(b.attrs) > 0 || i > 0 && !empty {
			to.WriteString("\n")
		}
		inner.write(to)
	}
	to.WriteString("}\n")
}

func remark(to *strings.Builder, comments []string) {
	for _, c := range comments {
		to.WriteString("# " + printable(c) + "\n")
	}
}

// printable is a comment that ends where its line does.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' || c == '�' {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, " "))
}

// render lays out all blocks, with an empty line between those of the top.
func render(head []string, blocks []*block) []byte {
	var to strings.Builder
	remark(&to, head)
	for i, b := range blocks {
		if i > 0 || len(head) > 0 {
			to.WriteString("\n")
		}
		b.write(&to)
	}
	return hclwrite.Format([]byte(to.String()))
}
