package election

import (
	"net/netip"
	"slices"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

// Command is one message from the director: exactly one field is set. Messages
// on the link are JSON values, one after the other, in both directions.
type Command struct {
	Configure   *Config           `json:"configure,omitempty"`
	Track       *Track            `json:"track,omitempty"`
	Handover    *Handover         `json:"handover,omitempty"`
	TakeBack    *TakeBack         `json:"take_back,omitempty"`
	Maintenance *MaintenanceOrder `json:"maintenance,omitempty"`
	Proceed     *Proceed          `json:"proceed,omitempty"`
}

// Proceed answers a Move: whoever had to be told was told.
type Proceed struct {
	Instance string `json:"instance"` // the first of the Move's
	Serial   uint64 `json:"serial"`
}

// Move says that the addresses of instances that are master together are about to move,
// and that the election waits for Proceed, as long as their Before says; or that they do
// not move after all.
type Move struct {
	Instances    []string `json:"instances"`
	Serial       uint64   `json:"serial"`
	From         string   `json:"from"`
	To           string   `json:"to"`
	Reason       string   `json:"reason"`
	Peer         string   `json:"peer,omitempty"`
	PeerPriority int      `json:"peer_priority,omitempty"`
	Abandoned    bool     `json:"abandoned,omitempty"`
}

// Handover asks masters, with their whole sync groups, to hand over to a peer and
// to stay backup until the peer fails, they are taken back, or Until has come.
type Handover struct {
	Instances []string  `json:"instances"` // none named: all
	Until     time.Time `json:"until"`     // zero: no end
}

// TakeBack ends what Handover began.
type TakeBack struct {
	Instances []string `json:"instances"` // none named: all
}

// MaintenanceOrder takes the whole director out of the election, or lets it in
// again.
type MaintenanceOrder struct {
	On    bool      `json:"on"`
	Until time.Time `json:"until,omitzero"` // zero: no end
	By    string    `json:"by,omitempty"`   // who ordered it
}

// Config is everything the election needs to know.
type Config struct {
	Instances []Instance `json:"instances"`
	Groups    []Group    `json:"groups"`
	Serial    uint64     `json:"serial"`  // counts the configurations of the director's life; see Configured
	Planned   Planned    `json:"planned"` // in force in a previous life; read in the first Config only
}

// Group is a sync group: its members hold one election, all master or none. They
// have the same priority, interval and preemption; the first one breaks ties by
// its addresses.
type Group struct {
	Name    string   `json:"name"`
	Members []string `json:"members"` // names of instances, each in one group at most
}

// GroupOf is the name of the sync group that an instance is in; empty for none.
func (c Config) GroupOf(instance string) string {
	for _, g := range c.Groups {
		if slices.Contains(g.Members, instance) {
			return g.Name
		}
	}
	return ""
}

// Planned is the planned work in force. The election reports it and forgets it
// when it dies; whoever starts the next one hands it back in Config.
type Planned struct {
	Maintenance *Maintenance       `json:"maintenance,omitempty"` // nil: none
	Standby     map[string]Standby `json:"standby,omitempty"`     // by instance
}

// Maintenance is the whole director's being out of the election: it sends
// nothing and becomes master of nothing, whatever happens to its peers.
type Maintenance struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until,omitzero"` // zero: no end
	By    string    `json:"by,omitempty"`   // who ordered it
}

// Standby is an instance's being backup after a hand-over: it follows a master of
// whatever priority, and takes over when that fails.
type Standby struct {
	Until time.Time `json:"until,omitzero"` // zero: no end
}

// Instance is one virtual router with the addresses it stands for.
type Instance struct {
	Name      string        `json:"name"`
	Interface string        `json:"interface"`
	VRID      uint8         `json:"vrid"`
	Priority  uint8         `json:"priority"`
	Interval  time.Duration `json:"interval"`
	Addresses []Address     `json:"addresses"` // the family of the first is that of the advertisements
	Routes    []Route       `json:"routes"`
	Rules     []Rule        `json:"rules"` // of priorities of their own
	NoPreempt bool          `json:"no_preempt"`
	NoAccept  bool          `json:"no_accept"` // drop what is addressed to the addresses

	VirtualMAC   bool          `json:"virtual_mac"`   // the addresses are on a link of their own, with the virtual router's MAC
	Version      uint8         `json:"version"`       // 2 or 3
	Password     string        `json:"password"`      // version 2, simple text; empty: none
	Keys         []Key         `json:"keys"`          // version 3: the first signs, all verify; empty: none
	Lenient      bool          `json:"lenient"`       // with keys: adverts without a signature are believed too
	Peers        []netip.Addr  `json:"peers"`         // unicast: the other directors; empty: multicast
	Routers      []netip.Addr  `json:"routers"`       // the other directors' own addresses, as far as they are known
	Hold         bool          `json:"hold"`          // addresses that a stranger has are not claimed
	Concede      bool          `json:"concede"`       // a split that lasts is ended by giving way
	PreemptDelay time.Duration `json:"preempt_delay"` // how long a live lower master is followed
	StartDelay   time.Duration `json:"start_delay"`   // silence after the link came up
	Source       netip.Addr    `json:"source"`        // zero: the interface's primary address
	Checksum     string        `json:"checksum"`      // auto, rfc5798, rfc9568
	Lease        time.Duration `json:"lease"`         // 0: addresses without a lifetime
	Announce     Announce      `json:"announce"`
	Before       time.Duration `json:"before"` // how long to wait for Proceed before addresses move; 0: not at all
	Trackers     []Tracker     `json:"trackers"`
}

