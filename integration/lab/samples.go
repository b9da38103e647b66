//go:build linux

package lab

import (
	"fmt"
	"slices"
	"time"
)

// Sample is one request of a probe, and the control that was sent with it: the
// same request to a real server's own address, which no director forwards.
type Sample struct {
	Due     time.Time     // when the rhythm wanted it sent
	Idle    time.Duration // before that, in which the client did not run and left beats out
	Sent    time.Time
	Done    time.Time // when it was answered, or given up
	Server  string    // who answered; empty: nobody
	Err     error     // why nobody did
	Control time.Time // when the control was answered; zero: never
}

// Served tells whether the request was answered in time.
func (s Sample) Served() bool { return s.Err == nil }

// controlled tells whether the control was answered promptly.
func (s Sample) controlled() bool {
	return !s.Control.IsZero() && s.Control.Sub(s.Due) < promptly
}

// Samples are a probe's requests in the order of sending.
type Samples []Sample

// Gap is a stretch of time in which the client got no answer: from the last
// answer before it to the first one after it.
type Gap struct {
	From, To time.Time
	Failed   int  // requests sent in it that were never answered
	Open     bool // no answer has ended it yet: To is the end of the samples

	// Blind is how much of it was lost on the control, too: the machine was
	// busy with something else, and nothing is known of the service.
	Blind time.Duration
	// Known is the time between the first and the last request that failed
	// while its control was answered promptly: an outage beyond doubt.
	Known time.Duration
}

// Elapsed is how long it was by the clock.
func (g Gap) Elapsed() time.Duration { return g.To.Sub(g.From) }

// Length is how long the service answered nothing while a real server, asked
// directly, answered: what is the directors' fault.
func (g Gap) Length() time.Duration { return max(g.Known, g.Elapsed()-g.Blind) }

func (g Gap) String() string {
	s := fmt.Sprintf("%d ms, %d requests failed", g.Length().Milliseconds(), g.Failed)
	if g.Elapsed() > g.Length() {
		s += fmt.Sprintf(" (and %d ms in which the machine was busy)", (g.Elapsed() - g.Length()).Milliseconds())
	}
	return s
}

// promptly is how soon a control is answered by a machine that is not busy.
const promptly = 20 * time.Millisecond

// Between are the requests sent in [from, to).
func (s Samples) Between(from, to time.Time) Samples {
	s = s.Since(from)
	return s[:s.sentBefore(to)]
}

// Since are the requests sent from a moment on.
func (s Samples) Since(from time.Time) Samples { return s[s.sentBefore(from):] }

// sentBefore is how many requests were sent before a moment.
func (s Samples) sentBefore(t time.Time) int {
	n, _ := slices.BinarySearchFunc(s, t, func(sample Sample, t time.Time) int { return sample.Sent.Compare(t) })
	return n
}

// Gaps are the stretches of at least this length without an answer, in order.
// With no gap at all the answers are as far apart as the requests. What was
// never answered by the end of the samples counts, as open, up to the end of the
// last.
func (s Samples) Gaps(least time.Duration) []Gap {
	if len(s) == 0 {
		return nil
	}
	var answers []time.Time
	for _, sample := range s {
		if sample.Served() {
			answers = append(answers, sample.Done)
		}
	}
	slices.SortFunc(answers, time.Time.Compare)
	var gaps []Gap
	from := s[0].Sent
	for i, to := range append(answers, s[len(s)-1].Done) {
		g := s.gap(from, to)
		g.Open = i == len(answers)
		if g.Length() >= least {
			gaps = append(gaps, g)
		}
		from = to
	}
	return gaps
}

// gap describes the stretch from one answer to the next.
func (s Samples) gap(from, to time.Time) Gap {
	g := Gap{From: from, To: to}
	var first, last time.Time
	for _, sample := range s.Between(from, to) {
		if sample.Served() {
			continue
		}
		g.Failed++
		if sample.controlled() {
			last = sample.Sent
			if first.IsZero() {
				first = last
			}
		}
	}
	g.Known = last.Sub(first)
	// What was sent before may have its control in the gap, and what is sent
	// after it may have been held up since. The delays are told in the order in
	// which they began; each counts from the end of the last.
	seen := from
	blind := func(begin, end time.Time) {
		begin = latest(begin, seen)
		if end.After(to) {
			end = to
		}
		if end.After(begin) {
			g.Blind += end.Sub(begin)
			seen = end
		}
	}
	for _, sample := range s.Between(from.Add(-2*RequestTimeout), to.Add(2*RequestTimeout)) {
		blind(sample.Due.Add(-sample.Idle), sample.Due)
		if !sample.Control.IsZero() && !sample.controlled() {
			blind(sample.Due, sample.Control)
		}
	}
	return g
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

// Lost is how many of them had a control that was answered promptly: they are the
// directors' fault.
func (s Samples) Lost() (n int) {
	for _, sample := range s {
		if !sample.Served() && sample.controlled() {
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

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
