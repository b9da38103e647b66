package director

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

// peerPatience is how long the peer may be without a good answer before that is told.
const peerPatience = 10 * time.Second

// The reasons of peer.lost. They are stable names.
const (
	peerUnreachable  = "unreachable"   // no answer, or none that can be read
	peerItself       = "itself"        // the address is this director's own
	peerOtherCluster = "other_cluster" // another cluster answers
	peerTrial        = "dry_run"       // its states are those of a trial
)

// PeerStatus is how the other director answers that admin.peer names.
type PeerStatus struct {
	Address   string    `json:"address"`
	Director  string    `json:"director,omitempty"` // as it said last
	Reachable bool      `json:"reachable"`          // its last answer was good
	Since     time.Time `json:"since"`              // of that
	Reason    string    `json:"reason,omitempty"`   // of not being reachable: as in peer.lost
	Error     string    `json:"error,omitempty"`    // in full
}

// peering is what is known of the peer. The zero value knows of none.
type peering struct {
	address   netip.AddrPort
	since     time.Time // of the present kind of answers
	reachable bool
	reason    string // why not
	trouble   string // the same, in full
	lost      bool   // and told so
	good      time.Time
	positions Positions // the last good answer
	at        time.Time // when they were so, for certain, by our clock
}

// take notes an answer and what is to be told of it.
func (p *peering) take(h heardPeer, ours string, cluster string) (news []event.Event) {
	if p.address != h.address {
		*p = peering{address: h.address, since: h.asked, good: h.asked}
	}
	reason, trouble := judgeAnswer(h, ours, cluster)
	p.reason, p.trouble = reason, trouble
	if good := reason == ""; good != p.reachable {
		p.reachable, p.since = good, h.asked
	}
	e := event.Event{Peer: h.address.String(), DurationMS: event.Milliseconds(h.asked.Sub(p.good))}
	switch {
	case p.reachable:
		if p.lost {
			e.Name = "peer.found"
			news = append(news, e)
		}
		p.lost, p.good, p.positions = false, h.asked, h.positions
		p.at = h.asked.Add(-max(0, h.positions.Time.Sub(h.positions.AsOf)))
	case !p.lost && h.asked.Sub(p.good) >= peerPatience:
		p.lost = true
		e.Name, e.Reason, e.Error = "peer.lost", reason, trouble
		news = append(news, e)
	}
	return news
}

// judgeAnswer tells why an answer is none of the peer's; empty: it is.
func judgeAnswer(h heardPeer, ours, cluster string) (reason, trouble string) {
	p := h.positions
	switch {
	case h.err != nil:
		return peerUnreachable, h.err.Error()
	case p.Cluster != cluster:
		return peerOtherCluster, fmt.Sprintf("it is a director of cluster %q", p.Cluster)
	case p.Director == ours:
		return peerItself, "it is this director: admin.peer is to name the other one"
	case p.DryRun:
		return peerTrial, p.Director + " runs as a trial"
	}
	return "", ""
}

func (p *peering) status() *PeerStatus {
	if !p.address.IsValid() {
		return nil
	}
	return &PeerStatus{Address: p.address.String(), Director: p.positions.Director, Reachable: p.reachable, Since: p.since, Reason: p.reason, Error: p.trouble}
}

// both tells since when two directors are master of one instance, by what each of them says of
// itself. Not both: since when not. Moments of the peer's are brought to our clock by
// how long ago they were.
func (p *peering) both(ours election.Status, theirs Position) (since time.Time, both bool) {
	age := p.positions.AsOf.Sub(theirs.Since)
	since = p.at.Add(-age)
	switch mine, its := ours.State == "master", theirs.State == "master"; {
	case mine && its:
		return later(ours.Since, since), true
	case mine:
		return since, false
	case its || ours.Since.Before(since):
		return ours.Since, false
	}
	return since, false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// leastSplit is how long two directors must both have been master, at least: the
// advertisement interval, in which one of them yields to the other when they hear
// each other, and never less than a second.
func leastSplit(interval time.Duration) time.Duration { return max(interval, time.Second) }

// compare finds the splits that the peer's answer and our own positions show, begins
// those that lasted long enough, and ends others.
func (l *life) compare() {
	if len(l.peer.positions.Instances) == 0 {
		return
	}
	theirs := map[string]Position{}
	for _, p := range l.peer.positions.Instances {
		theirs[p.Name] = p
	}
	intervals := map[string]time.Duration{}
	for _, i := range l.now().election.Instances {
		intervals[i.Name] = i.Interval
	}
	proven := l.peer.at
	if mine := asOf(l.reported, time.Now()); mine.Before(proven) {
		proven = mine
	}
	for _, ours := range l.instances {
		p, there := theirs[ours.Name]
		if !there {
			continue
		}
		since, both := l.peer.both(ours, p)
		switch {
		case !both:
			if e, tell := l.splits.end(viaPeer, ours.Name, since); tell {
				l.emit(e)
			}
		case l.peer.reachable && proven.Sub(since) > leastSplit(intervals[ours.Name]):
			e := event.Event{Name: "vrrp.split", Reason: "start", Instance: ours.Name, VRID: ours.VRID, SyncGroup: ours.SyncGroup, Peer: p.Master, PeerPriority: p.Priority,
				Error: fmt.Sprintf("%s at %s says that it is master, for %v beside this one", l.peer.positions.Director, l.peer.address, proven.Sub(since).Round(time.Millisecond))}
			if e, tell := l.splits.begin(viaPeer, since, e); tell {
				l.emit(e)
			}
		}
	}
}

// hearPeer takes an answer. What was seen by one who is lost, or no longer asked, is over
// with its last word.
func (l *life) hearPeer(h heardPeer) {
	if h.address != l.asking.address {
		return // asked before a reload
	}
	for _, e := range l.peer.take(h, l.now().config.Director.Name, l.now().config.Cluster) {
		l.emit(e)
	}
	switch {
	case l.peer.lost:
		l.forgetPeer()
	case l.peer.reachable:
		l.compare()
	}
}

// forgetPeer ends what only the peer's word is behind.
func (l *life) forgetPeer() {
	for _, e := range l.splits.endAll(viaPeer, l.peer.at) {
		l.emit(e)
	}
	l.peer.positions.Instances = nil
}

// askPeer asks whom the configuration in force names. Splits of instances that it lacks
// are over.
func (l *life) askPeer() {
	for _, name := range l.splits.instances() {
		if slices.ContainsFunc(l.now().election.Instances, func(i election.Instance) bool { return i.Name == name }) {
			continue
		}
		if e, tell := l.splits.forget(name, time.Now()); tell {
			l.emit(e)
		}
	}
	next := askingOf(l.now().config, l.d.DryRun)
	if next.address != l.asking.address {
		l.forgetPeer()
		l.peer = peering{}
	}
	l.asking = next
	l.peerWatch.set(next)
}
