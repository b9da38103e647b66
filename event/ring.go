package event

import (
	"slices"
	"sync"
)

// Ring keeps the newest events in memory. It is safe for concurrent use.
type Ring struct {
	mu    sync.Mutex
	kept  []Event       // grows to its capacity, then is overwritten in a circle
	next  int           // where the next one goes once kept is full
	newer chan struct{} // closed by the next Add; nil: nobody waits
}

// NewRing makes a ring that keeps the last n events, n at least 1.
func NewRing(n int) *Ring {
	return &Ring{kept: make([]Event, 0, n)}
}

// Add keeps e, and forgets the oldest event if the ring is full.
func (r *Ring) Add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.newer != nil {
		close(r.newer)
		r.newer = nil
	}
	if len(r.kept) < cap(r.kept) {
		r.kept = append(r.kept, e)
		return
	}
	r.kept[r.next] = e
	r.next = (r.next + 1) % len(r.kept)
}

// Events returns a copy of what is kept, oldest first.
func (r *Ring) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ordered()
}

func (r *Ring) ordered() []Event {
	events := make([]Event, 0, len(r.kept))
	events = append(events, r.kept[r.next:]...)
	return append(events, r.kept[:r.next]...)
}

// After returns what is kept of the events after one, oldest first, and a channel
// that is closed when there is another. An event newer than all is one of another
// life of the daemon, of which nobody here knows: all that is kept came after it.
func (r *Ring) After(seq uint64) ([]Event, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.ordered()
	if r.newer == nil {
		r.newer = make(chan struct{})
	}
	if n := len(events); n > 0 && seq <= events[n-1].Seq {
		events = slices.DeleteFunc(events, func(e Event) bool { return e.Seq <= seq })
	}
	return events, r.newer
}
