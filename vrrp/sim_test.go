package vrrp

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// A simulation runs machines on a simulated link by plain discrete events: no
// goroutine, no clock. Everything follows from its plan. The world's time is
// nanoseconds since epoch; every node has a clock of its own.
type simulation struct {
	plan   plan
	rng    *rand.Rand
	now    int64
	queue  events
	seq    uint64
	nodes  []*simNode
	cut    uint64 // bit 8×from+to: nothing gets through
	clog   uint64 // the same: nothing arrives yet
	loss   [64]float64
	lossy  bool // some loss since the last healing
	double float64
	clean  bool // the network delays by plan.delay at most, and forges nothing
	missed bool // some announcement may not have reached a host since then
	held   []event
	cache  []int // by host, one beside each node: whom it sends to; -1: nobody
	failed error

	adverts, transitions int
}

// simNode is a machine with what a router, a kernel and a supervisor are to it.
type simNode struct {
	*Machine
	sim    *simulation
	index  int
	cfg    Config
	source netip.Addr
	ppm    int64 // how much faster its clock runs
	offset time.Duration

	alive, paused, held bool
	ending              bool  // told to stop
	refuses             bool  // its kernel refuses the addresses
	robbed              bool  // another tool has removed them
	leased              int64 // when its kernel lets go of the addresses, as long as nobody renews
	inbox               []*Packet
	timer               int64 // when a timer event is queued; 0: none
	life                int   // how often it was started, which voids the events of earlier lives
	announcing          bool
	overdue             bool // an announcement fell due while it was paused
	seen                shadow
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
	fault
)

// event is something that will happen to a node.
type event struct {
	at     int64
	seq    uint64
	kind   kind
	node   int
	from   int
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
		case s.clog>>(8*e.from+e.node)&1 == 1:
			s.held = append(s.held, e)
		case !n.alive:
		case n.paused:
			n.inbox = append(n.inbox, e.packet)
		default:
			n.wake(n.hears(e.packet))
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
		s.cache[e.node] = e.from
	case leaseEnds:
		if n.leased == e.at && (n.paused || !n.alive) {
			n.held = false
		}
	case retries:
		if n.life == e.life && n.alive && !n.paused && n.State() == Fault {
			n.step(Recovered{})
		}
	case repairs:
		if n.life == e.life && n.alive && n.Holding() {
			n.held = true
		}
		n.robbed = false
	}
}

func (n *simNode) owner() bool { return n.cfg.Priority == Owner }

func (n *simNode) hears(p *Packet) Heard { return Heard{Packet: *p, Local: n.source} }

// clock is the node's own time at an instant of the world.
func (n *simNode) clock(world int64) time.Time {
	const million = 1_000_000
	drift := world/million*n.ppm + world%million*n.ppm/million
	return epoch.Add(time.Duration(world+drift) + n.offset)
}

// world is the first instant at which the node's clock shows t.
func (n *simNode) world(t time.Time) int64 {
	local := int64(t.Sub(epoch) - n.offset)
	w := local - int64(float64(local)*float64(n.ppm)/float64(1_000_000+n.ppm)) - 2
	for n.clock(w).Before(t) {
		w++
	}
	return w
}

// start is a supervisor's: what an earlier life left behind is handed over first.
func (n *simNode) start() {
	n.life++
	n.alive, n.paused, n.ending, n.inbox, n.announcing, n.overdue, n.leased = true, false, false, nil, false, false, 0
	n.Machine, n.seen = NewMachine(n.cfg), shadow{}
	if n.held {
		n.step(Resign{})
		return
	}
	n.step(Startup{})
}

// kill ends a process without a word. Its kernel holds the addresses until their
// lease ends.
func (n *simNode) kill() {
	n.alive, n.announcing = false, false
	n.leaseRuns()
}

func (n *simNode) pause() {
	if !n.paused {
		n.paused = true
		n.leaseRuns()
	}
}

