package election

import (
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/hald-project/hald/netif"
)

// clerk changes addresses for all instances of the process. Whatever hundreds of them want
// while the kernel is busy is done together next, in one listing of a link and few
// messages: a takeover of them all costs little more than one. Each by itself would look at the addresses of all, and
// wait for the one lock that the kernel has for such changes, with its thread.
//
// Nobody in particular is the clerk: of those that wait, the first does the work of all.
type clerk struct {
	turn sync.Mutex // held by who works

	mu      sync.Mutex
	waiting []*errand
}

// errand is a claim, or a release if claim is nil.
type errand struct {
	kernel kernel // of who wants it
	link   int
	claim  []netif.Virtual
	lease  time.Duration
	drop   []netip.Prefix

	done bool
	err  error
}

// do returns when an errand is done.
func (c *clerk) do(e *errand) error {
	c.mu.Lock()
	c.waiting = append(c.waiting, e)
	c.mu.Unlock()
	c.turn.Lock()
	defer c.turn.Unlock()
	if !e.done {
		runtime.Gosched() // who is about to want something has its errand in the same round
		c.mu.Lock()
		all := c.waiting
		c.waiting = nil
		c.mu.Unlock()
		work(all)
	}
	return e.err
}

// work does errands of different instances, whose order does not matter: what must be
// given up goes first.
func work(all []*errand) {
	type kind struct {
		link  int
		lease time.Duration
	}
	releases, claims := map[int][]*errand{}, map[kind][]*errand{}
	for _, e := range all {
		if e.claim == nil {
			releases[e.link] = append(releases[e.link], e)
		} else {
			claims[kind{e.link, e.lease}] = append(claims[kind{e.link, e.lease}], e)
		}
	}
	for link, list := range releases {
		var drop []netip.Prefix
		for _, e := range list {
			drop = append(drop, e.drop...)
		}
		err := list[0].kernel.Release(link, drop)
		for _, e := range list {
			e.done, e.err = true, err
		}
	}
	for k, list := range claims {
		wanted := make([][]netif.Virtual, len(list))
		for i, e := range list {
			wanted[i] = e.claim
		}
		for i, err := range list[0].kernel.ClaimEach(k.link, wanted, k.lease) {
			list[i].done, list[i].err = true, err
		}
	}
}

// queued is an instance's kernel, whose claims and releases go by the clerk.
type queued struct {
	kernel
	clerk *clerk
}

func (q queued) Claim(link int, addrs []netif.Virtual, lease time.Duration) error {
	return q.clerk.do(&errand{kernel: q.kernel, link: link, claim: addrs, lease: lease})
}

func (q queued) Release(link int, addrs []netip.Prefix) error {
	return q.clerk.do(&errand{kernel: q.kernel, link: link, drop: addrs})
}

// ClaimVirtual is of a link that no other instance has, and only waits for its turn.
func (q queued) ClaimVirtual(link, parent int, addrs []netif.Virtual, lease time.Duration) error {
	q.clerk.turn.Lock()
	defer q.clerk.turn.Unlock()
	return q.kernel.ClaimVirtual(link, parent, addrs, lease)
}

func (q queued) ReleaseVirtual(link int, addrs []netip.Prefix) error {
	q.clerk.turn.Lock()
	defer q.clerk.turn.Unlock()
	return q.kernel.ReleaseVirtual(link, addrs)
}
