//go:build linux

package lab

import (
	"slices"
	"sync"
	"time"
)

// Probe is a client that sends requests at a steady rhythm, however long each
// one takes, and with every one the same to a real server directly, as a
// control: so the directors' faults are told from those of a busy machine.
type Probe struct {
	Every   time.Duration
	Timeout time.Duration // of one request

	quit chan struct{}
	done sync.WaitGroup

	mu      sync.Mutex
	samples Samples
}

// attempt sends one request on the client's thread and returns what waits for
// its answer.
type attempt func(deadline time.Time) (wait func() (server string, err error))

// newProbe starts a probe in a namespace.
func (l *Lab) newProbe(in *namespace, every, timeout time.Duration, send, control attempt) *Probe {
	p := &Probe{Every: every, Timeout: timeout, quit: make(chan struct{})}
	p.done.Go(func() { p.run(in, send, control) })
	l.t.Cleanup(func() { p.Stop() })
	return p
}

func (p *Probe) run(in *namespace, send, control attempt) {
	beat := time.NewTicker(p.Every)
	defer beat.Stop()
	for last := time.Now(); ; {
		var due time.Time
		select {
		case <-p.quit:
			return
		case due = <-beat.C:
		}
		s := Sample{Due: due, Sent: time.Now(), Idle: max(0, due.Sub(last)-p.Every*3/2)}
		last = due
		var wait, waitControl func() (string, error)
		in.do(func() error {
			wait = send(s.Sent.Add(p.Timeout))
			waitControl = control(s.Sent.Add(p.Timeout))
			return nil
		})
		controlled := make(chan time.Time, 1)
		p.done.Go(func() {
			if _, err := waitControl(); err != nil {
				controlled <- time.Time{}
				return
			}
			controlled <- time.Now()
		})
		p.done.Go(func() {
			s.Server, s.Err = wait()
			s.Done, s.Control = time.Now(), <-controlled
			p.mu.Lock()
			p.samples = append(p.samples, s)
			p.mu.Unlock()
		})
	}
}

// Samples are the requests that are over, in the order of sending.
func (p *Probe) Samples() Samples { return p.Since(time.Time{}) }

// Since are those of Samples that were sent from a moment on.
func (p *Probe) Since(from time.Time) Samples {
	p.mu.Lock()
	// They lie in the order in which they were over, at most twice the patience
	// after they were sent.
	n := len(p.samples)
	for n > 0 && p.samples[n-1].Sent.After(from.Add(-2*p.Timeout)) {
		n--
	}
	s := slices.Clone(p.samples[n:])
	p.mu.Unlock()
	slices.SortFunc(s, func(a, b Sample) int { return a.Sent.Compare(b.Sent) })
	return s.Since(from)
}

// Stop ends the probe, waits for the requests under way and returns them all.
func (p *Probe) Stop() Samples {
	select {
	case <-p.quit:
	default:
		close(p.quit)
	}
	p.done.Wait()
	return p.Samples()
}
