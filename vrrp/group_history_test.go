package vrrp_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// TestGroupHistories lets two or three groups live through loss in one
// direction of one link, cuts of a link that are seen as faults and cuts that
// are not, and asks at every look that the members of a group never differ and
// that none holds an address while one has a fault; and after each healing
// that one group holds everything.
func TestGroupHistories(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			h := newHistory(t, seed)
			for range 4 {
				h.trouble()
				h.live(time.Duration(h.rng.IntN(12000)) * time.Millisecond)
				h.heal()
				h.live(6 * time.Second)
				h.settled()
			}
			for _, g := range h.groups {
				g.end()
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		})
	}
}

type groupHistory struct {
	t      *testing.T
	rng    *rand.Rand
	groups []*group
	lans   [2]*vrrptest.LAN
}

func newHistory(t *testing.T, seed uint64) *groupHistory {
	h := &groupHistory{t: t, rng: rand.New(rand.NewPCG(seed, 19)), lans: newLANs()}
	for _, lan := range h.lans {
		lan.Delay(time.Duration(h.rng.IntN(50)) * time.Millisecond)
	}
	order := h.rng.Perm(9) // the second link's addresses are in an order of their own
	for i := range 2 + h.rng.IntN(2) {
		sources := [2]netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, byte(11 + i)}), netip.MustParseAddr(fmt.Sprint("fe80::1", order[i]))}
		priority := uint8(100)
		if h.rng.IntN(2) == 0 {
			priority = uint8(1 + h.rng.IntN(254))
		}
		h.groups = append(h.groups, newGroup(h.lans, sources, priority).run(t))
		time.Sleep(time.Duration(h.rng.IntN(1000)) * time.Millisecond)
	}
	return h
}

// lose sets which share of the packets is lost, by who sent them and to whom.
func (h *groupHistory) lose(share map[[2]netip.Addr]float64) {
	for _, lan := range h.lans {
		random := rand.New(rand.NewPCG(h.rng.Uint64(), 0)) // under the LAN's lock
		lan.Lose(func(from, to netip.Addr) bool { return random.Float64() < share[[2]netip.Addr{from, to}] })
	}
}

// trouble changes one or two links.
func (h *groupHistory) trouble() {
	loss := map[[2]netip.Addr]float64{}
	for range 1 + h.rng.IntN(2) {
		g, member := h.groups[h.rng.IntN(len(h.groups))], h.rng.IntN(2)
		share := 1.0
		in, out := true, true
		switch h.rng.IntN(5) {
		case 0:
			share = h.rng.Float64()
		case 1:
			in = false
		case 2:
			out = false
		case 3: // the whole link loses, for all
		case 4:
			g.fault(member, "link_down")
		}
		for _, peer := range h.groups {
			own, other := g.links[member].Source, peer.links[member].Source
			if in {
				loss[[2]netip.Addr{other, own}] = share
			}
			if out {
				loss[[2]netip.Addr{own, other}] = share
			}
		}
	}
	h.lose(loss)
}

func (h *groupHistory) heal() {
	h.lose(nil)
	for _, g := range h.groups {
		for member := range g.links {
			g.fault(member, "")
		}
	}
}

// live lets time pass, and looks often.
func (h *groupHistory) live(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); sleep(17 * time.Millisecond) {
		for i, g := range h.groups {
			held, stats := g.holds(), g.Stats(nil)
			if held[0] != held[1] || stats[0].State != stats[1].State {
				h.t.Errorf("group %d: members hold %v in %v and %v", i, held, stats[0].State, stats[1].State)
			}
			if fault := g.links[0].Fault + g.links[1].Fault; fault != "" && (held != none || stats[0].State != vrrp.Fault) {
				h.t.Errorf("group %d holds %v in %v, with %s", i, held, stats[0].State, fault)
			}
		}
	}
}

// settled asks for one holder of everything, the best one.
func (h *groupHistory) settled() {
	var holders []int
	best := uint8(0)
	for i, g := range h.groups {
		best = max(best, g.Stats(nil)[0].Priority)
		if g.holds() == all {
			holders = append(holders, i)
		}
	}
	if len(holders) != 1 || h.groups[holders[0]].Stats(nil)[0].Priority != best {
		h.t.Errorf("holders after healing: %v", holders)
	}
}
