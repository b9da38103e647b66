package director

import (
	"context"
	"net/netip"
	"time"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/config"
)

const (
	peerSoonest = 500 * time.Millisecond // the least time between two questions
	peerLatest  = 5 * time.Second        // the most
	peerBound   = 2 * time.Second        // for an answer
)

// asking is whom to ask what it is master of, and how often.
type asking struct {
	address netip.AddrPort // zero: nobody
	every   time.Duration
}

// heardPeer is what came of asking the peer once.
type heardPeer struct {
	address   netip.AddrPort
	asked     time.Time
	positions Positions
	err       error
}

// askingOf is what a configuration says of it: twice in the shortest advertisement
// interval, within bounds.
func askingOf(c *config.Config, dryRun bool) asking {
	if dryRun {
		return asking{}
	}
	every := 2 * peerLatest
	for _, i := range c.Instances {
		every = min(every, i.Interval)
	}
	return asking{c.Admin.Peer, max(peerSoonest, every/2)}
}

// peerWatch asks the peer all the time, one question after the other. What that costs and
// how long it takes is nothing to anybody else.
type peerWatch struct {
	whom chan asking // of capacity one: the newest
}

func newPeerWatch() peerWatch { return peerWatch{whom: make(chan asking, 1)} }

// set never blocks. It has one caller.
func (w peerWatch) set(a asking) {
	select {
	case <-w.whom:
	default:
	}
	w.whom <- a
}

// run asks until ctx is done, and tells what came of it.
func (w peerWatch) run(ctx context.Context, tell func(heardPeer)) {
	var whom asking
	client := admin.NewPeerClient(peerBound)
	defer client.CloseIdle()
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case whom = <-w.whom:
			next.Reset(0)
		case <-next.C:
			if !whom.address.IsValid() {
				continue
			}
			h := heardPeer{address: whom.address, asked: time.Now()}
			h.err = client.Ask(ctx, whom.address, "/vrrp.json", &h.positions)
			if ctx.Err() != nil {
				return
			}
			tell(h)
			next.Reset(time.Until(h.asked.Add(whom.every)))
		}
	}
}
