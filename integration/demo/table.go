//go:build linux

package main

import (
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// table is the outcome: what was measured beside what is allowed.
type table struct{ rows []row }

// row has a gap twice: what the directors did not answer while a real server,
// asked directly, did, which is judged; and by the clock, with what this machine
// was busy with besides.
type row struct {
	what                   string
	measured, clock, bound time.Duration
}

func (t *table) add(what string, measured, bound time.Duration) {
	t.rows = append(t.rows, row{what, measured, measured, bound})
}

func (t *table) addGap(what string, g lab.Gap, bound time.Duration) {
	t.rows = append(t.rows, row{what, g.Length(), g.Elapsed(), bound})
}

// show writes the table and tells whether every bound held.
func (t *table) show(s *screen) bool {
	const wide, narrow = 52, 12
	s.heading("%s%s%s%s", padded("seen from the client and the kernels", wide), padded("measured", narrow), padded("by the clock", narrow+2), padded("bound", narrow))
	held := true
	for _, r := range t.rows {
		verdict := green + "held" + plain
		if r.measured > r.bound {
			verdict, held = red+"BROKEN"+plain, false
		}
		s.text("%s%s%s%s%s", padded(r.what, wide), padded(millis(r.measured), narrow), padded(millis(r.clock), narrow+2), padded(millis(r.bound), narrow), verdict)
	}
	return held
}
