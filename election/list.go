package election

import (
	"fmt"
	"net/netip"
	"strings"
)

func list(addrs []netip.Prefix) string { return joined(addrs, " ") }

// joined names the first ten and how many more there are.
func joined[T fmt.Stringer](items []T, separator string) string {
	const most = 10
	var b strings.Builder
	for i, item := range items {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(items)-most)
			break
		}
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(item.String())
	}
	return b.String()
}
