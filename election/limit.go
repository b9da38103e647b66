package election

import "time"

// limit lets one through in a while, and at first a few at once. It has no clock.
type limit struct {
	every time.Duration
	spare int       // how many more than one may come at once
	paid  time.Time // when all that passed is paid for at one a while (ITU-T I.371)
	held  int
}

// allow answers whether these may pass, as one, and for how many they stand.
func (l *limit) allow(now time.Time, these int) (count int, ok bool) {
	l.held += these
	if l.paid.Sub(now) > time.Duration(l.spare)*l.every {
		return 0, false
	}
	if l.paid.Before(now) {
		l.paid = now
	}
	count, l.held, l.paid = l.held, 0, l.paid.Add(l.every)
	return count, true
}
