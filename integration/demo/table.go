//go:build linux

package main

import "time"

// table is the outcome: what was measured beside what is allowed.
type table struct{ rows []row }

type row struct {
	what            string
	measured, bound time.Duration
}

func (t *table) add(what string, measured, bound time.Duration) {
	t.rows = append(t.rows, row{what, measured, bound})
}

// show writes the table and tells whether every bound held.
func (t *table) show(s *screen) bool {
	const wide, narrow = 52, 12
	s.heading("%s%s%s", padded("seen from the client and the kernels", wide), padded("measured", narrow), padded("bound", narrow))
	held := true
	for _, r := range t.rows {
		verdict := green + "held" + plain
		if r.measured > r.bound {
			verdict, held = red+"BROKEN"+plain, false
		}
		s.text("%s%s%s%s", padded(r.what, wide), padded(millis(r.measured), narrow), padded(millis(r.bound), narrow), verdict)
	}
	return held
}
