package director

import (
	"slices"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/election"
)

// merge is what is known of the trackers after news of the balancer: one that is
// unknown to a balancer that has just begun is as it was before.
func merge(known []election.Verdict, news []balancer.Verdict) []election.Verdict {
	merged := make([]election.Verdict, 0, len(news))
	for _, n := range news {
		v := election.Verdict(n)
		if v.State == "unknown" {
			before := slices.IndexFunc(known, func(k election.Verdict) bool {
				return k.Instance == v.Instance && k.Kind == v.Kind && k.Name == v.Name
			})
			if before >= 0 {
				v = known[before]
			}
		}
		merged = append(merged, v)
	}
	return merged
}

// track keeps what the balancer's trackers say and passes it on.
func (l *life) track(news []balancer.Verdict) {
	l.verdicts = merge(l.verdicts, news)
	l.tellVerdicts()
}

// tellVerdicts hands the verdicts to the election, which knows none when it
// begins. It never waits: an election that does not take them gets newer ones.
func (l *life) tellVerdicts() {
	if l.verdicts == nil {
		return
	}
	select {
	case <-l.tracks:
	default:
	}
	l.tracks <- election.Command{Track: &election.Track{Verdicts: l.verdicts}}
}
