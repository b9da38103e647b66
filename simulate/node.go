package simulate

import (
	"net/netip"
	"time"

	"github.com/hald-project/hald/config"
)

// node is one director: its processes, its kernel and its link.
type node struct {
	world     *world
	name      string
	elections []*election
	alive     bool // the processes run
	paused    bool
	wakes     time.Duration // when the pause ends
	unplugged bool          // nothing gets in or out
	inbox     []mail        // what a paused node's sockets keep
}

func newNode(w *world, v *config.Config, index int) *node {
	n := &node{world: w, name: v.Director.Name}
	for e, r := range w.cast.elections {
		n.elections = append(n.elections, newElection(n, v, e, r, index))
	}
	return n
}

// start begins a life. What the kernel still holds of the one before is handed over
// first.
func (n *node) start() {
	n.alive, n.paused, n.inbox = true, false, nil
	for _, e := range n.elections {
		e.start()
	}
}

// die ends it without a word. The kernel holds the addresses until their lease
// ends, or goes too.
func (n *node) die(kernelToo bool) {
	n.alive, n.paused = false, false
	for _, e := range n.elections {
		e.life++
		if kernelToo {
			e.hold(false)
		} else {
			e.leaseRuns()
		}
	}
}

func (n *node) stop() {
	for _, e := range n.elections {
		e.ending = true
		e.shutdown()
	}
	n.left()
}

// left notes that the last election has been left.
func (n *node) left() {
	for _, e := range n.elections {
		if !e.gone() {
			return
		}
	}
	n.alive = false
}

func (n *node) pause() {
	n.paused = true
	for _, e := range n.elections {
		e.leaseRuns()
	}
}

// resume wakes a node as the router does: it finds out how long it slept, then
// hears what is queued, and only then that its time is over.
func (n *node) resume() {
	n.paused = false
	for _, e := range n.elections {
		e.wake()
	}
	inbox := n.inbox
	n.inbox = nil
	for _, m := range inbox {
		n.elections[m.election].hear(m)
	}
	for _, e := range n.elections {
		e.timeout()
		e.renew()
	}
}

func (n *node) unplug() {
	n.unplugged = true
	for _, e := range n.elections {
		e.fail()
	}
}

func (n *node) plug() {
	n.unplugged = false
	for _, e := range n.elections {
		e.recover()
	}
}

// hear takes an advert off a member's link.
func (n *node) hear(election, member int, p packet) {
	m := mail{election, member, p}
	switch {
	case !n.alive || n.unplugged:
	case n.paused && len(n.inbox) < maxInbox:
		n.inbox = append(n.inbox, m)
	case n.paused:
	default:
		n.elections[election].hear(m)
	}
}

// mail is an advert that came in.
type mail struct {
	election, member int
	packet           packet
}

// source is where a member's adverts come from: as configured, else an address of
// its family in the order of the directors, which breaks ties.
func source(v *config.Config, i config.Instance, index int) netip.Addr {
	is4 := len(i.Addresses) == 0 || i.Addresses[0].Prefix.Addr().Is4()
	switch {
	case i.SourceAddress.IsValid():
		return i.SourceAddress
	case v.Director.Address.IsValid() && v.Director.Address.Is4() == is4:
		return v.Director.Address
	case is4:
		return netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + index)})
	}
	return netip.AddrFrom16([16]byte{0xfe, 0x80, 15: byte(1 + index)})
}
