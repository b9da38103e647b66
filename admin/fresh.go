package admin

import (
	"context"
	"time"
)

// renewShare keeps what costs much to make from being made all the time: at most one
// part in so many of the time goes there, however many ask.
const renewShare = 20

// fresh is a text that all who ask share for a moment.
type fresh struct {
	box   chan made // holds exactly one; whoever has taken it may renew it
	age   time.Duration
	renew func(context.Context) ([]byte, error)
}

// made is a text, or why there is none, and what it cost.
type made struct {
	text []byte
	err  error
	at   time.Time // when it was made; zero: never
	took time.Duration
}

func newFresh(age time.Duration, renew func(context.Context) ([]byte, error)) fresh {
	f := fresh{box: make(chan made, 1), age: age, renew: renew}
	f.box <- made{}
	return f
}

// get returns the text, made anew if it is older than its age. Nobody changes it.
func (f fresh) get(ctx context.Context) ([]byte, error) {
	var m made
	select {
	case m = <-f.box:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if m.at.IsZero() || time.Since(m.at) >= max(f.age, renewShare*m.took) {
		began := time.Now()
		text, err := f.renew(ctx)
		if ctx.Err() != nil { // this one's trouble, not the next one's
			f.box <- m
			return nil, ctx.Err()
		}
		m = made{text, err, time.Now(), time.Since(began)}
	}
	f.box <- m
	return m.text, m.err
}
