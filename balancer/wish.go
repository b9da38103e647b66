package balancer

import "github.com/hald-project/hald/healthcheck"

// wish is what is wanted of one server, whatever the table has.
type wish struct {
	verdict  healthcheck.Verdict
	action   action
	reason   string // why it does not serve
	weight   int    // when it serves
	leaving  bool   // it is taken out on purpose
	guarded  bool   // it failed, and serves nevertheless
	override *Override
}

// action is what a wish does to a server's place in the table.
type action int

const (
	remove  action = iota // not in the table
	serve                 // in, with its weight
	keep                  // as it is
	quiesce               // in, with weight 0
	leave                 // weight 0, and out in good order
)

// The reasons, as events give them.
const (
	checkFailed = "check failed"
	noVerdict   = "no verdict yet"
	disabled    = "disabled"
	ordered     = "drained by an operator"
	belowQuorum = "below quorum: the sorry server is in use"
	poolBack    = "quorum is back"
	gone        = "gone from the configuration"
	notFound    = "no longer found"
	drained     = "no connection left"
	drainOver   = "drain time over"
	serviceGone = "virtual server gone from the configuration"
)

// wishFor is what the configuration, an operator and the checks make of one
// member, before the quorum has its say. A server that an operator drains is
// still checked, and a failed one is not kept for its connections.
func (s *stepper) wishFor(i int, o *Override, verdict healthcheck.Verdict) wish {
	m := &s.service.members[i]
	w := wish{verdict: verdict, weight: s.weightOf(i, o), leaving: m.disabled || o.drains(), override: o}
	switch {
	case m.disabled:
		w.verdict, w.action, w.reason = healthcheck.Unknown, leave, disabled
	case o.drains() && (verdict != healthcheck.Down || s.failed != remove):
		w.action, w.reason = leave, ordered
	case verdict == healthcheck.Up:
		w.action = serve
	case verdict == healthcheck.Down:
		w.action, w.reason = s.failed, checkFailed
	case s.Initial == "up":
		w.action = serve
	case s.Initial == "down":
		w.action, w.reason = s.failed, noVerdict
	default:
		w.action, w.reason = keep, noVerdict
	}
	return w
}

// out tells whether the wish takes a server out, knowing why.
func (w wish) out() bool { return w.action != serve && w.reason != noVerdict }

// judge is the verdict of all checks together: one failed check takes a server
// down, all must pass to bring it up. While one has not decided, what was
// known before stands.
func (m *member) judge(said func(checkID) opinion, before healthcheck.Verdict) (all healthcheck.Verdict, failed checkID) {
	all = healthcheck.Up
	for _, check := range m.checks {
		switch said(check).verdict {
		case healthcheck.Down:
			return healthcheck.Down, check
		case healthcheck.Unknown:
			all = before
		}
	}
	return all, checkID{}
}

// decideQuorum compares the weights of the servers that serve with what is
// required. A server without a verdict counts if it has traffic; otherwise it
// may still come up, and while that could turn the balance the answer before
// stands. Hysteresis keeps an answer until the sum is as far beyond the quorum. A
// server whose weight still grows, or that the outlier guard keeps in, counts in
// full.
func (s *service) decideQuorum(wishes []wish, inTable []bool, before quorum) quorum {
	sure, possible, need := 0, 0, s.Quorum
	switch before {
	case held:
		need -= s.Hysteresis
	case lost:
		need += s.Hysteresis
	}
	for i, w := range wishes {
		switch {
		case s.members[i].sorry || w.leaving || w.verdict == healthcheck.Down && !w.guarded:
		case w.action == serve, w.action == keep && inTable[i]:
			sure += w.weight
		default:
			possible += w.weight
		}
	}
	switch {
	case sure >= need:
		return held
	case sure+possible < need && !s.asking:
		return lost
	}
	return before
}
