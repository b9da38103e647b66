// Package config turns HCL text into a validated value, or into messages that
// name file, line and column. It touches nothing but the files it reads.
package config

import (
	"net/netip"
	"time"
)

// Config is one cluster's configuration as one director sees it: per-director
// values are resolved, defaults filled in, every rule of the language checked.
// It is immutable once loaded.
type Config struct {
	Cluster   string
	Director  Director   // the director this value is for
	Directors []Director // all of them, in file order
	Instances []Instance // in file order
	Groups    []SyncGroup
	Services  []Service // in file order
	IPVS      IPVS
	Notifiers []Notifier `json:",omitempty"` // in file order
	Log       Log
	Admin     Admin
	Hash      string // hex SHA-256 over the files' names and contents
}

// Director is one of the cluster's load balancers.
type Director struct {
	Name    string
	Address netip.Addr // zero when left out
}

// SyncGroup is one vrrp_sync_group: instances with the same priority, interval
// and preemption.
type SyncGroup struct {
	Name    string
	Members []string // at least two; the first one's addresses break ties
}

// Instance is one vrrp_instance, resolved for one director.
type Instance struct {
	Name          string
	Interface     string
	Version       uint8         // 2 or 3
	VRID          uint8         // 1–255
	Priority      uint8         // 1–254; 255 for the address owner
	Interval      time.Duration // version 3: 10 ms … 40.95 s in steps of 10 ms; version 2: whole seconds, 1 … 255
	Addresses     []Address     // the family of the first is that of the adverts
	Routes        []Route
	Rules         []Rule
	NoPreempt     bool
	VirtualMAC    bool          // held on a link of their own, with the virtual router's MAC
	NoAccept      bool          // the master drops what is addressed to the addresses
	PreemptDelay  time.Duration // 0 with NoPreempt
	StartDelay    time.Duration
	Peers         []netip.Addr  // unicast: the other directors' addresses; empty: multicast
	Password      string        // version 2, type "simple": at most 8 bytes; empty: none
	Keys          []Key         // version 3, type "hmac-sha256": the first signs, all verify; empty: none
	Lenient       bool          // with Keys: adverts without a signature are believed too
	SourceAddress netip.Addr    // of the adverts' family; zero: the interface's primary address
	Checksum      string        // "auto", "rfc5798" or "rfc9568"
	Lease         time.Duration // valid_lft of the virtual addresses; 0: none
	OnConflict    string        // what a stranger with an address is to a backup: "claim" or "hold"
	OnSplit       string        // what a better master does that a worse one does not hear: "report" or "yield"
	Announce      Announce
	Trackers      []Tracker // in file order
}

// Tracker is one track block.
type Tracker struct {
	Kind    string   // "interface", "script", "file", "process", "virtual_server", or that of a check
	Name    string   // the second label: for interface, process and virtual_server theirs
	Weight  int      // −253…253; 0: a fault while it fails
	Check   Check    // how it is probed; zero for interface and virtual_server
	Command []string // of kind script: an absolute path and arguments
	Path    string   // of kind file: an absolute path
}

// Address is one virtual address.
type Address struct {
	Prefix    netip.Prefix
	Interface string // empty: the instance's
	Label     string // IPv4, at most 15 bytes; empty: the interface's name
	Scope     uint8  // IPv4, as rtnetlink(7) numbers scopes
	Quiet     bool   // not in the adverts
}

// Key is an authentication block of type "hmac-sha256".
type Key struct {
	ID     uint8  // 1–255
	Secret string // 32–64 bytes
}

// Route is one virtual_route.
type Route struct {
	Destination netip.Prefix
	Via         netip.Addr // zero: the network is on the link
	Interface   string     // empty: the instance's
	Table       uint32
	Metric      uint32     // for IPv6 at least 1
	Source      netip.Addr // zero: the kernel chooses
}

// Rule is one virtual_rule.
type Rule struct {
	From     netip.Prefix // masked; zero: any
	To       netip.Prefix // masked; zero: any
	IPv6     bool
	Input    string // interface; empty: any
	Output   string // interface; empty: any
	Mark     uint32 // with Mask
	Mask     uint32 // 0: whatever the mark is
	Table    uint32 // at least 1
	Priority uint32 // 1–32765, unique in the family
}

// Announce is the gratuitous_arp block.
type Announce struct {
	Count    int           // frames per address in a burst, at least 1
	Delay    time.Duration // second burst after this; 0: none
	Refresh  time.Duration // one frame per address this often; 0: none
	Interval time.Duration // pause between the frames of a burst
}

