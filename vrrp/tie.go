package vrrp

import "time"

// tie says which link decides between two masters of one priority. Their
// addresses may be in another order on every link, and both must come to the
// same end whichever links let them hear each other: so the first member's
// addresses decide. A later member's do only when nothing of the kind was
// heard on those before it for a down interval, which is time enough for the
// other master to have yielded by what it hears there. That interval begins with
// the contest: what was or was not heard before it says nothing of the links now.
type tie struct {
	member int       // the one that decides
	heard  time.Time // a master of our priority on it; at first, when the contest began
	last   time.Time // such a master on any; a contest is over after a down interval without
}

// decides tells whether an advertisement of our priority on a member counts.
func (t *tie) decides(now time.Time, member int, patience time.Duration) bool {
	if now.Sub(t.last) > patience {
		t.member, t.heard = 0, now
	}
	t.last = now
	if member > t.member && now.Sub(t.heard) <= patience {
		return false
	}
	t.member, t.heard = member, now
	return true
}
