package simulate

import (
	"container/heap"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/vrrp"
)

// slowest is how long an advert takes at most, a part of the interval where that is
// less.
const slowest = time.Millisecond

// epoch is 0s on the clock that all directors read.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// world is the directors and the links between them, run by discrete events: no
// goroutine, no clock.
type world struct {
	cast    *cast
	rng     *rand.Rand
	now     time.Duration
	queue   queue
	seq     int
	nodes   []*node
	cut     map[link]bool
	loss    map[link]float64
	names   map[netip.Addr]string // directors by the addresses that adverts come from
	tenures []tenure              // by election
	history []Entry
}

// link is the way from one director to another.
type link struct{ from, to string }

func newWorld(views []*config.Config, seed uint64) *world {
	w := &world{
		cast: newCast(views), rng: rand.New(rand.NewPCG(seed, 0)),
		cut: map[link]bool{}, loss: map[link]float64{}, names: map[netip.Addr]string{},
	}
	w.tenures = make([]tenure, len(w.cast.elections))
	for i, v := range views {
		w.nodes = append(w.nodes, newNode(w, v, i))
	}
	for _, n := range w.nodes {
		n.start()
	}
	return w
}

func (w *world) clock() time.Time { return epoch.Add(w.now) }

func (w *world) node(name string) *node {
	for _, n := range w.nodes {
		if n.name == name {
			return n
		}
	}
	return nil
}

// run lets time pass until end.
func (w *world) run(end time.Duration) {
	for len(w.queue) > 0 && w.queue[0].at <= end {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		e.do()
	}
	w.now = end
}

func (w *world) after(d time.Duration, do func()) {
	w.seq++
	heap.Push(&w.queue, event{w.now + max(0, d), w.seq, do})
}

// send puts an advert on the link of each member of an election.
func (w *world) send(from *election, priority uint8) {
	for _, to := range w.nodes {
		if to == from.node || w.cut[link{from.node.name, to.name}] {
			continue
		}
		for i, m := range from.members {
			if w.rng.Float64() < w.loss[link{from.node.name, to.name}] {
				continue
			}
			p := vrrp.Packet{Source: m.source, Advertisement: vrrp.Advertisement{VRID: m.vrid, Priority: priority, Interval: from.interval, Addresses: m.addresses}}
			way := min(slowest, from.interval/20)
			w.after(time.Duration(1+w.rng.Int64N(int64(way))), func() { to.hear(from.index, i, p) })
		}
	}
}

// event is something that will happen.
type event struct {
	at  time.Duration
	seq int // in order of their making where several happen at once
	do  func()
}

type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(e any)   { *q = append(*q, e.(event)) }
func (q *queue) Pop() any {
	old := *q
	last := len(old) - 1
	e := old[last]
	old[last] = event{}
	*q = old[:last]
	return e
}
