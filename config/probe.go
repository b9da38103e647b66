package config

import (
	"net/netip"
	"time"
)

// Check is one check block with its target resolved.
type Check struct {
	Target netip.AddrPort // what is connected to, or what a command is told; 0.0.0.0 and port 0 stand for those of a server to be found
	Source netip.Addr     `json:",omitzero"` // what is connected from; invalid: the kernel chooses
	Mark   uint32         `json:",omitzero"` // of the packets; 0: none
	*Probe                // one for all servers that are checked the same way; nil: none
}

// Probe is what a check does, whoever its target is. It is not changed once it is read.
type Probe struct {
	Kind         string // "tcp", "http", "https", "tls", "grpc", "dns", "smtp", "udp", "ping", "file" or "exec"
	Interval     time.Duration
	Timeout      time.Duration // at most Interval
	FastInterval time.Duration // while the verdict is not settled
	Fall         int           // failures in a row that take a server out
	Rise         int           // successes in a row that bring it back
	HTTP         HTTPCheck     // for kinds "http" and "https"
	TLS          TLSCheck      `json:",omitzero"`  // for kinds "https" and "tls", and "grpc" with tls
	GRPC         GRPCCheck     `json:",omitzero"`  // for kind "grpc"
	Send         string        `json:",omitempty"` // for kinds "tcp" and "udp"
	Expect       string        `json:",omitempty"` // for kinds "tcp" and "udp": regular expression on the answer; empty: any or none
	DNS          DNSCheck      `json:",omitzero"`  // for kind "dns"
	SMTP         SMTPCheck     `json:",omitzero"`  // for kind "smtp"
	Size         int           `json:",omitempty"` // for kind "ping": bytes of data
	Path         string        `json:",omitempty"` // for kind "file"
	Command      []string      // for kind "exec": an absolute path and arguments
	User         string        `json:",omitempty"` // for kind "exec": whose rights it has; empty: hald's
	Weighs       bool          `json:",omitempty"` // for kind "exec": an exit status of 2–255 is healthy, and the server's weight; for "http" and "https": the answer has one
}

// HTTPCheck is what a check "http" or "https" asks and expects.
type HTTPCheck struct {
	Method  string
	Path    string // request target, with query
	Host    string // Host header; empty: the target's address
	Headers map[string]string
	Body    string
	Status  []StatusRange // empty never; default 200–399
	Expect  string        // regular expression on the first 64 KiB; empty: none
	SHA256  string        `json:",omitempty"` // of the body, in hexadecimal; empty: any
	Follow  bool          `json:",omitempty"` // redirects, on the same server
	HTTP2   bool          `json:",omitempty"` // instead of HTTP/1.1; of "https"

	WeightHeader string `json:",omitempty"` // name of the header of the answer that is the weight
	WeightBody   bool   `json:",omitempty"` // the body of the answer is
}

// TLSCheck is how a check speaks TLS.
type TLSCheck struct {
	Insecure    bool   // whoever answers is believed
	CA          string // path; empty: the system's authorities
	Certificate string // path of the client's; empty: none
	Key         string // path
	ServerName  string // empty: the target's address
	ExpiresIn   time.Duration
}

// DNSCheck is what a check "dns" asks and expects.
type DNSCheck struct {
	Name   string
	Type   string // "A", "SOA", …
	RCode  string // "NOERROR", …
	Expect string // data of a record; empty: any answer or none
	TCP    bool   // instead of UDP
}

// SMTPCheck is how a check "smtp" talks.
type SMTPCheck struct {
	Helo     string // our name
	StartTLS bool   // the server must offer it, and shake hands
}

// GRPCCheck is what a check "grpc" asks.
type GRPCCheck struct {
	Service string // empty: the server as a whole
	TLS     bool
}

// StatusRange is a closed range of HTTP status codes.
type StatusRange struct{ From, To int }
