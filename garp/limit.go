package garp

import "time"

// limit allows burst actions at once and then one every period. It needs one
// point in time as its memory (the generic cell rate algorithm, ITU-T I.371).
type limit struct {
	burst  int
	period time.Duration
	paid   time.Time // when all that was taken is paid for at one a period
}

// ready returns the earliest time at which one can be taken that leaves
// reserve for others.
func (l *limit) ready(reserve int) time.Time {
	if l.paid.IsZero() {
		return l.paid
	}
	return l.paid.Add(-time.Duration(l.burst-1-reserve) * l.period)
}

func (l *limit) take(now time.Time) {
	if l.paid.Before(now) {
		l.paid = now
	}
	l.paid = l.paid.Add(l.period)
}
