package balancer

import (
	"cmp"
	"math"
	"slices"

	"github.com/hald-project/hald/healthcheck"
)

// guarding is the reason for which a failed server serves.
const guarding = "more servers failed than max_failed lets checks take out"

// guard keeps failed servers in when the checks would take out more than their
// share: then it is more likely that the checks are wrong than that so many
// servers are, and nothing is gained by sending everything to the few that are
// left. Who failed first goes first, and who is out stays out. It returns how many it
// keeps in.
func (s *stepper) guard(wishes []wish, inTable []bool) (kept int) {
	var failed []int
	servers := 0
	for i, w := range wishes {
		if s.service.members[i].sorry || w.leaving {
			continue
		}
		servers++
		if w.verdict == healthcheck.Down {
			failed = append(failed, i)
		}
	}
	allowed := int(math.Floor(s.MaxFailed*float64(servers) + 1e-9)) // 0.29*100 is a little less than 29
	if len(failed) <= allowed {
		return 0
	}
	slices.SortStableFunc(failed, func(a, b int) int {
		if x, y := s.isOut(a, inTable), s.isOut(b, inTable); x != y {
			return cmp.Compare(btoi(y), btoi(x))
		}
		return s.since(a, healthcheck.Down).Compare(s.since(b, healthcheck.Down))
	})
	for _, i := range failed[allowed:] {
		w := &wishes[i]
		w.action, w.reason, w.guarded = serve, guarding, true
	}
	return len(failed) - allowed
}

// isOut tells whether a member was out so far: as it was decided, or else as the
// kernel has it.
func (s *stepper) isOut(i int, inTable []bool) bool {
	was := s.had(i)
	return was.out || was.since.IsZero() && !inTable[i]
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
