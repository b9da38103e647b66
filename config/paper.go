package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// paper is what a piece is on while it is read. It is used again and again: ten thousand servers are
// megabytes of blocks and attributes, of which those of one piece are needed at a time.
type paper struct {
	blocks     slab[block]
	attributes slab[hcl.Attribute]
	literals   slab[hclsyntax.LiteralValueExpr]
}

// erase takes what is on it away from whoever has it.
func (p *paper) erase() {
	for i := range p.blocks {
		b := &p.blocks[i]
		clear(b.attributes)
		*b = block{attributes: b.attributes}
	}
	p.blocks = p.blocks[:0]
	p.attributes.erase()
	p.literals.erase()
}

// newBlock is an empty block with room for attributes.
func (p *paper) newBlock() *block {
	b := p.blocks.next()
	if b.attributes == nil {
		b.attributes = make(map[string]*hcl.Attribute)
	}
	return b
}

// slab is many values in one place, handed out one by one.
type slab[T any] []T

// next is one that nobody has, as it was left.
func (s *slab[T]) next() *T {
	if len(*s) == cap(*s) {
		*s = make([]T, 0, max(64, 2*cap(*s)))
	}
	*s = (*s)[:len(*s)+1]
	return &(*s)[len(*s)-1]
}

func (s *slab[T]) erase() {
	clear(*s)
	*s = (*s)[:0]
}
