package vrrp

import "slices"

// maxWords is of how many senders the adverts of one look are heard.
const maxWords = 8

// words are what one look into a queue found worth hearing, in the order in which it
// came: of each sender its newest advert, and the newest resignation, whoever said
// it, since all have one effect. All of a look is heard at one instant, and what was
// said before and is said again moves nothing (ADR 0010). Of more senders than
// maxWords those of the highest priorities are kept: one of them is the master.
type words []Packet

func (w words) add(p Packet) words {
	if i := slices.IndexFunc(w, p.outdates); i >= 0 {
		w = slices.Delete(w, i, i+1)
	}
	w = append(w, p)
	least, adverts := -1, 0
	for i, q := range w {
		if q.Priority == 0 {
			continue
		}
		if adverts++; least < 0 || q.Priority < w[least].Priority {
			least = i
		}
	}
	if adverts > maxWords {
		w = slices.Delete(w, least, least+1)
	}
	return w
}

// outdates tells whether an earlier packet has nothing to say beside p.
func (p Packet) outdates(earlier Packet) bool {
	if p.Priority == 0 || earlier.Priority == 0 {
		return p.Priority == earlier.Priority
	}
	return p.Source == earlier.Source && p.Trust == earlier.Trust
}