// Tracker is something that the instance's effective priority depends on.
type Tracker struct {
	Kind   string `json:"kind"`   // interface, script, file, process, virtual_server, or that of a check
	Name   string `json:"name"`   // of kind interface: the link's
	Weight int    `json:"weight"` // added while it fails (negative) or while it succeeds (positive); 0: it is a fault while it fails
}

// Track brings the newest verdicts of all trackers but those of kind interface,
// which the election judges by itself.
type Track struct {
	Verdicts []Verdict `json:"verdicts"`
}

// Verdict is what a tracker says.
type Verdict struct {
	Instance string    `json:"instance"`
	Kind     string    `json:"kind"`
	Name     string    `json:"name"`
	State    string    `json:"state"` // unknown, up, down
	Value    int       `json:"value"` // of kind file: what is added to the priority
	Error    string    `json:"error"` // of the last probe, empty when it passed
	Since    time.Time `json:"since"` // of State
}

// Key signs and verifies adverts.
type Key struct {
	ID     uint8  `json:"id"`
	Secret []byte `json:"secret"` // 32–64 bytes
}

// Announce says how often a claimed address is announced, by gratuitous ARP or neighbour advertisement.
type Announce struct {
	Count    int           `json:"count"`    // frames per address in a burst
	Delay    time.Duration `json:"delay"`    // second burst after this; 0: none
	Refresh  time.Duration `json:"refresh"`  // then one per address this often; 0: never
	Interval time.Duration `json:"interval"` // pause between the frames of a burst
}

// Report is one message to the director: an event, or what is the case, which is
// sent on every change and once a second.
type Report struct {
	Event   *event.Event `json:"event,omitempty"`
	Move    *Move        `json:"move,omitempty"`    // in order with the events
	Status  []Status     `json:"status,omitempty"`  // all instances
	Planned *Planned     `json:"planned,omitempty"` // with Status

	Configured *Configured `json:"configured,omitempty"`
}

// Configured answers a Config.
type Configured struct {
	Serial uint64 `json:"serial"`
	Error  string `json:"error,omitempty"` // why it was refused; the one before is in force
}

// Status is one instance as `hald status` shows it.
type Status struct {
	Name              string    `json:"name"`
	SyncGroup         string    `json:"sync_group,omitempty"`
	State             string    `json:"state"` // init, backup, master, fault
	Priority          int       `json:"priority"`
	EffectivePriority int       `json:"effective_priority"`
	VRID              int       `json:"vrid"`
	Interface         string    `json:"interface"`
	VirtualAddresses  []string  `json:"virtual_addresses"`
	Holdings          []Holding `json:"holdings"`
	VirtualMAC        string    `json:"virtual_mac,omitempty"`       // with which they are held
	VirtualInterface  string    `json:"virtual_interface,omitempty"` // that has the virtual MAC
	Master            string    `json:"master"`                      // address of the master, ours included; empty when unknown
	Since             time.Time `json:"since"`
	Reason            string    `json:"reason"`
	Transitions       uint64    `json:"transitions"`
	AdvertsSent       uint64    `json:"adverts_sent"`
	AdvertsReceived   uint64    `json:"adverts_received"`
	Discarded         uint64    `json:"adverts_discarded"`
	Faults            []string  `json:"faults"`

	Discards map[string]uint64 `json:"adverts_discarded_by_reason,omitempty"` // and same_source, of those received

	WakeupDelay  Histogram `json:"wakeup_delay"`             // how late the election woke up for what was due
	AdvertGap    Histogram `json:"advert_gap"`               // between believed adverts, as a backup
	Standby      *Standby  `json:"standby,omitempty"`        // after a hand-over; nil: no
	WhyNotMaster string    `json:"why_not_master,omitempty"` // one phrase for people, from the director, who knows the peers' names

	MasterPriority int       `json:"master_priority,omitempty"` // as last advertised; 0: no master is known
	PreemptAt      time.Time `json:"preempt_at,omitzero"`       // a live master of lower priority is followed until then
	RetryAt        time.Time `json:"retry_at,omitzero"`         // the link is not used until then: start_delay, or it was broken

	PathDown *PathStatus  `json:"path_down,omitempty"` // of a sync group's member; nil: its link is of use
	Split    *SplitStatus `json:"split,omitempty"`     // from the director; nil: no other master is known

	Trackers []TrackerStatus `json:"trackers"`
}

// SplitStatus is another master beside this one.
type SplitStatus struct {
	Peer  string    `json:"peer"` // its address
	Since time.Time `json:"since"`
	Via   []string  `json:"via"` // what it was seen by: adverts, peer
}

// HistogramBounds are the upper ends of the buckets of a Histogram, inclusive.
func HistogramBounds() []time.Duration { return vrrp.HistogramBounds[:] }

// Histogram is how many durations were how long. The upper ends of the buckets
// are those of vrrp.HistogramBounds, and none for the last.
type Histogram struct {
	Buckets []uint64 `json:"buckets"` // how many in each, not summed up
	Count   uint64   `json:"count"`
	SumMS   float64  `json:"sum_ms"`
	MaxMS   float64  `json:"max_ms"`
}

// TrackerStatus is one tracker of an instance.
type TrackerStatus struct {
	Name   string    `json:"name"`
	Kind   string    `json:"kind"`
	State  string    `json:"state"` // unknown, up, down
	Weight int       `json:"weight"`
	Value  int       `json:"value,omitempty"` // of kind file
	Error  string    `json:"error"`           // of the last probe
	Since  time.Time `json:"since"`           // of State
}
