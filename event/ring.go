package event

import "sync"

// Ring keeps the newest events in memory. It is safe for concurrent use.
type Ring struct {
	mu   sync.Mutex
	kept []Event // grows to its capacity, then is overwritten in a circle
	next int     // where the next one goes once kept is full
}

// NewRing makes a ring that keeps the last n events, n at least 1.
func NewRing(n int) *Ring {
	return &Ring{kept: make([]Event, 0, n)}
}

// Add keeps e, and forgets the oldest event if the ring is full.
func (r *Ring) Add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
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
	events := make([]Event, 0, len(r.kept))
	events = append(events, r.kept[r.next:]...)
	return append(events, r.kept[:r.next]...)
}
