package simulate

import (
	"net/netip"
	"time"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/vrrp"
)

type packet = vrrp.Packet

// maxInbox is about what a socket buffer keeps.
const maxInbox = 1024

// member is one virtual router of an election.
type member struct {
	vrid      uint8
	source    netip.Addr
	addresses []netip.Addr
}

// election is one director's part in one election.
type election struct {
	node     *node
	index    int // among the cast's
	name     string
	config   vrrp.Config
	members  []member
	interval time.Duration
	delay    time.Duration // start_delay
	lease    time.Duration // 0: the kernel keeps the addresses

	machine *vrrp.Machine
	life    int  // voids the events of earlier lives
	open    bool // start_delay is over: it hears and speaks
	ending  bool
	held    bool          // the kernel has the addresses
	expiry  time.Duration // when the lease of who does not renew it ends; 0: it is renewed
	timer   time.Time     // the deadline an event is queued for
	split   split
}

func newElection(n *node, v *config.Config, index int, r role, director int) *election {
	first := instance(v, r.instances[0])
	e := &election{
		node: n, index: index, name: r.name, split: split{ends: first.OnSplit == "yield"}, interval: first.Interval, lease: first.Lease,
		config: vrrp.Config{
			Version: first.Version, Priority: first.Priority, Interval: first.Interval,
			NoPreempt: first.NoPreempt, PreemptDelay: first.PreemptDelay,
		},
	}
	for _, name := range r.instances {
		i := instance(v, name)
		m := member{vrid: i.VRID, source: source(v, i, director)}
		for _, a := range i.Addresses {
			if !a.Quiet && a.Prefix.Addr().Is4() == i.Addresses[0].Prefix.Addr().Is4() {
				m.addresses = append(m.addresses, a.Prefix.Addr())
			}
		}
		e.members = append(e.members, m)
		e.delay = max(e.delay, i.StartDelay)
		n.world.names[m.source] = n.name
	}
	e.machine = vrrp.NewMachine(e.config)
	return e
}

func (e *election) start() {
	e.life++
	e.open, e.ending, e.timer, e.expiry, e.split = false, false, time.Time{}, 0, split{ends: e.split.ends}
	e.machine = vrrp.NewMachine(e.config)
	e.later(e.delay, func() {
		e.open = true
		switch {
		case e.ending:
		case e.node.unplugged:
			e.fail()
		case e.machine.State() == vrrp.Fault:
			e.recover()
		case e.held:
			e.step(vrrp.Resign{})
		default:
			e.begin()
		}
	})
}

// recover takes part again; before start_delay is over that can wait.
func (e *election) recover() {
	if e.open {
		e.step(vrrp.Recovered{})
	}
}

// begin takes part as soon as nothing is left of a previous life.
func (e *election) begin() {
	if e.machine.State() == vrrp.Initialize && e.open && !e.ending && e.node.alive {
		e.step(vrrp.Startup{})
	}
}

// later does something in this life.
func (e *election) later(d time.Duration, do func()) {
	life := e.life
	e.node.world.after(d, func() {
		if e.life == life {
			do()
		}
	})
}

func (e *election) gone() bool { return e.ending && e.machine.State() == vrrp.Initialize }
func (e *election) shutdown()  { e.step(vrrp.Shutdown{}) }
func (e *election) wake()      { e.step(vrrp.Woke{}) }
func (e *election) timeout()   { e.step(vrrp.Timeout{}) }
func (e *election) fail()      { e.step(vrrp.Failed{Reason: "link_down"}) }

func (e *election) hear(m mail) {
	if e.open && e.machine.Believes(m.packet) {
		e.step(vrrp.Heard{Packet: m.packet, Member: m.member, Local: e.members[m.member].source})
	}
}

// step feeds the machine and does what it answers.
func (e *election) step(ev vrrp.Event) {
	w := e.node.world
	for _, a := range e.machine.Step(w.clock(), ev) {
		switch a := a.(type) {
		case vrrp.Claim:
			e.hold(true)
		case vrrp.Release:
			e.hold(false)
		case vrrp.Advertise:
			if !e.node.unplugged {
				w.send(e, a.Priority)
			}
		case vrrp.Contested:
			e.split.hear(w.clock(), vrrp.DownInterval(e.config.Version, e.config.Priority, max(a.Packet.Interval, e.interval)))
		case vrrp.Become:
			e.split.change(w.clock(), a.Transition)
			w.note(e, a.Transition)
		}
	}
	e.arm()
	if until, ends := e.split.end(w.clock(), e.machine.State(), e.config); ends {
		e.step(vrrp.Yield{Until: until, Reason: vrrp.ReasonSplit})
		return
	}
	if e.ending {
		e.node.left()
		return
	}
	if _, began := ev.(vrrp.Startup); !began && e.machine.State() == vrrp.Initialize {
		e.begin()
	}
}

// arm queues a timer for a new deadline. One that a pause swallows is made up for
// when the node wakes.
func (e *election) arm() {
	d := e.machine.Deadline()
	if d.IsZero() || d.Equal(e.timer) {
		return
	}
	e.timer = d
	e.later(d.Sub(e.node.world.clock()), func() {
		if e.timer.Equal(d) {
			e.timer = time.Time{}
			if e.node.alive && !e.node.paused {
				e.timeout()
			}
		}
	})
}

// hold notes what the kernel has.
func (e *election) hold(held bool) {
	if e.held != held {
		e.held, e.expiry = held, 0
		e.node.world.own(e)
	}
}

// leaseRuns lets the kernel take the addresses away from who no longer renews them.
func (e *election) leaseRuns() {
	if !e.held || e.lease == 0 || e.expiry > 0 {
		return
	}
	w := e.node.world
	end := w.now + e.lease
	e.expiry = end
	w.after(e.lease, func() {
		if e.expiry == end {
			e.expiry = 0
			e.hold(false)
		}
	})
}

// renew goes on with the lease, or with what is left after it.
func (e *election) renew() {
	e.expiry = 0
	if e.machine.Holding() {
		e.hold(true)
	}
}
