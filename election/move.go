package election

import (
	"time"

	"github.com/hald-project/hald/vrrp"
)

// before is how long the election waits before its addresses move: as long as any of
// its instances wants.
func (c groupConfig) before() (longest time.Duration) {
	for _, in := range c.Instances {
		longest = max(longest, in.Before)
	}
	return longest
}

// awaits has the router tell the director of moves before. One that it cannot be told
// of does not wait. Call it before start.
func (g *group) awaits(out *outbox) {
	g.router.SetBefore(g.cfg.before())
	g.router.Announced(uint64(time.Now().UnixNano()), func(m vrrp.Move) { // answers to another life count for nothing
		move := Move{
			Serial: m.Serial, From: m.From.String(), To: m.To.String(), Reason: m.Reason,
			Peer: text(m.Peer), PeerPriority: int(m.PeerPriority), Abandoned: m.Abandoned,
		}
		for _, in := range g.members {
			move.Instances = append(move.Instances, in.cfg.Name)
		}
		if !out.announce(move) {
			g.router.Proceed(m.Serial)
		}
	})
}

// answer answers a move. The election that asked may be leaving already.
func (e *election) answer(p Proceed) {
	for _, groups := range [][]*group{e.groups, e.leaving} {
		for _, g := range groups {
			if g.cfg.Instances[0].Name == p.Instance {
				g.router.Proceed(p.Serial)
			}
		}
	}
}

// alone lets nothing wait for a director that has gone.
func (e *election) alone() {
	for _, groups := range [][]*group{e.groups, e.leaving} {
		for _, g := range groups {
			g.router.SetBefore(0)
		}
	}
}
