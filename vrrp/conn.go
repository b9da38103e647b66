package vrrp

import (
	"errors"
	"net/netip"
	"time"
)

// ErrEmpty is what Conn.Next answers when nothing is queued.
var ErrEmpty = errors.New("no packet queued")

// Conn is one member's view of its link. Wait may run in a goroutine of
// its own; everything else belongs to the router's.
type Conn interface {
	// Send sends one advertisement from our source address.
	Send(Advertisement) error
	// Wait blocks until something is queued. It fails when the Conn is closed.
	Wait() error
	// Begin begins a drain. Of packets of a priority below minor and above 0 the Conn
	// may keep a few only until the next one; surplus is how many it left out since the
	// last. A master is moved by none of them, and a flood must not cost it more
	// than the reading.
	Begin(minor uint8) (surplus int)
	// Next takes the oldest queued packet without waiting. A packet that fails a
	// check is a Discard (with its Source, where known); ErrEmpty ends a drain.
	Next() (Packet, error)
	// Authenticate changes how is signed and who is believed, from now on.
	Authenticate(Authentication)
	// Close ends Wait.
	Close() error
}

// Link is what a router must know of its interface. The router compares values:
// a change of Index, Via or Source reopens the Conn.
type Link struct {
	Index  int
	Via    int        // index of the link with the virtual MAC, by which multicast adverts leave; 0: by Index
	Source netip.Addr // where our advertisements come from
	Fault  string     // why the link cannot be used; empty when it can
	Unfit  bool       // with a Fault: packets could be forwarded still, so a master hands over in good order
}

// Addresses is what winning and losing mean to this host. All methods are called
// from the router's goroutine and must not block for long; Claim, Repair and
// Release compare with the kernel, not with memory, and are idempotent.
type Addresses interface {
	// Claim makes every address ours.
	Claim() error
	// Repair claims again what somebody took away while we hold the addresses.
	Repair(now time.Time) error
	// Release gives up every address.
	Release() error
	// Announce begins the announcements; Reannounce repeats them after an
	// overlap; Silence cancels what is still to come.
	Announce(now time.Time)
	Reannounce(now time.Time)
	Silence()
	// Deadline is when Tick is due: announcements and renewals of the kernel's
	// lease. Zero: nothing to do.
	Deadline() time.Time
	Tick(now time.Time) error
}

// Observer hears what happens in a router, on the router's goroutine. It must
// not block.
type Observer interface {
	// Changed follows every transition.
	Changed(Transition)
	// Discarded reports a packet that was ignored.
	Discarded(reason Discard, source netip.Addr)
	// Mismatched reports an advertisement that contradicts our configuration: its
	// "interval", its "addresses", the form of its "checksum" where ours is fixed,
	// "authentication" where only one of the two signs, whose "clock" is another, or
	// that says it is the "owner" of the addresses as we do (RFC 9568, 8.3.2). One of
	// another "version", and in version 2 of another interval, is discarded besides.
	Mismatched(what string, p Packet)
	// Split reports that two masters are heard: with each advertisement of the second
	// one, how long it has lasted (0: it begins), and once, when it is over, how long
	// it did. peer and priority are the other master's.
	Split(over bool, lasted time.Duration, peer netip.Addr, priority uint8)
	// Conceded reports that we give way to a worse master that does not hear us.
	Conceded(Concession)
	// Late reports that a deadline was met late by so much.
	Late(by time.Duration)
	// Scarce reports that delays use up the margin that a backup has for them,
	// and, with the longest, that this is over.
	Scarce(Scarcity)
	// PathChanged reports that one of several links is useless, or is of use again.
	PathChanged(PathChange)
	// Troubled reports an action that failed: "send", "socket", "claim",
	// "release", "upkeep".
	Troubled(action string, err error)
}

// Stats are a member's counters and its present position.
type Stats struct {
	State       State
	Since       time.Time // when the state was entered; zero in a new Initialize
	Reason      string    // of the last transition; in Fault, of the member's own part in it
	Priority    uint8
	Master      netip.Addr
	Sent        uint64
	Received    uint64 // accepted
	Discarded   uint64
	Discards    map[Discard]uint64 // the same by reason; and Duplicate, of packets that were accepted
	Transitions uint64

	WakeupDelay Histogram // how late the router woke up for what was due
	AdvertGap   Histogram // between believed advertisements, as a backup
	StandBy     bool      // after a Yield
	Until       time.Time // its end; zero: none

	MasterPriority uint8     // of Master, in its last advertisement
	PreemptAt      time.Time // until when a live master of lower priority is followed; zero: there is none
	RetryAt        time.Time // until when a link is not used: start_delay, or it was broken; zero: it is

	PathDown      string    // why the link is of no use to the election while another is; empty: it is
	PathDownSince time.Time // with PathDown
}
