package balancer

import (
	"net/netip"
	"time"

	"github.com/hald-project/hald/discovery"
	"github.com/hald-project/hald/event"
)

// Command is one message from the director. Messages on the link are JSON
// values, one after the other, in both directions.
type Command struct {
	Services  []Service  `json:"services,omitempty"` // the first ones of the Configure that follows: a message is in memory as a whole
	Configure *Config    `json:"configure,omitempty"`
	Overrides *Overrides `json:"overrides,omitempty"`
	Place     *Place     `json:"place,omitempty"`
	Show      bool       `json:"show,omitempty"` // send the Status
}

// Place is where the election has put this director.
type Place struct {
	Master bool `json:"master"` // of the instance that Sync names
}

// Overrides are all that operators ordered.
type Overrides struct {
	InForce []Override `json:"in_force"`
}

// Config is everything the balancer needs to know.
type Config struct {
	Services      []Service         `json:"services"`
	Order         []string          `json:"order,omitempty"` // names of all services; Services are only those that the configuration After has not, or otherwise. None: they are all
	After         uint64            `json:"after,omitempty"` // the Serial of the one in force, without which an order makes no sense
	TCPTimeout    time.Duration     `json:"tcp_timeout"`     // whole seconds; 0: leave as it is
	TCPFinTimeout time.Duration     `json:"tcp_fin_timeout"`
	UDPTimeout    time.Duration     `json:"udp_timeout"`
	Sysctls       map[string]string `json:"sysctls,omitempty"` // below net.ipv4.vs
	Sync          *Sync             `json:"sync,omitempty"`    // nil: connections are not synchronised
	ClearOnStop   bool              `json:"clear_on_stop"`     // delete our services when stopping
	Record        string            `json:"record"`            // path of the ownership record
	Found         string            `json:"found,omitempty"`   // path of the file with the servers last found; empty: none is kept
	Trackers      []Tracker         `json:"trackers"`
	Overrides     []Override        `json:"overrides"`
	Serial        uint64            `json:"serial"` // counts the configurations of the director's life; see Configured
}

// Sync is how connections are synchronised: as a sender where the instance is
// master, as a receiver elsewhere.
type Sync struct {
	Instance  string `json:"instance"`
	Interface string `json:"interface"`
	ID        int    `json:"id"`
}

// Tracker is one track block of a vrrp_instance whose verdict is found here.
type Tracker struct {
	Instance string `json:"instance"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`            // of kind virtual_server: the service's
	Check    *Check `json:"check,omitempty"` // nil for kind virtual_server
}

// Service is one virtual_server: several addresses share servers, checks and
// quorum.
type Service struct {
	Name               string           `json:"name"`
	Addresses          []netip.AddrPort `json:"addresses"`
	Mark               uint32           `json:"mark,omitempty"` // firewall mark; 0: it has addresses
	IPv6               bool             `json:"ipv6,omitempty"` // with Mark
	Protocol           string           `json:"protocol"`       // tcp, udp, sctp; empty with Mark
	Scheduler          string           `json:"scheduler"`
	SchedulerFlags     []string         `json:"scheduler_flags,omitempty"` // sh-fallback, sh-port, mh-fallback, mh-port
	OnePacket          bool             `json:"one_packet,omitempty"`
	Persistence        time.Duration    `json:"persistence"`
	PersistenceNetmask int              `json:"persistence_netmask,omitempty"` // leading bits; 0: all
	PersistenceEngine  string           `json:"persistence_engine,omitempty"`  // sip, or none
	Quorum             int              `json:"quorum"`                        // sum of weights
	Hysteresis         int              `json:"hysteresis"`                    // so far below the quorum it is lost, and above regained
	MaxFailed          float64          `json:"max_failed"`                    // share of the servers that checks may take out, 0–1
	OnFail             string           `json:"on_fail"`                       // remove, drain, quiesce
	SlowStart          time.Duration    `json:"slow_start"`                    // the weight grows so long after recovery; 0: it does not
	Drain              time.Duration    `json:"drain"`
	Initial            string           `json:"initial"` // kernel, up, down
	Servers            Servers          `json:"servers"`
	Sorry              *Server          `json:"sorry,omitempty"`
}

