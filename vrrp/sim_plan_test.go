package vrrp

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// maxLinks is on how many links an election is held at most.
const maxLinks = 3

// plan is all that a history depends on.
type plan struct {
	seed     uint64
	version  uint8
	links    int // that the election is held on: a sync group's
	nodes    []Config
	ppm      []int64
	delay    time.Duration // most that one packet takes
	episodes []episode
	quiet    int // intervals lived after each healing
	finale   string
	concedes bool // a split that lasts is ended by the better one
}

// episode is a time of trouble, after which everything is healed.
type episode struct {
	lasts    time.Duration
	troubles []trouble
}

// trouble is one fault.
type trouble struct {
	at     time.Duration // after the episode's beginning
	what   string
	node   int
	side   uint64
	share  float64
	number uint8
}

var (
	faults  = []string{"loss", "one-way loss", "partition", "deaf", "mute", "clog", "double", "pause", "resume", "kill", "start", "stop", "fail", "unfit", "recover", "refuse", "rob", "link down", "link up", "reload", "priority", "yield", "take back", "forge", "spoil"}
	finales = []string{"crash", "stop", "partition", "pause", "yield", "link", "member"}
)

// intervals of the plans. Two thirds of all histories take the short ones.
var intervals = map[uint8][]time.Duration{
	3: {MinInterval, 100 * time.Millisecond, time.Second, 10 * time.Second, MaxInterval},
	2: {time.Second, 10 * time.Second, MaxInterval2},
}

func newPlan(seed uint64) plan {
	rng := rand.New(rand.NewPCG(seed, 1))
	p := plan{seed: seed, concedes: seed%2 == 1, version: 3, links: 1 + max(0, rng.IntN(2*maxLinks)-maxLinks), quiet: 10 + rng.IntN(60), finale: finales[rng.IntN(len(finales))]}
	if rng.IntN(3) == 0 {
		p.version = 2
	}
	interval := intervals[p.version][rng.IntN(len(intervals[p.version]))]
	preempt, mixed := rng.IntN(3), p.version == 3 && interval <= time.Second && rng.IntN(4) == 0
	for i := range 2 + rng.IntN(5) {
		c := Config{Version: p.version, Priority: uint8(1 + rng.IntN(254)), Interval: interval}
		if rng.IntN(3) == 0 { // ties are worth having
			c.Priority = 100
		}
		if mixed && i%2 == 1 {
			c.Interval = 2 * interval
		}
		c.NoPreempt = preempt == 1 || preempt == 2 && rng.IntN(2) == 0
		if !c.NoPreempt && rng.IntN(4) == 0 {
			c.PreemptDelay = time.Duration(rng.Int64N(int64(10 * interval)))
		}
		p.nodes = append(p.nodes, c)
		p.ppm = append(p.ppm, rng.Int64N(20_001)-10_000)
	}
	if rng.IntN(8) == 0 {
		p.nodes[0].Priority = Owner
	}
	p.delay = interval / time.Duration(8+rng.IntN(100))
	for range 1 + rng.IntN(5) {
		e := episode{lasts: time.Duration(rng.Int64N(int64(20 * interval)))}
		for range 1 + rng.IntN(6) {
			e.troubles = append(e.troubles, trouble{
				at: time.Duration(rng.Int64N(int64(e.lasts) + 1)), what: faults[rng.IntN(len(faults))],
				node: rng.IntN(len(p.nodes)), side: rng.Uint64(), share: rng.Float64(), number: uint8(1 + rng.IntN(254)),
			})
		}
		p.episodes = append(p.episodes, e)
	}
	return p
}

// on are the links that a trouble is on: one in two is on all, the others on one.
func (p *plan) on(t *trouble) []int {
	if t.side>>32&1 == 0 {
		return []int{int(t.side>>33) % p.links}
	}
	return p.all()
}

func (p *plan) all() []int { return []int{0, 1, 2}[:p.links] }

// longest is the longest interval of the nodes.
func (p *plan) longest() (d time.Duration) {
	for _, c := range p.nodes {
		d = max(d, c.Interval)
	}
	return d
}

// patience is the longest preemption delay of the nodes.
func (p *plan) patience() (d time.Duration) {
	for _, c := range p.nodes {
		d = max(d, c.PreemptDelay)
	}
	return d
}

func (p plan) String() string {
	s := fmt.Sprintf("seed %d, version %d, %d links, at most %v on the way, concessions %v, finale %q\n", p.seed, p.version, p.links, p.delay, p.concedes, p.finale)
	for i, c := range p.nodes {
		s += fmt.Sprintf("  node %d: priority %d, interval %v, no preemption %v, preempt delay %v, clock %+d ppm\n", i, c.Priority, c.Interval, c.NoPreempt, c.PreemptDelay, p.ppm[i])
	}
	for i, e := range p.episodes {
		s += fmt.Sprintf("  episode %d, %v\n", i, e.lasts)
		for _, t := range e.troubles {
			s += fmt.Sprintf("    after %v: %s, node %d, links %v, side %b, share %.3f, number %d\n", t.at, t.what, t.node, p.on(&t), t.side&(1<<len(p.nodes)-1), t.share, t.number)
		}
	}
	return s
}

// shrink leaves out what a failing plan fails without: episodes, then faults.
func shrink(p plan, fails func(plan) bool) plan {
	for smaller := true; smaller; {
		smaller = false
		for i := 0; i < len(p.episodes); i++ {
			q := p
			q.episodes = append(append([]episode(nil), p.episodes[:i]...), p.episodes[i+1:]...)
			if fails(q) {
				p, smaller = q, true
				i--
			}
		}
		for i := range p.episodes {
			for j := 0; j < len(p.episodes[i].troubles); j++ {
				q := p
				q.episodes = append([]episode(nil), p.episodes...)
				old := p.episodes[i].troubles
				q.episodes[i].troubles = append(append([]trouble(nil), old[:j]...), old[j+1:]...)
				if fails(q) {
					p, smaller = q, true
					j--
				}
			}
		}
	}
	return p
}
