//go:build linux

package lab

import (
	"fmt"
	"slices"
	"time"
)

// Sample is one request of a probe.
type Sample struct {
	Sent   time.Time
	Done   time.Time // when it was answered, or given up
	Server string    // who answered; empty: nobody
	Err    error     // why nobody did
}

// Served tells whether the request was answered in time.
func (s Sample) Served() bool { return s.Err == nil }

// Samples are a probe's requests in the order of sending.
type Samples []Sample

// Gap is a stretch of time in which the client got no answer: from the last
// answer before it to the first one after it.
type Gap struct {
	From, To time.Time
	Failed   int // requests sent in it that were never answered
}

// Length is how long it was.
func (g Gap) Length() time.Duration { return g.To.Sub(g.From) }

func (g Gap) String() string {
	return fmt.Sprintf("%.0f ms, %d requests failed", float64(g.Length())/float64(time.Millisecond), g.Failed)
}

// Between are the requests sent in [from, to).
func (s Samples) Between(from, to time.Time) Samples {
	var part Samples
	for _, sample := range s {
		if !sample.Sent.Before(from) && sample.Sent.Before(to) {
			part = append(part, sample)
		}
	}
	return part
}

// Since are the requests sent from a moment on.
func (s Samples) Since(from time.Time) Samples {
	return s.Between(from, time.Unix(1<<40, 0))
}

// Gaps are the stretches of at least this length without an answer, in order.
// With no gap at all the answers are as far apart as the requests. What was
// never answered by the end of the samples counts up to the last of them.
func (s Samples) Gaps(least time.Duration) []Gap {
	if len(s) == 0 {
		return nil
	}
	var answers []time.Time
	last := s[0].Sent
	for _, sample := range s {
		if sample.Served() {
			answers = append(answers, sample.Done)
		}
		last = latest(last, latest(sample.Sent, sample.Done))
	}
	slices.SortFunc(answers, time.Time.Compare)
	var gaps []Gap
	from := s[0].Sent
	for _, to := range append(answers, last) {
		if to.Sub(from) >= least {
			gaps = append(gaps, Gap{From: from, To: to, Failed: s.failed(from, to)})
		}
		from = to
	}
	return gaps
}

// LongestGap is the longest stretch without an answer.
func (s Samples) LongestGap() (longest Gap) {
	for _, g := range s.Gaps(0) {
		if g.Length() > longest.Length() {
			longest = g
		}
	}
	return longest
}

// Failed is how many requests were never answered.
func (s Samples) Failed() (n int) {
	for _, sample := range s {
		if !sample.Served() {
			n++
		}
	}
	return n
}

// Failing is the time from the sending of the first request that failed to that
// of the last one; what was served in between does not shorten it.
func (s Samples) Failing() time.Duration {
	var first, last time.Time
	for _, sample := range s {
		if sample.Served() {
			continue
		}
		if first.IsZero() {
			first = sample.Sent
		}
		last = sample.Sent
	}
	return last.Sub(first)
}

// Servers counts the answers by server.
func (s Samples) Servers() map[string]int {
	n := map[string]int{}
	for _, sample := range s {
		if sample.Served() {
			n[sample.Server]++
		}
	}
	return n
}

func (s Samples) failed(from, to time.Time) (n int) {
	for _, sample := range s {
		if !sample.Served() && !sample.Sent.Before(from) && sample.Sent.Before(to) {
			n++
		}
	}
	return n
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
