package vrrp

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// A simulation runs machines on simulated links by plain discrete events: no
// goroutine, no clock. Everything follows from its plan. The world's time is
// nanoseconds since epoch; every node has a clock of its own.
type simulation struct {
	plan   plan
	rng    *rand.Rand
	now    int64
	queue  events
	seq    uint64
	nodes  []*simNode
	cut    [maxLinks]uint64 // by link, bit 8×from+to: nothing gets through
	clog   [maxLinks]uint64 // the same: nothing arrives yet
	loss   [maxLinks][64]float64
	lossy  bool // some loss since the last healing
	double float64
	clean  bool // the network delays by plan.delay at most, and forges nothing
	missed bool // some announcement may not have reached a host since then
	held   []event
	calm   calm
	cache  [][]int // by link and host, one beside each node: whom it sends to; -1: nobody
	failed error

	adverts, transitions int
	conceded             int // splits that the better one ended
}

type kind uint8

const (
	timerDue kind = iota
	arrives
	announces
	announcement
	leaseEnds
	retries
	repairs
	carrier
	fault
)

// event is something that will happen to a node.
type event struct {
	at     int64
	seq    uint64
	kind   kind
	node   int
	from   int
	link   int
	life   int
	packet *Packet
	fault  *trouble
}

// events is a binary heap: container/heap would box each event.
type events []event

func (q events) before(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}

func (q *events) push(e event) {
	*q = append(*q, e)
	h := *q
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.before(i, up) {
			return
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

func (q *events) pop() event {
	h := *q
	e, last := h[0], len(h)-1
	h[0], h[last] = h[last], event{}
	h = h[:last]
	*q = h
	for i := 0; ; {
		least := 2*i + 1
		if least >= last {
			return e
		}
		if right := least + 1; right < last && h.before(right, least) {
			least = right
		}
		if !h.before(least, i) {
			return e
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

func (s *simulation) after(d time.Duration, e event) {
	s.seq++
	e.at, e.seq = s.now+int64(d), s.seq
	s.queue.push(e)
}

// run lets time pass.
func (s *simulation) run(d time.Duration) {
	end := s.now + int64(max(0, d))
	for len(s.queue) > 0 && s.queue[0].at <= end && s.failed == nil {
		e := s.queue.pop()
		s.now = e.at
		s.happen(e)
	}
	if s.failed == nil {
		s.now = end
	}
}

func (s *simulation) happen(e event) {
	if e.kind == fault {
		s.begin(e.fault)
		return
	}
	n := s.nodes[e.node]
	switch e.kind {
	case timerDue:
		if n.timer != e.at {
			return
		}
		n.timer = 0
		if n.alive && !n.paused {
			n.wake(Timeout{})
		}
	case arrives:
		switch {
		case s.clog[e.link]>>(8*e.from+e.node)&1 == 1:
			s.held = append(s.held, e)
		case !n.alive || n.down[e.link]:
		case n.paused:
			n.inbox = append(n.inbox, n.hears(e.packet, e.link))
		default:
			n.wake(n.hears(e.packet, e.link))
		}
	case announces:
		switch {
		case n.life != e.life || !n.alive || !n.announcing:
		case n.paused:
			n.overdue = true
		default:
			s.announce(n)
		}
	case announcement:
		s.cache[e.link][e.node] = e.from
	case leaseEnds:
		if n.leased == e.at && (n.paused || !n.alive) {
			n.held = false
		}
	case retries:
		if n.life == e.life && n.alive && !n.paused && n.State() == Fault && !n.unlinked {
			n.step(Recovered{})
		}
	case repairs:
		if n.life == e.life && n.alive && n.Holding() {
			n.held = true
		}
		n.robbed = false
	case carrier:
		n.carrier(e)
	}
}

// send is one advert, on every link.
func (s *simulation) send(from *simNode, priority uint8) {
	s.adverts++
	for link := range s.plan.links {
		s.broadcast(from.index, link, &Packet{
			Advertisement: Advertisement{51, priority, from.cfg.Interval, []netip.Addr{vip}}, Source: from.source[link], Destination: Group4,
		})
	}
}

// broadcast delivers to every other node what the network does not lose.
func (s *simulation) broadcast(from, link int, p *Packet) {
	for i := range s.nodes {
		way := 8*from + i
		if i == from || s.cut[link]>>way&1 == 1 || s.nodes[from].down[link] || s.nodes[i].down[link] || s.lossy && s.rng.Float64() < s.loss[link][way] {
			continue
		}
		s.after(s.transit(), event{kind: arrives, node: i, from: from, link: link, packet: p})
		if s.double > 0 && s.rng.Float64() < s.double {
			s.after(s.transit(), event{kind: arrives, node: i, from: from, link: link, packet: p})
		}
	}
}

// transit is how long one packet takes: each its own time, so they overtake one
// another.
func (s *simulation) transit() time.Duration {
	return time.Duration(s.rng.Int64N(int64(s.plan.delay) + 1))
}

// announce tells the hosts who has the addresses. A host hears what the node
// beside it would hear.
func (s *simulation) announce(from *simNode) {
	for link := range s.plan.links {
		for i := range s.nodes {
			way := 8*from.index + i
			if i == from.index {
				s.cache[link][i] = i
			} else if !from.down[link] && !s.nodes[i].down[link] && s.cut[link]>>way&1 == 0 && s.clog[link]>>way&1 == 0 && !(s.lossy && s.rng.Float64() < s.loss[link][way]) {
				s.after(s.transit(), event{kind: announcement, node: i, from: from.index, link: link})
			}
		}
	}
}

// lease is how long a kernel holds addresses for a process that is gone: until
// every peer has waited for its down interval.
func (s *simulation) lease() time.Duration { return 5*s.plan.longest() + 2*time.Second }

// fail notes the first violation of an invariant of docs/invariants.md.
func (s *simulation) fail(id, format string, args ...any) {
	if s.failed == nil {
		s.failed = fmt.Errorf("%s, after %v: %s", id, time.Duration(s.now), fmt.Sprintf(format, args...))
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
