package ipvsctl

import "slices"

// Plan is the changes that make the kernel's table have equal to want, in an
// order in which the kernel accepts each. Services in have that want does not
// name are deleted when owned names them and left alone otherwise. Equal
// tables give no op, one changed weight gives one. Of two services with one
// key, or two destinations with one address, the first counts.
func Plan(have, want []Service, owned Keys) []Op {
	var next [kinds]int // how many of a kind, and then where the next one is put
	compare(have, want, owned, func(kind Kind, _ Service, _ Destination) { next[kind]++ })
	all := 0
	for kind, n := range next {
		next[kind], all = all, all+n
	}
	ops := make([]Op, all) // ten thousand are megabytes, and copied nowhere
	compare(have, want, owned, func(kind Kind, s Service, d Destination) {
		s.Destinations = nil
		ops[next[kind]] = Op{Kind: kind, Service: s, Destination: d}
		next[kind]++
	})
	return ops
}

// compare calls add for each change, whatever the order.
func compare(have, want []Service, owned Keys, add func(Kind, Service, Destination)) {
	match(sorted(have, byKey), sorted(want, byKey), byKey, func(h, w *Service) {
		switch {
		case w == nil:
			if owned[h.Key] {
				add(DeleteService, Service{Key: h.Key}, Destination{})
			}
			return
		case h == nil:
			add(AddService, *w, Destination{})
			h = &Service{}
		case h.settings() != w.settings():
			add(UpdateService, *w, Destination{})
		}
		in := Service{Key: w.Key}
		match(sorted(h.Destinations, byAddress), sorted(w.Destinations, byAddress), byAddress, func(h, w *Destination) {
			switch {
			case w == nil:
				add(DeleteDestination, in, Destination{Address: h.Address})
			case h == nil:
				add(AddDestination, in, *w)
			case h.settings() != w.settings():
				add(UpdateDestination, in, *w)
			}
		})
	})
}

// different are the services that are wanted otherwise than before, and the keys of these
// and of those that were wanted before.
func different(was, is []Service) (services []Service, keys []Key) {
	match(sorted(was, byKey), sorted(is, byKey), byKey, func(w, s *Service) {
		switch {
		case s == nil:
			keys = append(keys, w.Key)
		case w == nil || !w.Equal(*s):
			services, keys = append(services, *s), append(keys, s.Key)
		}
	})
	return services, keys
}

// planTimeouts is at most one op.
func planTimeouts(have, want Timeouts) []Op {
	if want.Over(have) == have {
		return nil
	}
	return []Op{{Kind: SetTimeouts, Timeouts: want}}
}

func byKey(a, b Service) int { return a.Key.Compare(b.Key) }

func byAddress(a, b Destination) int { return a.Address.Compare(b.Address) }

// sorted leaves items as it is and returns it in order, the first of equals.
func sorted[T any](items []T, compare func(a, b T) int) []T {
	if strictlySorted(items, compare) {
		return items
	}
	items = slices.Clone(items)
	slices.SortStableFunc(items, compare)
	return slices.CompactFunc(items, func(a, b T) bool { return compare(a, b) == 0 })
}

func strictlySorted[T any](items []T, compare func(a, b T) int) bool {
	for i := 1; i < len(items); i++ {
		if compare(items[i-1], items[i]) >= 0 {
			return false
		}
	}
	return true
}

// match walks two ordered lists in step and calls f for each pair, with nil
// for the side that has no counterpart.
func match[T any](have, want []T, compare func(a, b T) int, f func(have, want *T)) {
	for len(have) > 0 || len(want) > 0 {
		side := 0
		switch {
		case len(have) == 0:
			side = 1
		case len(want) == 0:
			side = -1
		default:
			side = compare(have[0], want[0])
		}
		var h, w *T
		if side <= 0 {
			h, have = &have[0], have[1:]
		}
		if side >= 0 {
			w, want = &want[0], want[1:]
		}
		f(h, w)
	}
}
