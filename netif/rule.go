package netif

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
)

// Rule is a rule that says which packets are routed by a table: those to which
// all of it applies. Family and priority tell those of ours apart.
type Rule struct {
	From     netip.Prefix `json:"from"`     // masked; zero: any
	To       netip.Prefix `json:"to"`       // masked; zero: any
	IPv6     bool         `json:"ipv6"`     // the family, which From and To have too
	Input    string       `json:"input"`    // the interface it came in by; empty: any
	Output   string       `json:"output"`   // the one that the sender is bound to; empty: any
	Mark     uint32       `json:"mark"`     // with Mask
	Mask     uint32       `json:"mask"`     // 0: whatever the mark is
	Table    uint32       `json:"table"`    // at least 1
	Priority uint32       `json:"priority"` // the lowest is asked first; at least 1
}

// RuleKey tells rules of ours apart.
type RuleKey struct {
	IPv6     bool
	Priority uint32
}

// Key is which rule it is.
func (r Rule) Key() RuleKey { return RuleKey{r.IPv6, r.Priority} }

// String is the rule as iproute2 writes it.
func (r Rule) String() string {
	var b strings.Builder
	word := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, " %s %s", name, value)
		}
	}
	shown := func(p netip.Prefix) string {
		switch {
		case !p.IsValid():
			return ""
		case p.IsSingleIP():
			return p.Addr().String()
		}
		return p.String()
	}
	word("from", cmp.Or(shown(r.From), "all"))
	word("to", shown(r.To))
	switch {
	case r.Mask == 1<<32-1:
		word("fwmark", fmt.Sprintf("0x%x", r.Mark))
	case r.Mask != 0:
		word("fwmark", fmt.Sprintf("0x%x/0x%x", r.Mark, r.Mask))
	}
	word("iif", r.Input)
	word("oif", r.Output)
	return fmt.Sprintf("%d:%s lookup %d", r.Priority, b.String(), r.Table)
}
