package healthcheck

import (
	"container/heap"
	"context"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// group is how far apart the wake-ups for the clock are: what is due between two
// waits for the second, so that a thousand checks a second cost a
// hundred wake-ups.
const group = 10 * time.Millisecond

// Loop probes TCP and HTTP targets by the ten thousand, in one goroutine: its
// sockets and one timer are in an epoll of its own, and the runtime's poller
// waits for that. No goroutine, no Go timer and no buffer belongs to a target
// between two probes.
//
// It keeps the schedule and the verdicts as a [Monitor] does; but results that
// teach nothing are not reported.
type Loop struct {
	reports chan<- []News
	began   time.Time // times below are distances from here
	poll    *poll

	mu    sync.Mutex // of what others hand in
	added []*Job
	ended []*Job

	due      schedule
	contacts []*contact    // by the number that the poll knows
	free     []int32       // of those that are
	news     []News        // not taken yet
	count    int           // of jobs ever added
	next     time.Duration // when the alarm is set for
}

// News is a result that says something new of the target that was added with Of:
// the first one, a change of the verdict, another reason, another weight.
type News struct {
	Of     any
	Result Result
}

// NewLoop opens a loop. News goes to reports in batches whenever it is ready to
// take one, and gathers until then: a reader that is busy holds no probe up.
func NewLoop(reports chan<- []News) (*Loop, error) {
	p, err := openPoll()
	if err != nil {
		return nil, fmt.Errorf("open the loop of checks: %w", err)
	}
	return &Loop{reports: reports, began: time.Now(), poll: p}, nil
}

// Add has a target probed from now on, as planned; the plan's Delay is not used: the
// loop spreads its targets itself. A plan is for one Loop.
func (l *Loop) Add(p *Plan, target netip.AddrPort, of any) *Job {
	j := &Job{plan: p, target: target, of: of, place: -1}
	l.hand(func() { l.added = append(l.added, j) })
	return j
}

// Remove ends the probing of a target. One that is under way is not reported.
func (l *Loop) Remove(j *Job) { l.hand(func() { l.ended = append(l.ended, j) }) }

func (l *Loop) hand(what func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	what()
	l.poll.wake()
}

// Run probes until ctx ends, and closes every connection.
func (l *Loop) Run(ctx context.Context) error {
	defer l.poll.close()
	stop := context.AfterFunc(ctx, func() { l.hand(func() {}) })
	defer stop()
	for ctx.Err() == nil {
		if err := l.poll.wait(l.ready); err != nil {
			return fmt.Errorf("wait for the sockets of checks: %w", err)
		}
		l.take()
		l.expire()
		l.tell()
		l.arm()
	}
	for _, t := range l.contacts {
		if t.job != nil {
			l.hangUp(t)
		}
	}
	return nil
}

// ready has something happened on a socket.
func (l *Loop) ready(slot int32) {
	if t := l.contacts[slot]; t.job != nil {
		l.step(t)
	}
}

// take gives what was handed in a place in the schedule.
func (l *Loop) take() {
	l.mu.Lock()
	added, ended := l.added, l.ended
	l.added, l.ended = nil, nil
	l.mu.Unlock()
	now, targets := l.now(), len(l.due)+len(added)
	for _, j := range added {
		interval := j.plan.monitor.Interval
		phase := spread(l.count, targets, interval)
		l.count++
		j.due = now - now%interval + phase - interval // a beat that was: the line goes through it
		j.at = now + phase%min(interval, time.Second)
		heap.Push(&l.due, j)
	}
	for _, j := range ended {
		if j.contact != nil {
			l.hangUp(j.contact)
		}
		if j.place >= 0 {
			heap.Remove(&l.due, int(j.place))
		}
	}
}

// spread is where in its interval the n-th of so many targets is probed. Steps of the
// golden ratio fill the interval evenly, however many there are. Few are probed some at a
// time, as many cannot help being: each time that the loop wakes up costs as much as a probe.
func spread(n, targets int, interval time.Duration) time.Duration {
	const golden = 0x9e3779b97f4a7c15 // of 2^64
	moments := min(max(targets/together, leastMoments), max(int(interval/group), 1))
	moment := int(float64(moments) * (float64(uint64(n)*golden>>11) / (1 << 53)))
	return interval * time.Duration(moment) / time.Duration(moments)
}

const (
	together     = 16 // targets that are probed at one moment, if there are
	leastMoments = 20 // of an interval
)

// expire begins the probes that are due and ends those whose time is up, when the
// alarm that was set for them has come.
func (l *Loop) expire() {
	if l.now() < l.next {
		return
	}
	for len(l.due) > 0 && l.due[0].at <= l.now() {
		j := l.due[0]
		if j.contact != nil {
			l.finish(j.contact, fmt.Errorf("%s: timeout", j.contact.phase()))
		} else {
			l.begin(j)
		}
	}
}

// tell passes the news on if someone is there to take it.
func (l *Loop) tell() {
	if len(l.news) == 0 {
		return
	}
	select {
	case l.reports <- l.news:
		l.news = nil
	default:
	}
}

// arm sets the timer to the next that is due, and soon where news waits.
func (l *Loop) arm() {
	now := l.now()
	next := now
	switch {
	case len(l.news) > 0:
	case len(l.due) > 0:
		next = max(now, l.due[0].at-1)
	default:
		return
	}
	if next = (next/group + 1) * group; next == l.next && next > now {
		return
	}
	l.next = next
	l.poll.alarm(next - now)
}

func (l *Loop) now() time.Duration { return time.Since(l.began) }

// schedule is a heap of jobs by the time at which they want something.
type schedule []*Job

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, k int) bool { return s[i].at < s[k].at }
func (s schedule) Swap(i, k int) {
	s[i], s[k] = s[k], s[i]
	s[i].place, s[k].place = int32(i), int32(k)
}
func (s *schedule) Push(x any) { j := x.(*Job); j.place = int32(len(*s)); *s = append(*s, j) }
func (s *schedule) Pop() any {
	last := len(*s) - 1
	j := (*s)[last]
	(*s)[last] = nil
	*s, j.place = (*s)[:last], -1
	return j
}

// systemError is what a system call said, in the words of explain.
func systemError(phase string, number syscall.Errno) error {
	return explain(phase, os.NewSyscallError(phase, number))
}
