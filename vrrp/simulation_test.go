package vrrp

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	hours = flag.Float64("simulate.hours", 0, "hours of simulated time for TestSimulation to live through, beyond its fixed seeds")
	only  = flag.Int64("simulate.seed", -1, "the one history for TestSimulation to live through")
)

const histories = 1500

// TestSimulation lets clusters of 2 to 6 routers live through loss, partitions,
// pauses, crashes, drifting clocks and forgers. Every step is held against the
// invariants of docs/invariants.md; after each healing, and in a last fault whose
// bounds are known, so is the cluster.
func TestSimulation(t *testing.T) {
	var lived, ran, adverts, transitions, conceded atomic.Int64
	next := make(chan uint64)
	var workers sync.WaitGroup
	failed := make(chan plan, 1)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed := range next {
				p := newPlan(seed)
				s := p.live()
				lived.Add(s.now)
				ran.Add(1)
				adverts.Add(int64(s.adverts))
				transitions.Add(int64(s.transitions))
				conceded.Add(int64(s.conceded))
				if s.failed != nil {
					select {
					case failed <- p:
					default:
					}
				}
			}
		})
	}
	began := time.Now()
	want := int64(*hours * float64(time.Hour))
	if *only >= 0 {
		next <- uint64(*only)
	}
	for seed := uint64(0); *only < 0 && (seed < histories || lived.Load() < want) && len(failed) == 0; seed++ {
		next <- seed
	}
	close(next)
	workers.Wait()
	t.Logf("%.0f hours, %d histories, %d adverts, %d transitions, %d concessions in %.1f s", time.Duration(lived.Load()).Hours(), ran.Load(), adverts.Load(), transitions.Load(), conceded.Load(), time.Since(began).Seconds())
	select {
	case p := <-failed:
		t.Fatal(explain(p))
	default:
	}
}

// FuzzSimulation looks for seeds by coverage.
func FuzzSimulation(f *testing.F) {
	f.Add(uint64(histories))
	f.Fuzz(func(t *testing.T, seed uint64) {
		if p := newPlan(seed); p.live().failed != nil {
			t.Fatal(explain(p))
		}
	})
}

// explain shows the least of a failing plan that still fails.
func explain(p plan) string {
	p = shrink(p, func(p plan) bool { return p.live().failed != nil })
	return fmt.Sprintf("%v\n%v", p.live().failed, p)
}

// TestShrink: what a failure does not need is left out.
func TestShrink(t *testing.T) {
	p := newPlan(1)
	p.episodes = []episode{
		{troubles: []trouble{{what: "loss"}, {what: "kill"}, {what: "double"}}},
		{troubles: []trouble{{what: "loss"}}},
		{troubles: []trouble{{what: "pause"}, {what: "loss"}}},
	}
	has := func(p plan, what string) bool {
		for _, e := range p.episodes {
			for _, t := range e.troubles {
				if t.what == what {
					return true
				}
			}
		}
		return false
	}
	p = shrink(p, func(p plan) bool { return has(p, "kill") && has(p, "pause") })
	if len(p.episodes) != 2 || len(p.episodes[0].troubles) != 1 || len(p.episodes[1].troubles) != 1 {
		t.Errorf("left: %v", p)
	}
}

// world is a plan before anything happens but that every node will start.
func (p plan) world() *simulation {
	s := &simulation{plan: p, rng: rand.New(rand.NewPCG(p.seed, 2))}
	for range p.links {
		s.cache = append(s.cache, slices.Repeat([]int{-1}, len(p.nodes)))
	}
	for i, c := range p.nodes {
		n := &simNode{sim: s, index: i, cfg: c, ppm: p.ppm[i], offset: time.Duration(s.rng.Int64N(int64(time.Hour)))}
		for link := range p.links {
			n.source[link] = sourceOf(i, len(p.nodes), link)
		}
		s.nodes = append(s.nodes, n)
	}
	for _, n := range s.nodes {
		s.after(time.Duration(s.rng.Int64N(int64(4*p.longest()))), event{kind: fault, fault: &trouble{what: "start", node: n.index}})
	}
	return s
}

// live runs a plan.
func (p plan) live() *simulation {
	s := p.world()
	s.run(4 * p.longest())
	s.clean = true
	s.quiet()
	for _, e := range p.episodes {
		for i := range e.troubles {
			s.after(e.troubles[i].at, event{kind: fault, fault: &e.troubles[i]})
		}
		s.run(e.lasts)
		s.heal()
		s.quiet()
		if s.failed != nil {
			return s
		}
	}
	s.finish()
	return s
}
