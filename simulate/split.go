package simulate

import (
	"time"

	"github.com/hald-project/hald/vrrp"
)

// split is another master that one does not yield to, and does, where on_split says so, when it has
// been heard for long.
type split struct {
	ends        bool
	master      time.Time // since when one is
	since, last time.Time // when the other one was heard
	backoff     vrrp.Backoff
}

// hear notes an advert of the other one, who is gone after such a silence.
func (s *split) hear(now time.Time, silence time.Duration) {
	if now.Sub(s.last) > silence {
		s.since = now
	}
	s.last = now
}

// change notes where a mastership begins, and where it ends, and with it the split.
func (s *split) change(now time.Time, t vrrp.Transition) {
	if t.To == vrrp.Master {
		s.master = now
	}
	s.since, s.last = time.Time{}, time.Time{}
}

// end tells whether to give way now, and until when to stand by.
func (s *split) end(now time.Time, state vrrp.State, c vrrp.Config) (until time.Time, ends bool) {
	if !s.ends || state != vrrp.Master || c.Priority == vrrp.Owner || s.last.Sub(s.since) < vrrp.ConcedeAfter(c.Interval) {
		return time.Time{}, false
	}
	return now.Add(s.backoff.Next(s.since.Sub(s.master))), true
}
