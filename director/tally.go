package director

import (
	"maps"
	"time"

	"github.com/hald-project/hald/event"
)

// tally counts what events alone tell.
type tally struct {
	events   map[string]uint64        // by name
	repairs  map[string]uint64        // of addresses, by instance
	splits   map[string]time.Duration // that are over, by instance
	rejected bool                     // the last reload was
	applied  time.Time                // the last one that was not
}

func newTally() tally {
	return tally{events: map[string]uint64{}, repairs: map[string]uint64{}, splits: map[string]time.Duration{}}
}

func (t *tally) add(e event.Event) {
	t.events[e.Name]++
	switch e.Name {
	case "address.restored":
		t.repairs[e.Instance] += uint64(max(1, e.Count))
	case "vrrp.split":
		t.splits[e.Instance] += time.Duration(e.DurationMS * float64(time.Millisecond))
	case "config.rejected":
		t.rejected = true
	case "config.applied":
		t.rejected, t.applied = false, e.Time
	}
}

// clone is one that does not change any more.
func (t tally) clone() tally {
	t.events, t.repairs, t.splits = maps.Clone(t.events), maps.Clone(t.repairs), maps.Clone(t.splits)
	return t
}
