package vrrp

import (
	"net/netip"
	"sync/atomic"
	"time"
)

// Sequence numbers what a process signs: by its clock, and when that was set
// back, from the last number on. All routers of a process share one, so that one
// that is configured anew goes on where its predecessor was. The zero value is
// ready.
type Sequence struct{ last atomic.Uint64 } // 0: nothing was signed yet

// Next is a number after all before it.
func (s *Sequence) Next(wall time.Time) uint64 {
	for {
		last := s.last.Load()
		next := numberAt(wall)
		if last != 0 && !after(next, last) {
			next = last + 1
		}
		if s.last.CompareAndSwap(last, next) {
			return next
		}
	}
}

// used says whether a number, or one after it, was given out.
func (s *Sequence) used(number uint64) bool {
	last := s.last.Load()
	return last != 0 && !after(number, last)
}

// numberAt is the number of an instant: 32 bits of seconds since 1970, 16 bits of
// 1/65536 s, and a counter of 16 bits at zero.
func numberAt(wall time.Time) uint64 {
	fraction := uint64(wall.Nanosecond()) << 16 / uint64(time.Second)
	return uint64(uint32(wall.Unix()))<<32 | fraction<<16
}

// after compares numbers, whose seconds begin again in 2106 (RFC 1982, 3.2).
func after(a, b uint64) bool { return int64(a-b) > 0 }

// ahead is how far a number is ahead of a clock, at most 68 years.
func ahead(number uint64, wall time.Time) time.Duration {
	d := number - numberAt(wall)
	return time.Duration(int32(d>>32))*time.Second + time.Duration(d&0xffffffff*uint64(time.Second)>>32)
}

// ReplayWindow is how far apart the clocks of two routers may be when one hears
// the other for the first time.
func ReplayWindow(interval time.Duration) time.Duration { return max(3*interval, 5*time.Second) }

// Guard tells a virtual router's signed advertisements from recordings of them.
// It remembers how far each sender has come and believes only what is later;
// clocks count for senders it does not know. So no step of a clock makes it deaf
// to a peer. It outlives the Conns of its router, and belongs to its goroutine.
type Guard struct {
	window time.Duration
	own    *Sequence
	heard  map[netip.Addr]record // of holders of a key: nobody else can fill it
}

// record is how far a sender has come.
type record struct {
	last   uint64
	at     time.Time
	proven bool // it was right by our clock once
}

// NewGuard returns a guard that knows nobody. own numbers our own
// advertisements.
func NewGuard(window time.Duration, own *Sequence) *Guard {
	return &Guard{window: window, own: own, heard: map[netip.Addr]record{}}
}

// admit judges an advertisement that passed every other check, at an instant
// and what the clock says then. The error is a Discard.
//
// A sender that starts again after its clock was set back is behind its own
// record. It is believed when that record is ahead of our clock and has had no
// news for the window: who replays then must have recorded that very minute, by
// a clock that passes it again.
func (g *Guard) admit(source, local netip.Addr, number uint64, now, wall time.Time) (Trust, error) {
	r, known := g.heard[source]
	timely := ahead(number, wall).Abs() <= g.window
	forsaken := ahead(r.last, wall) > g.window && now.Sub(r.at) > g.window
	later := known && after(number, r.last)
	switch {
	case source == local && g.own.used(number):
		return Unchecked, Replayed // our own words, come back
	case known && !later && (!timely || r.proven && !forsaken):
		return Unchecked, Replayed
	}
	r = record{last: number, at: now, proven: timely || later && r.proven}
	g.heard[source] = r
	if !r.proven {
		return Doubtful, nil
	}
	return Proven, nil
}
