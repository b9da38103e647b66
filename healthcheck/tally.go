package healthcheck

// Verdict is what is believed about a target.
type Verdict uint8

// The verdicts. Unknown is the zero value: nothing was learned yet.
const (
	Unknown Verdict = iota
	Up
	Down
)

// String is the verdict's name in events and status.
func (v Verdict) String() string {
	return [...]string{"unknown", "up", "down"}[v]
}

// Tally turns results into a verdict: the first result decides, after that
// Rise passes in a row bring a target up and Fall failures in a row take it
// down. Values below 1 count as 1.
type Tally struct {
	Rise, Fall int
	standing
}

// standing is how a target stands.
type standing struct {
	against int32 // results in a row that contradict the verdict
	verdict Verdict
}

// Add counts one result and tells whether the verdict changed.
func (t *Tally) Add(pass bool) (changed bool) { return t.add(pass, t.Rise, t.Fall) }

func (s *standing) add(pass bool, rise, fall int) (changed bool) {
	says, needed := Down, fall
	if pass {
		says, needed = Up, rise
	}
	if says == s.verdict {
		s.against = 0
		return false
	}
	s.against++
	if s.verdict != Unknown && int(s.against) < needed {
		return false
	}
	s.verdict, s.against = says, 0
	return true
}

// Verdict is what the results so far say.
func (s *standing) Verdict() Verdict { return s.verdict }

// Settled tells that the last result agreed with the verdict. While it is
// false the fast interval applies.
func (s *standing) Settled() bool { return s.verdict != Unknown && s.against == 0 }
