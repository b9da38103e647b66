package netif

import "slices"

// keyed is a route or a rule: of those with one key there is one at most, and it
// says what it says.
type keyed[K comparable] interface {
	comparable
	Key() K
}

// edit is one request to the kernel about a route or a rule.
type edit[T any] struct {
	remove bool
	what   T
}

// planKeyed plans how the wanted ones come to be, given those of ours that exist.
// One of the same key that says something else is replaced.
func planKeyed[K comparable, T keyed[K]](want, have []T) (edits []edit[T]) {
	held := make(map[K]T, len(have))
	for _, h := range have {
		held[h.Key()] = h
	}
	for _, w := range want {
		h, exists := held[w.Key()]
		if h == w {
			continue
		}
		if exists {
			edits = append(edits, edit[T]{remove: true, what: h})
		}
		edits = append(edits, edit[T]{what: w})
		held[w.Key()] = w
	}
	return edits
}

// planRemoval plans how those that have the key of a named one go.
func planRemoval[K comparable, T keyed[K]](named, have []T) (edits []edit[T]) {
	keys := make(map[K]bool, len(named))
	for _, n := range named {
		keys[n.Key()] = true
	}
	for _, h := range have {
		if keys[h.Key()] {
			edits = append(edits, edit[T]{remove: true, what: h})
		}
	}
	return edits
}

// missingOf are those of want that are not in have.
func missingOf[T comparable](want, have []T) (missing []T) {
	for _, w := range want {
		if !slices.Contains(have, w) {
			missing = append(missing, w)
		}
	}
	return missing
}
