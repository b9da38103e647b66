package election

import (
	"cmp"
	"fmt"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

const (
	mismatchEvery = 10 * time.Second // one event per kind, whatever peers send
	maxPeers      = 64               // whose mismatches are remembered
)

// Mismatched is reported once for what each peer says, and again when it says
// something else. What the limit holds back is not forgotten: the peer will say
// it again.
func (o *observer) Mismatched(what string, p vrrp.Packet) {
	key := what + p.Source.String()
	if last, ok := o.mismatch[key]; ok && last.Interval == p.Interval && last.Version == p.Version && last.Checksum == p.Checksum && len(last.Addresses) == len(p.Addresses) {
		return
	}
	if _, ok := o.limit("mismatch "+what, mismatchEvery).allow(time.Now(), 1); !ok {
		return
	}
	if len(o.mismatch) == maxPeers { // forged sources must not fill the memory
		clear(o.mismatch)
	}
	o.mismatch[key] = p
	e := event.Event{Name: "vrrp.mismatch", Reason: what, Peer: text(p.Source), PeerPriority: int(p.Priority), Error: o.cfg.contrast(what, p)}
	switch what {
	case "interval":
		e.DurationMS = event.Milliseconds(p.Interval)
	case "addresses":
		e.Count = len(p.Addresses)
	}
	o.emit(e)
}

// contrast is what a peer says beside what is configured here, for who has to
// find out which of the two is wrong.
func (c Instance) contrast(what string, p vrrp.Packet) string {
	switch what {
	case "version":
		return fmt.Sprintf("it speaks version %d, this director %d: neither hears the other", p.Version, c.Version)
	case "interval":
		deaf := ""
		if c.Version == 2 {
			deaf = ": neither hears the other"
		}
		return fmt.Sprintf("it says %v, this director %v%s", p.Interval, c.Interval, deaf)
	case "checksum":
		return fmt.Sprintf("it sends %v, this director %s", p.Checksum, c.Checksum)
	case "addresses":
		return fmt.Sprintf("it has %s, this director %s", cmp.Or(joined(p.Addresses, " "), "none"), cmp.Or(joined(c.advertised(), " "), "none"))
	}
	return ""
}
