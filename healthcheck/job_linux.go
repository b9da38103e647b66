package healthcheck

import (
	"container/heap"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// Job is one target of a Loop: there are ten thousand of them.
type Job struct {
	plan    *Plan
	target  netip.AddrPort
	of      any
	contact *contact // the probe under way; nil: none is

	due      time.Duration // the beat of the last probe
	at       time.Duration // the next probe, or the deadline of the one under way
	last     *finding      // that was told; nil: none
	standing standing
	place    int32 // in the schedule
	failed   atomic.Uint32
	latency  atomic.Int64 // ns
}

// Latency is how long the last probe took; any goroutine may ask.
func (j *Job) Latency() time.Duration { return time.Duration(j.latency.Load()) }

// Failures is how many probes failed; any goroutine may ask.
func (j *Job) Failures() uint64 { return uint64(j.failed.Load()) }

// finding is what a probe found.
type finding struct {
	err     string // empty: it passed
	reading Reading
}

// wellFound is the finding that most targets share.
var wellFound finding

// probe is how one kind of check hears an answer. It has no socket and no clock; the Loop
// moves the bytes.
type probe interface {
	// begin forgets the last answer.
	begin()
	// hear takes what arrived; end says that nothing more will. done with a nil
	// error is a pass.
	hear(b []byte, end bool) (done bool, err error)
	// said is what was read from an answer that passed.
	said() Reading
	// phase names what is waited for, for an error.
	phase() string
}

// contact is a probe under way. The loop has as many as were ever under way at once.
type contact struct {
	job    *Job // nil: it is free
	slot   int32
	fd     int // below 0: none
	begun  time.Duration
	unsent []byte // of the request
	probe  probe  // nil until it is connected
}

func (t *contact) phase() string {
	if t.probe == nil {
		return "connect"
	}
	return t.probe.phase()
}

// begin opens a connection for the probe that is due.
func (l *Loop) begin(j *Job) {
	t := l.contact(j)
	var number syscall.Errno
	t.fd, number = connect(j.target, j.plan.way)
	if number != 0 && number != syscall.EINPROGRESS {
		// The answer came from this machine, at once: it has no route, no
		// descriptor, no port. But for a refusal that was quick.
		err := systemError("connect", number)
		if number == syscall.ENETUNREACH {
			err = ownFault{err}
		}
		l.finish(t, err)
		return
	}
	if number := l.poll.add(t.fd, t.slot); number != 0 {
		l.finish(t, ownFault{systemError("connect", number)})
		return
	}
	j.at = t.begun + j.plan.monitor.Timeout
	heap.Fix(&l.due, int(j.place))
}

// step goes on with a probe whose socket has something to say. A panic in what
// judges the answer is a failed probe.
func (l *Loop) step(t *contact) {
	defer func() {
		if r := recover(); r != nil {
			l.finish(t, fmt.Errorf("probe panicked: %s", clip(fmt.Sprint(r))))
		}
	}()
	if done, err := l.converse(t); done {
		l.finish(t, err)
	}
}

// converse sends and hears what it can without waiting.
func (l *Loop) converse(t *contact) (done bool, err error) {
	if t.probe == nil {
		if number := socketError(t.fd); number != 0 {
			return true, systemError("connect", number)
		}
		plan := t.job.plan
		if plan.hears == nil {
			return true, nil
		}
		t.probe, t.unsent = plan.take(), plan.asks.to(l.poll.buffer[:0], t.job.target)
	}
	for len(t.unsent) > 0 {
		n, number := send(t.fd, t.unsent)
		if number == syscall.EAGAIN {
			t.unsent = slices.Clone(t.unsent) // the buffer is everybody's
			return false, nil
		}
		if number != 0 {
			return true, systemError("send request", number)
		}
		t.unsent = t.unsent[n:]
	}
	// So much a turn: a server that never stops must not keep the others waiting.
	for range 4 {
		n, number := receive(t.fd, l.poll.buffer)
		switch {
		case number == syscall.EAGAIN:
			return false, nil
		case number != 0:
			return true, systemError(t.probe.phase(), number)
		}
		if done, err := t.probe.hear(l.poll.buffer[:n], n == 0); done || n == 0 {
			return true, err
		}
	}
	return false, l.poll.again(t.fd, t.slot)
}

// finish counts the result of a probe and sets the next one.
func (l *Loop) finish(t *contact, err error) {
	j, begun, now := t.job, t.begun, l.now()
	result := Result{Err: err, Latency: now - begun, Local: err != nil && isLocal(err)}
	j.latency.Store(int64(result.Latency))
	if err != nil {
		j.failed.Add(1)
	} else if t.probe != nil {
		result.Reading = t.probe.said()
	}
	l.hangUp(t)
	if !result.Local {
		result.Changed = j.standing.add(err == nil, j.plan.monitor.Rise, j.plan.monitor.Fall)
	}
	result.Verdict = j.standing.Verdict()
	if j.differs(result) || result.Changed {
		l.news = append(l.news, News{j.of, result})
	}

	m := &j.plan.monitor
	gap := m.Interval
	if !j.standing.Settled() && m.FastInterval > 0 {
		gap = m.FastInterval
	}
	j.due = nextTick(j.due, gap, max(now, begun+1))
	j.at = j.due
	heap.Fix(&l.due, int(j.place))
}

// differs keeps a result, and tells whether it is another one than the last.
func (j *Job) differs(r Result) bool {
	now := finding{reading: r.Reading}
	if r.Err != nil {
		now.err = r.Err.Error()
	}
	switch {
	case j.last != nil && *j.last == now:
		return false
	case now == wellFound:
		j.last = &wellFound
	default:
		j.last = &now
	}
	return true
}

// nextTick is nextBeat for distances.
func nextTick(due, gap, now time.Duration) time.Duration {
	if now < due {
		return due
	}
	return due + ((now-due)/gap+1)*gap
}

// contact begins one for a job.
func (l *Loop) contact(j *Job) *contact {
	var t *contact
	if last := len(l.free) - 1; last >= 0 {
		t, l.free = l.contacts[l.free[last]], l.free[:last]
	} else {
		t = &contact{slot: int32(len(l.contacts))}
		l.contacts = append(l.contacts, t)
	}
	t.job, t.fd, t.begun, j.contact = j, -1, l.now(), t
	return t
}

// hangUp closes the connection; the poll forgets it by itself.
func (l *Loop) hangUp(t *contact) {
	if t.fd >= 0 {
		closeSocket(t.fd)
	}
	if t.probe != nil {
		t.job.plan.give(t.probe)
	}
	t.job.contact = nil
	t.job, t.probe, t.unsent = nil, nil, nil
	l.free = append(l.free, t.slot)
}
