package election

import (
	"net/netip"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

const (
	splitEvery = 10 * time.Second
	splitSpare = 2 // so three are told at once
)

// splits say which overlaps with another master are told. One forged advert that
// loses begins one and its down interval ends it, so that they may be many; one that
// lasts is told however many there were before it.
type splits struct {
	limit  limit
	told   bool          // the start of the present one
	count  int           // that the told one stands for
	lasted time.Duration // how long those were that were not told
}

func newSplits() splits { return splits{limit: limit{every: splitEvery, spare: splitSpare}} }

// Split names the other master, when it shows and when it is gone; with the end, how
// long the two of them overlapped since the last one that was told.
func (o *observer) Split(over bool, lasted time.Duration, peer netip.Addr, priority uint8) {
	e := event.Event{Name: "vrrp.split", Reason: "start", Peer: text(peer), PeerPriority: int(priority)}
	s := &o.splits
	switch told := s.told; {
	case over:
		s.told = false
		s.lasted += lasted
		if !told {
			return
		}
		e.Reason, e.DurationMS = "end", event.Milliseconds(s.lasted)
		s.lasted = 0
	case told:
		return
	default:
		if s.count, s.told = s.limit.allow(time.Now(), begins(lasted)); !s.told {
			return
		}
	}
	e.Count = s.count
	o.emit(e)
}

// Conceded tells of a split that ends by our giving way; there is none but after minutes.
func (o *observer) Conceded(c vrrp.Concession) {
	o.emit(event.Event{Name: "vrrp.split_yielded", Peer: text(c.Peer), PeerPriority: int(c.Priority), DurationMS: event.Milliseconds(c.Lasted)})
}

// begins is how many overlaps begin with an advert that was heard so long after the
// first of its own.
func begins(lasted time.Duration) int {
	if lasted == 0 {
		return 1
	}
	return 0
}