// Source is where the addresses of servers are found.
type Source = discovery.Source

// Server is one real server, or with Find as many as are found.
type Server struct {
	Name       string         `json:"name"`
	Address    netip.AddrPort `json:"address"` // port 0: the service's; with Find its port counts alone
	Find       *Source        `json:"find,omitempty"`
	Forwarding string         `json:"forwarding"` // nat, dr, tun
	Tunnel     Tunnel         `json:"tunnel"`
	Weight     int            `json:"weight"`
	Upper      uint32         `json:"upper"`
	Lower      uint32         `json:"lower"`
	Disabled   bool           `json:"disabled"`
	Checks     []Check        `json:"checks,omitempty"` // empty: always healthy; servers that are alike share them
}

// Tunnel is how packets to a server with forwarding tun are wrapped.
type Tunnel struct {
	Type     string `json:"type,omitempty"` // gue, gre; ipip or empty: plain IP in IP
	Port     uint16 `json:"port,omitempty"` // of gue
	Checksum bool   `json:"checksum,omitempty"`
}

// Check is one probe and its rise and fall. Equal values are probed once,
// however many services name them.
type Check struct {
	Kind         string            `json:"kind"`            // tcp, http, https, tls, grpc, dns, smtp, udp, ping, exec; script, process, file
	Target       netip.AddrPort    `json:"target"`          // of a server's: 0.0.0.0 and port 0 stand for what that has
	Source       netip.Addr        `json:"source,omitzero"` // invalid: the kernel chooses
	Mark         uint32            `json:"mark,omitempty"`  // of the packets; 0: none
	Interval     time.Duration     `json:"interval"`
	Timeout      time.Duration     `json:"timeout"`
	FastInterval time.Duration     `json:"fast_interval"`
	Fall         int               `json:"fall"`
	Rise         int               `json:"rise"`
	Method       string            `json:"method,omitempty"`
	Path         string            `json:"path,omitempty"`
	Host         string            `json:"host,omitempty"`
	Headers      map[string]string `json:"headers,omitempty"`
	Body         string            `json:"body,omitempty"`
	Status       [][2]int          `json:"status,omitempty"` // closed ranges
	Expect       string            `json:"expect,omitempty"`
	SHA256       string            `json:"sha256,omitempty"` // in hexadecimal
	Follow       bool              `json:"follow,omitempty"` // redirects
	HTTP2        bool              `json:"http2,omitempty"`
	WeightHeader string            `json:"weight_header,omitempty"` // of http and https, with Weighs
	WeightBody   bool              `json:"weight_body,omitempty"`
	TLS          *TLS              `json:"tls,omitempty"`     // nil: not spoken
	Service      string            `json:"service,omitempty"` // of grpc
	Send         string            `json:"send,omitempty"`    // of tcp and udp
	DNS          *DNS              `json:"dns,omitempty"`     // of dns
	Helo         string            `json:"helo,omitempty"`    // of smtp
	StartTLS     bool              `json:"starttls,omitempty"`
	Size         int               `json:"size,omitempty"`    // of ping, in bytes
	User         string            `json:"user,omitempty"`    // of exec; empty: our own
	Weighs       bool              `json:"weighs,omitempty"`  // its answer, or the exit status of exec, may be a weight
	Zero         bool              `json:"zero,omitempty"`    // of file: only 0 is healthy
	Command      []string          `json:"command,omitempty"` // of exec and script
	Process      string            `json:"process,omitempty"` // name of a process
	File         string            `json:"file,omitempty"`    // path of a file with a number in it
}

// DNS is what a check asks a name server; Expect is the data of a record.
type DNS struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	RCode string `json:"rcode"`
	TCP   bool   `json:"tcp,omitempty"`
}

