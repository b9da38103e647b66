package vrrp

import (
	"net/netip"
	"slices"
	"time"
)

// begin begins one fault.
func (s *simulation) begin(t *trouble) {
	s.disturb(t)
	defer func() { s.calm.on = s.calm.on && s.joined() }()
	n := s.nodes[t.node]
	switch t.what {
	case "loss":
		s.lossy, s.clean, s.missed = true, false, true
		for _, link := range s.plan.on(t) {
			for way := range s.loss[link] {
				s.loss[link][way] = t.share
			}
		}
	case "one-way loss":
		s.lossy, s.clean, s.missed = true, false, true
		for _, link := range s.plan.on(t) {
			for to := range s.nodes {
				s.loss[link][8*n.index+to] = t.share
			}
		}
	case "partition":
		s.missed = true
		s.part(t.side, s.plan.on(t)...)
	case "deaf":
		s.missed = true
		for _, link := range s.plan.on(t) {
			s.deafen(n, link)
		}
	case "mute":
		s.missed = true
		for _, link := range s.plan.on(t) {
			s.cut[link] |= 0xff << (8 * n.index)
		}
	case "clog":
		s.clean, s.missed = false, true
		for _, link := range s.plan.on(t) {
			s.clog[link] |= 1 << (8*n.index + int(t.number)%len(s.nodes))
		}
	case "link down":
		s.missed = true
		for _, link := range s.plan.on(t) {
			s.unplug(n, link)
		}
	case "link up":
		for _, link := range s.plan.on(t) {
			s.plug(n, link)
		}
	case "double":
		s.double = t.share
	case "pause":
		n.pause()
	case "resume":
		if n.paused {
			n.resume()
		}
	case "kill":
		if n.alive {
			n.kill()
		}
	case "start":
		if !n.alive {
			n.start()
		}
	case "forge":
		s.forge(t)
	case "spoil":
		s.spoil(n, t)
	default:
		if n.alive && !n.paused {
			s.order(n, t)
		}
	}
}

// order is a fault that a running node is told of.
func (s *simulation) order(n *simNode, t *trouble) {
	switch t.what {
	case "stop":
		n.ending = true
		n.step(Shutdown{})
	case "fail":
		n.step(Failed{"link_down"})
	case "unfit":
		n.step(Unfit{"track_script:x"})
	case "recover":
		n.recover()
	case "refuse":
		n.refuses = true
	case "rob": // another tool removes the address; the link's news of it take a while
		if n.Holding() && n.held {
			n.held, n.robbed = false, true
			s.after(10*time.Millisecond, event{kind: repairs, node: n.index, life: n.life})
		}
	case "reload":
		n.reload()
	case "priority":
		n.step(SetPriority{t.number})
	case "yield":
		n.step(Yield{})
	case "take back":
		n.step(TakeBack{})
	}
}

// part cuts links in two.
func (s *simulation) part(side uint64, links ...int) {
	for _, link := range links {
		for i := range s.nodes {
			for j := range s.nodes {
				if side>>i&1 != side>>j&1 {
					s.cut[link] |= 1 << (8*i + j)
				}
			}
		}
	}
}

// deafen has a node hear nothing on a link.
func (s *simulation) deafen(n *simNode, link int) {
	for from := range s.nodes {
		s.cut[link] |= 1 << (8*from + n.index)
	}
}

// forge sends what every router must take for a master's word: without
// authentication nobody can tell.
func (s *simulation) forge(t *trouble) {
	s.clean, s.missed = false, true // for it uses up the answers that an overlap is owed
	interval := s.nodes[0].cfg.Interval
	if s.plan.version == 3 {
		interval = min(MaxInterval, interval*time.Duration(1+t.side%100))
	}
	link := int(t.side>>24) % s.plan.links
	p := &Packet{Source: netip.AddrFrom4([4]byte{192, 0, byte(2 + link), t.number}), Advertisement: Advertisement{51, uint8(t.side >> 8), interval, []netip.Addr{vip}}}
	if t.side>>16&3 == 0 {
		p.Priority = 0
	}
	for range 1 + t.side>>20%8 {
		for i, n := range s.nodes {
			if n.source[link] != p.Source {
				s.after(s.transit(), event{kind: arrives, node: i, from: 7, link: link, packet: p})
			}
		}
	}
}

// heal ends every fault and starts what was stopped.
func (s *simulation) heal() {
	s.lossy, s.loss, s.double, s.cut, s.clog = false, [maxLinks][64]float64{}, 0, [maxLinks]uint64{}, [maxLinks]uint64{}
	if slices.ContainsFunc(s.nodes, (*simNode).lacksLink) { // these are back now
		s.disturb(&trouble{what: "link up"})
	}
	s.calm.on = s.calm.on && len(s.held) == 0 // what was held back may be a resignation of long ago
	for _, e := range s.held {
		e.at = s.now
		s.seq++
		e.seq = s.seq
		s.queue.push(e)
	}
	s.held = nil
	for _, n := range s.nodes {
		n.refuses, n.down, n.unlinked = false, [maxLinks]bool{}, false
		if n.paused {
			n.resume()
		}
		if !n.alive || n.ending {
			n.start()
		}
		n.step(TakeBack{})
		n.recover()
		n.step(SetPriority{n.cfg.Priority})
	}
}
