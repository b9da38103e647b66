package simulate

import (
	"time"

	"github.com/hald-project/hald/vrrp"
)

// play makes a step of the scenario happen.
func (w *world) play(s Step) {
	entry := Entry{At: Seconds(w.now), Step: s.Text}
	w.history = append(w.history, entry)
	if note := w.act(s); note != "" {
		w.history[len(w.history)-1].Note = note
	}
}

// act answers with why there was nothing to do.
func (w *world) act(s Step) (note string) {
	n := w.node(s.director)
	switch s.verb {
	case "heal":
		w.heal()
	case "cut":
		w.cut[link{s.director, s.to}] = true
		if !s.oneWay {
			w.cut[link{s.to, s.director}] = true
		}
	case "loss":
		w.loss[link{s.director, s.to}] = s.share
		if !s.oneWay {
			w.loss[link{s.to, s.director}] = s.share
		}
	case "crash":
		n.die(true)
	case "start":
		if n.alive {
			return "it runs"
		}
		n.start()
	case "repair":
		if !n.unplugged {
			return "nothing is broken"
		}
		n.plug()
	default:
		switch {
		case !n.alive:
			return "it does not run"
		case n.paused && s.verb != "kill":
			return "it is paused"
		}
		w.order(n, s)
	}
	return ""
}

// order happens to a director that runs.
func (w *world) order(n *node, s Step) {
	switch s.verb {
	case "kill":
		n.die(false)
	case "stop":
		n.stop()
	case "fault":
		n.unplug()
	case "pause":
		n.pause()
		wakes := w.now + s.length
		n.wakes = wakes
		w.after(s.length, func() {
			if n.alive && n.paused && n.wakes == wakes {
				n.resume()
			}
		})
	case "handover":
		until := time.Time{}
		if s.length > 0 {
			until = w.clock().Add(s.length)
		}
		for _, e := range n.elections {
			e.step(vrrp.Yield{Until: until})
		}
	case "takeback":
		for _, e := range n.elections {
			e.step(vrrp.TakeBack{})
		}
	}
}

// heal ends everything that is broken.
func (w *world) heal() {
	clear(w.cut)
	clear(w.loss)
	for _, n := range w.nodes {
		if n.unplugged {
			n.plug()
		}
		if n.paused {
			n.resume()
		}
		if !n.alive {
			n.start()
		}
	}
}