// Service is one virtual_server.
type Service struct {
	Name               string
	Addresses          []netip.AddrPort
	Mark               uint32        // firewall mark; 0: the service has addresses
	IPv6               bool          // with Mark: which of the marked packets
	Protocol           string        // "tcp", "udp" or "sctp"; empty with Mark
	Scheduler          string        // a kernel scheduler's name
	SchedulerFlags     []string      // "sh-fallback", "sh-port", "mh-fallback", "mh-port"
	OnePacket          bool          // each UDP packet is scheduled by itself
	Persistence        time.Duration // 0: off; whole seconds
	PersistenceNetmask int           // leading bits of the client's address; 0: all
	PersistenceEngine  string        // "" or "sip"
	Quorum             int           // sum of weights
	Hysteresis         int           // so far below the quorum it is lost, and above it regained
	MaxFailed          float64       // share of the servers that checks may take out, 0–1
	SlowStart          time.Duration // the weight grows so long after recovery; 0: it does not
	OnFail             string        // "remove", "drain" or "quiesce"
	Drain              time.Duration
	Initial            string // "kernel", "up" or "down"
	Servers            []Server
	Sorry              *Server // nil: none
}

// Server is one real_server, or the sorry_server.
type Server struct {
	Name           string
	Address        netip.AddrPort // port 0: the service's own port; with Find the port alone counts
	Find           *Find          // where its addresses are found; nil: it has one
	Forwarding     string         // "nat", "dr" or "tun"
	Tunnel         Tunnel         // with "tun"
	Weight         int            // 0–65535
	UpperThreshold uint32
	LowerThreshold uint32
	Disabled       bool
	Checks         []Check // empty: check "none"
}

// Find is where the addresses of a real_server are found.
type Find struct {
	Kind       string // "dns", "srv" or "file"
	Name       string // a DNS name, or an absolute path
	IPv4, IPv6 bool   // which addresses can be reached from the service
	Port       bool   // they may have ports
}

// Tunnel is how packets to a server with forwarding "tun" are wrapped.
type Tunnel struct {
	Type     string // "ipip", "gue", "gre"; empty: ipip
	Port     uint16 // of gue
	Checksum bool   // of gue and gre
}

// IPVS is the ipvs block.
type IPVS struct {
	TCPTimeout, TCPFinTimeout, UDPTimeout     time.Duration // whole seconds; 0: leave as it is
	ExpireNodestConn, ExpireQuiescentTemplate *bool         // nil: leave as it is
	Sync                                      *Sync         // nil: connections are not synchronised
	ClearOnStop                               bool
}

// Sync is the connection_sync block.
type Sync struct {
	Instance  string // whose master tells, and whose others listen
	Interface string
	ID        int           // 0–255
	Refresh   time.Duration // whole seconds; 0: as the kernel has it
}

// Notifier is one notify block: it tells of events in one way.
type Notifier struct {
	Name    string
	Events  []string      // names, or patterns with *, of path.Match
	Kind    string        // "webhook", "exec" or "smtp"
	GiveUp  time.Duration // so long after the first attempt no other begins
	Webhook NotifyWebhook `json:",omitzero"`
	Exec    NotifyExec    `json:",omitzero"`
	SMTP    NotifySMTP    `json:",omitzero"`
}

// NotifyWebhook is where events are posted.
type NotifyWebhook struct {
	URL     string            // http or https
	Headers map[string]string `json:",omitempty"`
	Secret  string            `json:",omitempty"` // signs; empty: no signature
	CA      string            `json:",omitempty"` // path; empty: the system's authorities
	Timeout time.Duration     // of one attempt
}

// NotifyExec is a command that is told.
type NotifyExec struct {
	Command []string      // an absolute path and arguments
	Timeout time.Duration // then its process group is killed
	User    string        `json:",omitempty"` // whose rights it has; empty: hald's
	Before  bool          `json:",omitempty"` // awaited before addresses move
}

// NotifySMTP is a mail server that events are mailed by.
type NotifySMTP struct {
	Server   string // host:port
	From     string // an address alone
	To       []string
	Username string `json:",omitempty"` // empty: nobody logs in
	Password string `json:",omitempty"`
	StartTLS bool
	CA       string        `json:",omitempty"` // path; empty: the system's authorities
	Timeout  time.Duration // of one attempt
	Collect  time.Duration // events that come within are in one letter
}

// Log is the log block.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // json, console, or empty: console on a terminal, json elsewhere
}

// Admin is the admin block.
type Admin struct {
	Socket      string // empty: hald.sock in the runtime directory
	SocketGroup string // empty: the process's group
	SocketMode  uint32 // permission bits, default 0660

	HTTP      netip.AddrPort `json:",omitzero"`  // of the page and the metrics; zero: neither
	HTTPNames []string       `json:",omitempty"` // by which clients may call it, besides addresses and the names it has anyway
	Peer      netip.AddrPort `json:",omitzero"`  // the other director's HTTP; zero: its view is not shown
}