// leaseRuns begins the end of what nobody renews. An owner's addresses are its
// node's, and go with the node.
func (n *simNode) leaseRuns() {
	switch {
	case n.owner() && !n.alive:
		n.held = false
	case n.held && !n.owner():
		n.leased = n.sim.now + int64(n.sim.lease())
		n.sim.after(n.sim.lease(), event{kind: leaseEnds, node: n.index})
	}
}

// resume wakes a node as the router does: the machine first finds out how long it
// slept, then hears what is queued, and only then that its time is over.
func (n *simNode) resume() {
	if n.paused = false; !n.alive {
		return
	}
	n.seen.stalled, n.leased = true, 0
	n.wake(Woke{})
	inbox := n.inbox
	n.inbox = nil
	for _, p := range inbox {
		n.step(n.hears(p))
	}
	n.step(Timeout{})
	n.seen.stalled = false
	if n.overdue && n.announcing {
		n.sim.announce(n)
	}
	n.overdue = false
}

// wake is a step as the router takes it.
func (n *simNode) wake(ev Event) {
	n.step(ev)
	if n.alive && n.State() == Initialize && !n.ending {
		n.step(Startup{})
	}
}

// step feeds the machine and does what it answers, as the router does.
func (n *simNode) step(ev Event) {
	for ev != nil && n.sim.failed == nil {
		now := n.clock(n.sim.now)
		n.told(now, ev)
		before := n.State()
		actions := n.Step(now, ev)
		n.judge(now, before, ev, actions)
		ev = n.perform(actions)
	}
	n.settled()
	n.arm()
}

func (n *simNode) perform(actions []Action) (next Event) {
	for _, a := range actions {
		switch a := a.(type) {
		case Claim:
			if n.refuses {
				next = Failed{ReasonClaim}
				n.sim.after(n.sim.plan.longest()*4, event{kind: retries, node: n.index, life: n.life})
				continue
			}
			n.held, n.robbed = true, false
		case Release:
			n.held, n.robbed = false, false
		case Advertise:
			if next == nil {
				n.sim.send(n, a.Priority)
			}
		case Announce, Reannounce:
			if next == nil {
				n.announcing = true
				n.sim.announce(n)
				n.sim.after(n.cfg.Interval, event{kind: announces, node: n.index, life: n.life})
			}
		case Silence:
			n.announcing = false
		}
	}
	return next
}

// arm queues a timer event, unless an earlier one is queued already, which will
// find that the deadline has moved.
func (n *simNode) arm() {
	d := n.Deadline()
	if d.IsZero() || !n.alive || n.paused {
		return
	}
	at := max(n.world(d), n.sim.now)
	if n.timer != 0 && n.timer >= n.sim.now && n.timer <= at {
		return
	}
	n.timer = at
	n.sim.seq++
	n.sim.queue.push(event{at: at, seq: n.sim.seq, kind: timerDue, node: n.index})
}

func (s *simulation) send(from *simNode, priority uint8) {
	s.adverts++
	s.broadcast(from.index, &Packet{
		Advertisement: Advertisement{51, priority, from.cfg.Interval, []netip.Addr{vip}}, Source: from.source, Destination: Group4,
	})
}

// broadcast delivers to every other node what the network does not lose.
func (s *simulation) broadcast(from int, p *Packet) {
	for i := range s.nodes {
		link := 8*from + i
		if i == from || s.cut>>link&1 == 1 || s.lossy && s.rng.Float64() < s.loss[link] {
			continue
		}
		s.after(s.transit(), event{kind: arrives, node: i, from: from, packet: p})
		if s.double > 0 && s.rng.Float64() < s.double {
			s.after(s.transit(), event{kind: arrives, node: i, from: from, packet: p})
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
	for i := range s.nodes {
		link := 8*from.index + i
		if i == from.index {
			s.cache[i] = i
		} else if s.cut>>link&1 == 0 && s.clog>>link&1 == 0 && !(s.lossy && s.rng.Float64() < s.loss[link]) {
			s.after(s.transit(), event{kind: announcement, node: i, from: from.index})
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
