package vrrp

import (
	"net/netip"
	"time"
)

// State is where a virtual router stands (RFC 9568, 6.3).
type State uint8

// The states. Fault is RFC 9568's Initialize for a reason of ours; Leaving is
// the last stretch of a master's life, in which priority 0 has been sent and the
// addresses are still answered for.
const (
	Initialize State = iota
	Backup
	Master
	Leaving
	Fault
)

func (s State) String() string {
	return [...]string{"init", "backup", "master", "leaving", "fault"}[s]
}

// Event is something that happened to a virtual router, or to a group of them.
type Event interface{ event() }

// The events of the machine.
type (
	// Startup begins the election.
	Startup struct{}
	// Resign begins with addresses that a previous life left behind: they are
	// handed over as by a master that stops.
	Resign struct{}
	// Shutdown ends it in good order.
	Shutdown struct{}
	// Yield asks a master to hand over to a peer and to stand by until the peer
	// fails, TakeBack is heard, or Until has come (zero: never). It remains
	// master if nobody takes over. Who is not master stands by from now on: it
	// follows a master of whatever priority. Reason is that of the transition; empty: it is
	// ReasonHandover.
	Yield struct {
		Until  time.Time
		Reason string
	}
	// TakeBack ends what Yield began: the priority counts again.
	TakeBack struct{}
	// Timeout says that the time is Deadline or later. It is ignored when the
	// deadline has moved meanwhile.
	Timeout struct{}
	// Woke says that time has passed, and nothing else: a machine that slept too
	// long finds out before it is told more.
	Woke struct{}
	// Heard is an advertisement that passed every check of RFC 9568, 7.1. Member
	// counts the links of the router from 0 and says which one it came over;
	// Local is where our own advertisements on that link come from, which breaks
	// ties (RFC 9568, 6.4.3).
	Heard struct {
		Packet Packet
		Member int
		Local  netip.Addr
	}
	// SetPriority changes the priority; 1–254.
	SetPriority struct{ Priority uint8 }
	// SetPreempt changes whether and when a live master of lower priority is
	// preempted; see Config.
	SetPreempt struct {
		NoPreempt bool
		Delay     time.Duration
	}
	// Failed says that this node cannot do a master's work, and why.
	Failed struct{ Reason string }
	// Unfit says that it shall not do it, though it could: there is time to hand
	// over.
	Unfit struct{ Reason string }
	// Recovered says that it can again.
	Recovered struct{}
)

func (Startup) event()     {}
func (Resign) event()      {}
func (Shutdown) event()    {}
func (Yield) event()       {}
func (TakeBack) event()    {}
func (Timeout) event()     {}
func (Woke) event()        {}
func (Heard) event()       {}
func (SetPriority) event() {}
func (SetPreempt) event()  {}
func (Failed) event()      {}
func (Unfit) event()       {}
func (Recovered) event()   {}

// Action is something the machine wants done, on every link of the router. The
// order of a step's actions is part of its meaning.
type Action interface{ action() }

// The actions of the machine.
type (
	// Claim makes the virtual addresses ours.
	Claim struct{}
	// Advertise sends one advertisement of that priority.
	Advertise struct{ Priority uint8 }
	// Announce begins the announcements of the addresses by gratuitous ARP
	// (RFC 9568, 6.4.2).
	Announce struct{}
	// Reannounce repeats them because another router claimed the addresses.
	Reannounce struct{}
	// Silence cancels every announcement that is still to come.
	Silence struct{}
	// Release gives the addresses up. It is wanted on every entry into a state
	// that does not hold them, whatever the state before, so that leftovers
	// never survive.
	Release struct{}
	// Contested says that another master was heard to which we do not yield.
	Contested struct{ Heard }
	// Become says that the state has changed.
	Become struct{ Transition }
	// Rival says that another router has our source address and priority.
	Rival struct{ Heard }
)

// Transition is one change of state and its reason.
type Transition struct {
	From, To     State
	Reason       string     // one of the reasons below, or that of Failed or Unfit
	Peer         netip.Addr // who caused it; zero when nobody did
	PeerPriority uint8
	Silence      time.Duration // on taking over: since the last accepted advertisement
}

// The reasons of transitions.
const (
	ReasonStartup        = "startup"
	ReasonOwner          = "address_owner" // that starts, or can be master again
	ReasonShutdown       = "shutdown"
	ReasonHandover       = "handover"         // asked for by an operator
	ReasonSplit          = "split"            // the other master does not hear us
	ReasonRefused        = "handover_refused" // nobody took over
	ReasonLeftovers      = "leftovers"        // of a previous life
	ReasonMasterSilent   = "master_silent"    // nothing heard for the down interval
	ReasonMasterResigned = "master_resigned"  // priority 0 heard
	ReasonHigherPriority = "higher_priority"  // heard while master
	ReasonHigherAddress  = "higher_address"   // same, equal priority
	ReasonStalled        = "stalled"          // our own loop was late by more than the down interval
	ReasonPreempt        = "preempt"          // the master has a lower priority than we
	ReasonRecovered      = "fault_cleared"
	ReasonClaim          = "claim"        // the addresses could not be claimed
	ReasonSend           = "send"         // nothing can be sent
	ReasonSocket         = "socket"       // the socket cannot be opened or read
	ReasonLinkChanged    = "link_changed" // another interface has the name now
	ReasonSyncGroup      = "sync_group"   // another member of the group has a fault
)

func (Claim) action()      {}
func (Advertise) action()  {}
func (Announce) action()   {}
func (Reannounce) action() {}
func (Silence) action()    {}
func (Release) action()    {}
func (Become) action()     {}
func (Rival) action()      {}
func (Contested) action()  {}
