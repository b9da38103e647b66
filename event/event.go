// Package event is the vocabulary of what hald reports: the typed event, its
// stable names with their fixed levels and messages, the ring that keeps the
// last ones, and the sink that writes them to the log without ever blocking
// the one who reports.
package event

import "time"

// Event is one thing that happened. Its JSON form is one log line and one
// message on the link between a worker and the director. Names and fields are
// stable API.
type Event struct {
	Seq      uint64    `json:"seq,omitempty"` // stamped by the director, gap-free
	Time     time.Time `json:"time"`
	Name     string    `json:"event"`
	Cluster  string    `json:"cluster,omitempty"`
	Director string    `json:"director,omitempty"`

	Instance     string  `json:"instance,omitempty"`
	VRID         int     `json:"vrid,omitempty"`
	SyncGroup    string  `json:"sync_group,omitempty"`
	Interface    string  `json:"interface,omitempty"`
	Address      string  `json:"address,omitempty"`
	Route        string  `json:"route,omitempty"`
	Rule         string  `json:"rule,omitempty"`
	Service      string  `json:"service,omitempty"`
	Server       string  `json:"server,omitempty"`
	Check        string  `json:"check,omitempty"`
	Notifier     string  `json:"notifier,omitempty"`
	From         string  `json:"from,omitempty"`
	To           string  `json:"to,omitempty"`
	Reason       string  `json:"reason,omitempty"`
	Via          string  `json:"via,omitempty"` // of a split: what it was seen by, "adverts", "peer"
	Peer         string  `json:"peer,omitempty"`
	Priority     int     `json:"priority,omitempty"`
	PeerPriority int     `json:"peer_priority,omitempty"`
	DurationMS   float64 `json:"duration_ms,omitempty"`
	Count        int     `json:"count,omitempty"`
	By           string  `json:"by,omitempty"` // who gave an order: "uid 0, pid 4711"
	Error        string  `json:"error,omitempty"`
	DryRun       bool    `json:"dry_run,omitempty"` // of a trial: it would happen
}
