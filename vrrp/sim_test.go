package vrrp

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// A simulation runs 2 to 5 machines on a simulated link by plain discrete
// events: no goroutine, no clock. Everything follows from the seed.
type simulation struct {
	rng    *rand.Rand
	now    time.Time
	queue  eventQueue
	nodes  []*simNode
	loss   float64
	delay  time.Duration // most that one packet takes
	cut    map[[2]int]bool
	failed error
}

type simNode struct {
	*Machine
	index   int
	cfg     Config
	source  netip.Addr
	paused  bool
	alive   bool
	held    bool
	inbox   []Packet // what a paused node's socket keeps
	adverts int
	timer   time.Time // the deadline an event is queued for
	since   time.Time // since when it is master
}

type simEvent struct {
	at  time.Time
	seq int
	do  func()
}

type eventQueue []simEvent

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].seq < q[j].seq
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(e any)   { *q = append(*q, e.(simEvent)) }
func (q *eventQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

func newSimulation(seed uint64) *simulation {
	s := &simulation{rng: rand.New(rand.NewPCG(seed, 1)), now: epoch, cut: map[[2]int]bool{}}
	intervals := []time.Duration{MinInterval, 100 * time.Millisecond, time.Second, MaxInterval}
	interval := intervals[s.rng.IntN(len(intervals))]
	noPreempt := s.rng.IntN(4) == 0
	for i := range 2 + s.rng.IntN(4) {
		n := &simNode{index: i, source: netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + i)})}
		n.cfg = Config{Version: 3, Priority: uint8(1 + s.rng.IntN(254)), Interval: interval, NoPreempt: noPreempt}
		if s.rng.IntN(3) == 0 { // ties are worth having
			n.cfg.Priority = 100
		}
		s.nodes = append(s.nodes, n)
	}
	s.delay = interval / time.Duration(8+s.rng.IntN(100))
	return s
}

func (s *simulation) interval() time.Duration { return s.nodes[0].cfg.Interval }

func (s *simulation) after(d time.Duration, do func()) {
	heap.Push(&s.queue, simEvent{s.now.Add(d), s.queue.Len() + s.rng.IntN(4), do})
}

// run lets time pass.
func (s *simulation) run(d time.Duration) {
	end := s.now.Add(d)
	for len(s.queue) > 0 && !s.queue[0].at.After(end) && s.failed == nil {
		e := heap.Pop(&s.queue).(simEvent)
		s.now = e.at
		e.do()
	}
	s.now = end
}

func (s *simulation) start(n *simNode) {
	n.alive, n.paused, n.inbox = true, false, nil
	n.Machine = NewMachine(n.cfg)
	s.step(n, Startup{})
}

// kill ends a process without a word; its addresses go with its kernel lease,
// which the simulation lets end at once.
func (s *simulation) kill(n *simNode) { n.alive, n.held = false, false }

func (s *simulation) pause(n *simNode) { n.paused = true }

// resume wakes a node as the router does: what is queued is heard first.
func (s *simulation) resume(n *simNode) {
	n.paused = false
	if !n.alive {
		return
	}
	inbox := n.inbox
	n.inbox = nil
	for _, p := range inbox {
		s.step(n, Heard{Packet: p, Local: n.source})
	}
	s.step(n, Timeout{})
}

func (s *simulation) step(n *simNode, ev Event) {
	for _, a := range n.Step(s.now, ev) {
		switch a := a.(type) {
		case Claim:
			n.held = true
		case Release:
			n.held = false
		case Advertise:
			n.adverts++
			s.send(n, a.Priority)
		case Become:
			s.check(n, a.Transition)
		}
	}
	if n.held != n.Holding() {
		s.fail("node %d in %v holds: %v", n.index, n.State(), n.held)
	}
	s.arm(n)
}

// arm queues a timer event for a new deadline; one whose deadline has moved
// meanwhile is void.
func (s *simulation) arm(n *simNode) {
	d := n.Deadline()
	if d.Equal(n.timer) || d.IsZero() {
		n.timer = d
		return
	}
	n.timer = d
	s.after(max(0, d.Sub(s.now)), func() {
		if !n.timer.Equal(d) {
			return
		}
		n.timer = time.Time{}
		if n.alive && !n.paused {
			s.step(n, Timeout{})
		}
	})
}

func (s *simulation) send(from *simNode, priority uint8) {
	for _, to := range s.nodes {
		if to == from || s.cut[[2]int{from.index, to.index}] || s.rng.Float64() < s.loss {
			continue
		}
		p := Packet{Advertisement: Advertisement{51, priority, from.cfg.Interval, []netip.Addr{vip}}, Source: from.source}
		s.after(time.Duration(s.rng.Int64N(int64(s.delay)+1)), func() {
			switch {
			case !to.alive:
			case to.paused:
				to.inbox = append(to.inbox, p)
			default:
				s.step(to, Heard{Packet: p, Local: to.source})
			}
		})
	}
}

// check holds every transition against the reasons that allow it.
func (s *simulation) check(n *simNode, t Transition) {
	n.since = s.now
	switch {
	case t.To == Master && t.Reason != ReasonMasterResigned && t.Silence < SkewTime(3, n.Priority(), n.cfg.Interval):
		s.fail("node %d claimed %v after an accepted advert", n.index, t.Silence)
	case t.From == Master && t.To == Backup && t.Reason != ReasonStalled:
		better := t.PeerPriority > n.Priority() || t.PeerPriority == n.Priority() && t.Peer.Compare(n.source) > 0
		if !better {
			s.fail("node %d yielded to %v of priority %d", n.index, t.Peer, t.PeerPriority)
		}
	}
}

func (s *simulation) fail(format string, args ...any) {
	if s.failed == nil {
		s.failed = fmt.Errorf("at %v: %s", s.now.Sub(epoch), fmt.Sprintf(format, args...))
	}
}

func (s *simulation) holders() (h []*simNode) {
	for _, n := range s.nodes {
		if n.alive && n.held {
			h = append(h, n)
		}
	}
	return h
}

// best is the node that must win: the greatest (priority, address) alive.
func (s *simulation) best() (b *simNode) {
	for _, n := range s.nodes {
		if !n.alive {
			continue
		}
		if b == nil || n.cfg.Priority > b.cfg.Priority || n.cfg.Priority == b.cfg.Priority && n.source.Compare(b.source) > 0 {
			b = n
		}
	}
	return b
}
