package election

import (
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/hald-project/hald/netif"
)

// counter is a kernel that counts what it is asked.
type counter struct {
	idleKernel
	busy             chan struct{}    // it answers when this is closed
	claims, releases [][]netip.Prefix // the addresses of each call
	refused          netip.Prefix
}

func (k *counter) ClaimEach(_ int, wanted [][]netif.Virtual, _ time.Duration) []error {
	<-k.busy
	errs := make([]error, len(wanted))
	var all []netip.Prefix
	for i, addrs := range wanted {
		for _, v := range addrs {
			all = append(all, v.Prefix)
			if v.Prefix == k.refused {
				errs[i] = errFake
			}
		}
	}
	k.claims = append(k.claims, all)
	return errs
}

func (k *counter) Release(_ int, addrs []netip.Prefix) error {
	k.releases = append(k.releases, addrs)
	return nil
}

// TestClerkDoesWhatWaitsTogether: while one claim is made all others wait, and all that
// wait are made in one go, each with an error of its own.
func TestClerkDoesWhatWaitsTogether(t *testing.T) {
	const n = 100
	addr := func(i int) netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 32) }
	k := &counter{busy: make(chan struct{}), refused: addr(7)}
	c := new(clerk)
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = queued{k, c}.Claim(2, []netif.Virtual{{Prefix: addr(i)}}, time.Second) })
		for waiting := -1; i == 0 && waiting != 0 || i == n-1 && waiting != n-1; { // the first has begun; all others wait
			runtime.Gosched()
			c.mu.Lock()
			waiting = len(c.waiting)
			if i == 0 && c.turn.TryLock() { // it has not even begun
				waiting = -1
				c.turn.Unlock()
			}
			c.mu.Unlock()
		}
	}
	close(k.busy)
	all.Wait()
	for i, err := range errs {
		if (err != nil) != (addr(i) == k.refused) {
			t.Errorf("claim of %s: %v", addr(i), err)
		}
	}
	if len(k.claims) != 2 || len(k.claims[0]) != 1 || len(k.claims[1]) != n-1 {
		t.Errorf("%d calls, want one of 1 and one of %d", len(k.claims), n-1)
	}
}

// TestClerkKeepsLinksAndLeasesApart: what is claimed together is of one link and one lease.
func TestClerkKeepsLinksAndLeasesApart(t *testing.T) {
	k := &counter{busy: make(chan struct{})}
	close(k.busy)
	claim := func(link int, lease time.Duration) *errand {
		return &errand{kernel: k, link: link, lease: lease, claim: []netif.Virtual{{Prefix: vip}}}
	}
	all := []*errand{claim(2, time.Second), claim(3, time.Second), claim(2, 0), claim(2, time.Second), {kernel: k, link: 2}, {kernel: k, link: 3}}
	work(all)
	if len(k.claims) != 3 || len(k.releases) != 2 {
		t.Errorf("%d claims and %d releases, want 3 and 2", len(k.claims), len(k.releases))
	}
	for i, e := range all {
		if !e.done {
			t.Errorf("errand %d is not done", i)
		}
	}
}
