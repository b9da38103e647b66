package config

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"
)

// owner is the priority of the director whose own addresses the virtual ones are
// (RFC 9568, 5.2.4).
const owner = 255

// checkOwner refuses priority 255 for more than one director: there is one
// address owner at most (RFC 9568, 8.3.2).
func (r *reader) checkOwner(b *block, priority field[int]) {
	attr := b.attribute("priority")
	if attr == nil || !priority.given || len(r.whole.directors) < 2 {
		return
	}
	v, given, ok := r.lookup(b, "priority")
	if !given || !ok {
		return
	}
	says := func(v cty.Value) bool {
		return v.Type() == cty.Number && v.IsKnown() && !v.IsNull() && v.Equals(cty.NumberIntVal(owner)).True()
	}
	owners := 0
	switch {
	case isMap(v.v.Type()):
		for _, entry := range v.v.AsValueMap() {
			if says(entry) {
				owners++
			}
		}
	case says(v.v) && len(attr.Expr.Variables()) == 0: // the same for all
		owners = len(r.whole.directors)
	}
	if owners > 1 {
		r.fail(v.at, "Several address owners", fmt.Sprintf(
			"Priority 255 says that the virtual addresses are the director's own, and %d directors of %s say so. Give one of them 255, the others 1 to 254.", owners, b.title()))
	}
}