// TLS is how a check speaks it.
type TLS struct {
	Insecure    bool          `json:"insecure,omitempty"` // whoever answers is believed
	CA          string        `json:"ca,omitempty"`       // paths; empty: the system's authorities
	Certificate string        `json:"certificate,omitempty"`
	Key         string        `json:"key,omitempty"`
	ServerName  string        `json:"server_name,omitempty"` // empty: the target's address
	ExpiresIn   time.Duration `json:"expires_in,omitempty"`
}

// Report is one message to the director: exactly one field is set.
type Report struct {
	Event  *event.Event `json:"event,omitempty"`
	Status []Status     `json:"status,omitzero"`  // all services; sent when it is asked for
	Kernel Operations   `json:"kernel,omitzero"`  // with Status
	Tracks []Verdict    `json:"tracks,omitempty"` // all trackers; sent on every change

	Configured *Configured `json:"configured,omitempty"`
}

// Configured answers a Config.
type Configured struct {
	Serial uint64 `json:"serial"`
	Error  string `json:"error,omitempty"` // why it was refused; the one before is in force
}

// Verdict is what a tracker says.
type Verdict struct {
	Instance string    `json:"instance"`
	Kind     string    `json:"kind"`
	Name     string    `json:"name"`
	State    string    `json:"state"` // unknown, up, down
	Value    int       `json:"value"` // of kind file: the number last read
	Error    string    `json:"error"` // of the last probe, empty when it passed
	Since    time.Time `json:"since"` // of State
}

// Status is one virtual server as `hald status` shows it.
type Status struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
	Quorum    int      `json:"quorum"`
	HasQuorum bool     `json:"has_quorum"`
	Guarded   int      `json:"guarded,omitempty"` // failed servers that the outlier guard keeps in
	Sorry     bool     `json:"sorry"`
	Error     string   `json:"error,omitempty"` // last kernel error, empty when the table is right
	Usage
	Discovery   []Finding      `json:"discovery,omitempty"`
	RealServers []ServerStatus `json:"real_servers"`
}

// Finding is one real_server of a Status whose addresses are found.
type Finding struct {
	Server    string    `json:"server"`
	Source    string    `json:"source"`               // "dns web.example.net"
	Servers   int       `json:"servers"`              // of the last good answer
	Addresses []string  `json:"addresses"`            // theirs, with their own ports
	LastGood  time.Time `json:"last_good,omitzero"`   // zero: in an earlier life, or never
	Error     string    `json:"error"`                // of the last answer, empty when it was good
	KeepError string    `json:"keep_error,omitempty"` // why what was found would not survive a restart
}

// ServerStatus is one real server of a Status.
type ServerStatus struct {
	Name            string    `json:"name"`
	Address         string    `json:"address"`
	State           string    `json:"state"`          // unknown, up, down, draining, disabled
	Since           time.Time `json:"since,omitzero"` // of unknown, up and down
	Weight          int       `json:"weight"`
	EffectiveWeight int       `json:"effective_weight"`
	Override        *Override `json:"override,omitempty"` // of an operator, in force
	Usage
	Checks []CheckStatus `json:"checks"`
}

// CheckStatus is the last result of one check.
type CheckStatus struct {
	Kind      string  `json:"kind"`
	OK        bool    `json:"ok"`
	Error     string  `json:"error"`
	LatencyMS float64 `json:"latency_ms"`
	Weight    *int    `json:"weight,omitempty"`   // that it gives the server; nil: none
	Failures  uint64  `json:"failures,omitempty"` // probes that failed, since the check began

	WeightError string `json:"weight_error,omitempty"` // why it gives none, where one was looked for
}

// Operations are what the kernel's table was told since the process began.
type Operations struct {
	Adds     uint64 `json:"adds"`
	Updates  uint64 `json:"updates"`
	Deletes  uint64 `json:"deletes"`
	Failures uint64 `json:"failures"` // new ones, not their retries
	Repairs  uint64 `json:"repairs"`  // of these, because somebody else had changed what is ours
	Drifts   uint64 `json:"drifts"`   // how often somebody had
}
