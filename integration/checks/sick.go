//go:build linux

package main

import (
	"hash/fnv"
	"net/netip"
	"time"
)

// malady is what is wrong with a server.
type malady int

const (
	well   malady = iota
	busy          // it answers 503
	silent        // it answers nothing until it is asked no more
	rude          // it resets the connection
)

// flapping is how a server is at a moment after the beginning: well, and for a third of
// every one of its periods, which are 20 to 59 seconds, sick in its own way.
func flapping(server netip.Addr, after time.Duration) malady {
	sum := fnv.New32a()
	sum.Write(server.AsSlice())
	n := sum.Sum32()
	period := time.Duration(20+n%40) * time.Second
	if (after+time.Duration(n>>8)*time.Millisecond)%period > period/3 {
		return well
	}
	return malady(1 + n%3)
}
