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

	verdict Verdict
	against int // results in a row that contradict the verdict
}

// Add counts one result and tells whether the verdict changed.
func (t *Tally) Add(pass bool) (changed bool) {
	says, needed := Down, t.Fall
	if pass {
		says, needed = Up, t.Rise
	}
	if says == t.verdict {
		t.against = 0
		return false
	}
	t.against++
	if t.verdict != Unknown && t.against < needed {
		return false
	}
	t.verdict, t.against = says, 0
	return true
}

// Verdict is what the results so far say.
func (t *Tally) Verdict() Verdict { return t.verdict }

// Settled tells that the last result agreed with the verdict. While it is
// false the fast interval applies.
func (t *Tally) Settled() bool { return t.verdict != Unknown && t.against == 0 }
