package notify

import (
	"slices"
	"time"

	"github.com/hald-project/hald/event"
)

// The limits of a queue.
const (
	maxWaiting  = 1024 // events; the oldest makes room for a new one
	maxAtOnce   = 16   // instances whose events are being told at the same time
	maxTogether = 100  // events that are told in one go
)

// The pauses before an event is tried again, from the first one doubling.
const (
	firstPause = time.Second
	maxPause   = time.Minute
)

// item is an event that waits to be told.
type item struct {
	event event.Event
	at    time.Time // when it came
	done  func()    // called when it is told or lost; nil: nobody waits for that
}

func (i item) end() {
	if i.done != nil {
		i.done()
	}
}

// queue is what a notifier has to tell: the events of each instance in order, one at
// a time. It is a pure core: its notifier brings the time and does what it says.
type queue struct {
	collect time.Duration // events that come within are told together, those of all instances; 0: one by one
	giveUp  time.Duration
	waiting []item
	lanes   map[string]*lane // what is being told, by instance
	dropped int              // since they were last asked for
}

// lane is an attempt to tell: under way, or to be made again.
type lane struct {
	items  []item
	began  time.Time // the first attempt
	again  time.Time // the next one; zero: it is under way
	failed int       // attempts
}

// job is an attempt to make now.
type job struct {
	key    string
	events []event.Event
}

func newQueue(collect, giveUp time.Duration) *queue {
	return &queue{collect: collect, giveUp: giveUp, lanes: map[string]*lane{}}
}

// add takes an event. When too many wait the oldest goes: what is the case now
// matters more than what was.
func (q *queue) add(i item) {
	if len(q.waiting) == maxWaiting {
		q.waiting[0].end()
		q.waiting = slices.Delete(q.waiting, 0, 1)
		q.dropped++
	}
	q.waiting = append(q.waiting, i)
}

// key is what events have to have in common to be told in order.
func (q *queue) key(i item) string {
	if q.collect > 0 {
		return ""
	}
	return i.event.Instance
}

// start returns the attempts to make now. Each of them ends with told or failed.
func (q *queue) start(now time.Time) (jobs []job) {
	for key, l := range q.lanes {
		if !l.again.IsZero() && !now.Before(l.again) {
			l.again = time.Time{}
			jobs = append(jobs, l.job(key))
		}
	}
	if q.collect > 0 {
		if first := q.collected(); first.IsZero() || now.Before(first) {
			return jobs
		}
		n := min(len(q.waiting), maxTogether)
		l := &lane{items: slices.Clone(q.waiting[:n]), began: now}
		q.waiting, q.lanes[""] = slices.Delete(q.waiting, 0, n), l
		return append(jobs, l.job(""))
	}
	rest := q.waiting[:0]
	for _, i := range q.waiting {
		key := q.key(i)
		if q.lanes[key] != nil || len(q.lanes) >= maxAtOnce {
			rest = append(rest, i)
			continue
		}
		l := &lane{items: []item{i}, began: now}
		q.lanes[key] = l
		jobs = append(jobs, l.job(key))
	}
	clear(q.waiting[len(rest):])
	q.waiting = rest
	return jobs
}

// collected is when what waits is to be told together; zero while something else is.
func (q *queue) collected() time.Time {
	if len(q.waiting) == 0 || q.lanes[""] != nil {
		return time.Time{}
	}
	return q.waiting[0].at.Add(q.collect)
}

func (l *lane) job(key string) job {
	j := job{key: key}
	for _, i := range l.items {
		j.events = append(j.events, i.event)
	}
	return j
}

// told ends an attempt well, and says how many events it told of.
func (q *queue) told(key string) int { return q.end(key) }

// failed ends an attempt badly. The next one comes after a pause: by how often it
// failed, between half and all of it as luck (0 to 1) has it, and not before wait is over. When that would
// be too late, or nothing can change, the events are given up: it says how many.
func (q *queue) failed(key string, now time.Time, wait time.Duration, hopeless bool, luck float64) (lost int) {
	l := q.lanes[key]
	pause := min(firstPause<<min(l.failed, 10), maxPause)
	pause = max(wait, pause/2+time.Duration(luck*float64(pause/2)))
	l.failed++
	if l.again = now.Add(pause); hopeless || l.again.Sub(l.began) > q.giveUp {
		return q.end(key)
	}
	return 0
}

func (q *queue) end(key string) int {
	items := q.lanes[key].items
	delete(q.lanes, key)
	for _, i := range items {
		i.end()
	}
	return len(items)
}

// abandon gives up what is not under way: what waits to be tried again and, if told
// to, what was never tried. It says how many events those are.
func (q *queue) abandon(all bool) (lost int) {
	for key, l := range q.lanes {
		if !l.again.IsZero() {
			lost += q.end(key)
		}
	}
	if all {
		for _, i := range q.waiting {
			i.end()
		}
		lost += len(q.waiting)
		q.waiting = nil
	}
	return lost
}

// hurry makes what is collected due.
func (q *queue) hurry() { q.collect = min(q.collect, time.Nanosecond) }

// deadline is when start has something to do by itself; zero: never.
func (q *queue) deadline() (next time.Time) {
	if q.collect > 0 {
		next = q.collected()
	}
	for _, l := range q.lanes {
		if !l.again.IsZero() && (next.IsZero() || l.again.Before(next)) {
			next = l.again
		}
	}
	return next
}

// length is how many events wait or are being told.
func (q *queue) length() int {
	n := len(q.waiting)
	for _, l := range q.lanes {
		n += len(l.items)
	}
	return n
}

// takeDropped says how many events were dropped since it last did.
func (q *queue) takeDropped() int {
	n := q.dropped
	q.dropped = 0
	return n
}
