package balancer

import (
	"slices"
	"time"

	"github.com/hald-project/hald/healthcheck"
)

// maxOffset is the largest number that a tracked file may add to a priority or
// take from it: beyond, every priority is at its end.
const maxOffset = 253

// tracker is a Tracker with the identity of its check.
type tracker struct {
	Tracker
	check checkID
}

func compileTrackers(c Config, all checks) []tracker {
	trackers := make([]tracker, 0, len(c.Trackers))
	for _, t := range c.Trackers {
		compiled := tracker{Tracker: t}
		if t.Check != nil {
			compiled.check = all.note(t.Check, t.Check.Target)
		}
		trackers = append(trackers, compiled)
	}
	return trackers
}

// track tells the director what the trackers say, if that is news.
func (p *pool) track() {
	now, all := time.Now(), make([]Verdict, 0, len(p.trackers))
	for i, t := range p.trackers {
		v := Verdict{Instance: t.Instance, Kind: t.Kind, Name: t.Name, Since: now}
		var verdict healthcheck.Verdict
		if t.Check == nil {
			verdict, v.Error = p.fit(t.Name)
		} else if w := p.watches.running[t.check]; w != nil {
			verdict, v.Value, v.Error = w.verdict, w.read.Value, w.failure
		}
		v.State = verdict.String()
		if i < len(p.tracked) && p.tracked[i].same(v) {
			v.Since = p.tracked[i].Since
		}
		all = append(all, v)
	}
	if !slices.Equal(all, p.tracked) {
		p.tracked = all
		p.out.track(all)
	}
}

// same tells whether two verdicts are of one tracker and state.
func (v Verdict) same(o Verdict) bool {
	return v.Instance == o.Instance && v.Kind == o.Kind && v.Name == o.Name && v.State == o.State
}

// fit is what a tracker of a service says.
func (p *pool) fit(service string) (v healthcheck.Verdict, reason string) {
	s := p.byName[service]
	switch {
	case s == nil:
	case s.state.quorum == held:
		return healthcheck.Up, ""
	case s.state.quorum == lost:
		return healthcheck.Down, "below its quorum"
	}
	return healthcheck.Unknown, ""
}
