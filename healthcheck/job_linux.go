package healthcheck

import (
	"container/heap"
	"fmt"
	"net/netip"
	"syscall"
	"time"
)

// probe is what one kind of check says and hears over a connection. It has no
// socket and no clock; the Loop moves the bytes.
type probe interface {
	target() netip.AddrPort
	way() Way
	// begin forgets the last probe. What it returns is sent; nil: nothing is, and
	// the connection alone is proof enough.
	begin() []byte
	// hear takes what arrived; end says that nothing more will. done with a nil
	// error is a pass.
	hear(b []byte, end bool) (done bool, err error)
	// said is what was read from an answer that passed.
	said() Reading
	// phase names what is waited for, for an error.
	phase() string
	// opened tells that the connection is open.
	opened()
}

// newProbe is the probe of a checker that a Loop can do.
func newProbe(c Checker) (probe, error) {
	switch c := c.(type) {
	case *TCP:
		return &tcpProbe{check: c}, nil
	case *HTTP:
		return newHTTPProbe(c)
	}
	return nil, fmt.Errorf("no loop probes %T", c)
}

// begin opens a connection for the probe that is due.
func (l *Loop) begin(j *Job) {
	j.begun = l.now()
	j.unsent, j.open = j.probe.begin(), false
	fd, number := connect(j.probe.target(), j.probe.way())
	if number != 0 && number != syscall.EINPROGRESS {
		if fd >= 0 {
			closeSocket(fd)
		}
		// The answer came from this machine, at once: it has no route, no
		// descriptor, no port. But for a refusal that was quick.
		err := systemError("connect", number)
		if number == syscall.ENETUNREACH {
			err = ownFault{err}
		}
		l.finish(j, err)
		return
	}
	j.fd, j.slot = fd, l.slot(j)
	if number := l.poll.add(fd, j.slot); number != 0 {
		l.finish(j, ownFault{systemError("connect", number)})
		return
	}
	j.at = j.begun + j.monitor.Timeout
	heap.Fix(&l.due, j.place)
}

// step goes on with a probe whose socket has something to say. A panic in what
// judges the answer is a failed probe.
func (l *Loop) step(j *Job) {
	defer func() {
		if r := recover(); r != nil {
			l.finish(j, fmt.Errorf("probe panicked: %s", clip(fmt.Sprint(r))))
		}
	}()
	if done, err := l.converse(j); done {
		l.finish(j, err)
	}
}

// converse sends and hears what it can without waiting.
func (l *Loop) converse(j *Job) (done bool, err error) {
	if !j.open {
		if number := socketError(j.fd); number != 0 {
			return true, systemError("connect", number)
		}
		if j.unsent == nil {
			return true, nil
		}
		j.open = true
		j.probe.opened()
	}
	for len(j.unsent) > 0 {
		n, number := send(j.fd, j.unsent)
		if number == syscall.EAGAIN {
			return false, nil
		}
		if number != 0 {
			return true, systemError("send request", number)
		}
		j.unsent = j.unsent[n:]
	}
	// So much a turn: a server that never stops must not keep the others waiting.
	for range 4 {
		n, number := receive(j.fd, l.poll.buffer)
		switch {
		case number == syscall.EAGAIN:
			return false, nil
		case number != 0:
			return true, systemError(j.probe.phase(), number)
		}
		if done, err := j.probe.hear(l.poll.buffer[:n], n == 0); done || n == 0 {
			return true, err
		}
	}
	return false, l.poll.again(j.fd, j.slot)
}

// finish counts the result of a probe and sets the next one.
func (l *Loop) finish(j *Job, err error) {
	if j.slot >= 0 {
		l.hangUp(j)
	}
	now := l.now()
	result := Result{Err: err, Latency: now - j.begun, Local: err != nil && isLocal(err)}
	j.latency.Store(int64(result.Latency))
	if err != nil {
		j.failed.Add(1)
	} else {
		result.Reading = j.probe.said()
	}
	if !result.Local {
		result.Changed = j.tally.Add(err == nil)
	}
	result.Verdict = j.tally.Verdict()
	if !j.told || result.Changed || !sameError(j.last, err) || err == nil && j.read != result.Reading {
		l.news = append(l.news, News{j.of, result})
	}
	j.told, j.last = true, err
	if err == nil {
		j.read = result.Reading
	}

	gap := j.monitor.Interval
	if !j.tally.Settled() && j.monitor.FastInterval > 0 {
		gap = j.monitor.FastInterval
	}
	j.due = nextTick(j.due, gap, max(now, j.begun+1))
	j.at = j.due
	heap.Fix(&l.due, j.place)
}

// nextTick is nextBeat for distances.
func nextTick(due, gap, now time.Duration) time.Duration {
	if now < due {
		return due
	}
	return due + ((now-due)/gap+1)*gap
}

func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Error() == b.Error()
}

// slot is a number for the job in the poll.
func (l *Loop) slot(j *Job) int32 {
	if last := len(l.free) - 1; last >= 0 {
		n := l.free[last]
		l.free, l.slots[n] = l.free[:last], j
		return n
	}
	l.slots = append(l.slots, j)
	return int32(len(l.slots) - 1)
}

// hangUp closes the connection; the poll forgets it by itself.
func (l *Loop) hangUp(j *Job) {
	closeSocket(j.fd)
	l.slots[j.slot] = nil
	l.free = append(l.free, j.slot)
	j.slot = -1
}
